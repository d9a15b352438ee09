"""run_colours.py MAIL AHA - the HTML part of MAIL shows the letters that AHA
shows, bold and underlined where it does, and coloured where it does: whether a
letter has a colour, a ground, and which of red, green and blue is strongest."""
import email
import html.parser
import re
import sys

NAMED = {"red": "r", "green": "g", "lime": "g", "yellow": "rg", "olive": "rg",
         "blue": "b", "cyan": "gb", "teal": "gb", "aqua": "gb",
         "purple": "rb", "fuchsia": "rb",
         "white": "grey", "black": "grey", "gray": "grey", "silver": "grey"}


def tone(colour):
    """The strongest of red, green and blue, those that are near it."""
    if not colour:
        return ""
    if colour in NAMED:
        return NAMED[colour]
    match = re.fullmatch(r"#([0-9a-f]{6})", colour)
    if not match:
        return "?"
    parts = [int(match[1][i:i + 2], 16) for i in (0, 2, 4)]
    top, low = max(parts), min(parts)
    if top - low < 32:
        return "grey"
    return "".join(name for name, part in zip("rgb", parts)
                   if part > (top + low) / 2)


class Letters(html.parser.HTMLParser):
    """Each letter of <pre> with its style."""

    def __init__(self):
        super().__init__()
        self.depth, self.styles, self.letters = 0, [], []

    def handle_starttag(self, tag, attrs):
        """Styles add up."""
        if tag == "pre":
            self.depth += 1
        elif tag == "span":
            self.styles.append(dict(
                word.split(":", 1) for word in
                re.sub(r"\s", "", dict(attrs).get("style") or "").split(";")
                if ":" in word))

    def handle_endtag(self, tag):
        """Back to what was before."""
        if tag == "pre":
            self.depth -= 1
        elif tag == "span":
            self.styles.pop()

    def handle_data(self, data):
        """One letter after the other."""
        style = {}
        for one in self.styles:
            style.update(one)
        if self.depth:
            self.letters += [(c, style) for c in data if not c.isspace()]


def letters(text):
    """Those of a page."""
    parser = Letters()
    parser.feed(text)
    return parser.letters


def main():
    """Compare them."""
    with open(sys.argv[1], "rb") as file:
        mail = email.message_from_binary_file(file)
    ours = next(p for p in mail.walk() if p.get_content_type() == "text/html")
    ours = letters(ours.get_payload(decode=True).decode())
    with open(sys.argv[2], encoding="utf-8") as file:
        theirs = letters(file.read())
    assert "".join(c for c, _ in ours) == "".join(c for c, _ in theirs), \
        ("".join(c for c, _ in ours), "".join(c for c, _ in theirs))
    for (letter, mine), (_, aha) in zip(ours, theirs):
        inverse = "filter" in aha or "invert" in str(aha)
        for name in ("font-weight", "text-decoration"):
            assert mine.get(name) == aha.get(name) or not aha.get(name), \
                (letter, mine, aha)
            assert not mine.get(name) or aha.get(name), (letter, mine, aha)
        if inverse:
            continue
        ground = tone(aha.get("background-color"))
        if ground not in ("", "grey"):
            assert tone(mine.get("background-color")) == ground, \
                (letter, mine, aha)
        elif tone(aha.get("color")) not in ("", "grey"):
            assert tone(mine.get("color")) == tone(aha["color"]), \
                (letter, mine, aha)


main()
