"""Compares mail/ with Python's email package: mail_judge.py WHAT, with
MAIL_FILTER set."""

import datetime
import email
import email.header
import email.headerregistry
import email.policy
import email.utils
import os
import random
import re
import subprocess
import sys

FILTER = os.environ["MAIL_FILTER"]
STRICT = email.policy.default

# As written, and as meant: (name, mailbox) each, or (group, [...]).
ADDRESSES = [
    ("bob@example.org", [("", "bob@example.org")]),
    ("Bob Smith <bob@EXAMPLE.org>", [("Bob Smith", "bob@example.org")]),
    ("\"Smith, Bob\" <bob@x.org>, <c@x.org>",
     [("Smith, Bob", "bob@x.org"), ("", "c@x.org")]),
    ("J. R. \"Bob\" Dobbs <bob@x.org>",
     [("J. R. Bob Dobbs", "bob@x.org")]),
    ("\"Bob \\\"B\\\" (x) <y> \\\\\" <bob@x.org>",
     [("Bob \"B\" (x) <y> \\", "bob@x.org")]),
    ("bob@x.org (Bob (the one) Smith)",
     [("Bob (the one) Smith", "bob@x.org")]),
    ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
     [("Pete", "pete@silly.test")]),
    ("Mary Smith <@node.test,@b.test:mary@example.net>",
     [("Mary Smith", "mary@example.net")]),
    ("john . doe @ example . org", [("", "john.doe@example.org")]),
    ("\"john doe\"@x.org", [("", "\"john doe\"@x.org")]),
    ("\"a\\\"b\\\\c\"@x.org", [("", "\"a\\\"b\\\\c\"@x.org")]),
    ("docomo <a..b@docomo.ne.jp>", [("docomo", "\"a..b\"@docomo.ne.jp")]),
    ("a.@docomo.ne.jp", [("", "\"a.\"@docomo.ne.jp")]),
    ("!#$%&'*+-/=?^_`{|}~@x.org", [("", "!#$%&'*+-/=?^_`{|}~@x.org")]),
    ("j@[192.0.2.1], k@[IPv6:2001:db8::1]",
     [("", "j@[192.0.2.1]"), ("", "k@[IPv6:2001:db8::1]")]),
    ("Jörg Müller <j@münchen.de>",
     [("Jörg Müller", "j@xn--mnchen-3ya.de")]),
    ("\"Müller, Jörg (x)\" <j@x.org>", [("Müller, Jörg (x)", "j@x.org")]),
    ("=?utf-8?q?J=C3?= =?utf-8?q?=B6rg?= X <j@x.org>",
     [("Jörg X", "j@x.org")]),
    ("=?iso-8859-15?q?=A4?= <j@x.org>", [("€", "j@x.org")]),
    ("山田 太郎 <t@x.jp>", [("山田 太郎", "t@x.jp")]),
    ("O'Neil & Söhne <o@x.org>", [("O'Neil & Söhne", "o@x.org")]),
    ("\"=?utf-8?q?x?= y\" <j@x.org>", [("=?utf-8?q?x?= y", "j@x.org")]),
    ("undisclosed-recipients:;", [("undisclosed-recipients", [])]),
    ("A Team: a@x.org, Bé <b@x.org>;, c@x.org",
     [("A Team", [("", "a@x.org"), ("Bé", "b@x.org")]), ("", "c@x.org")]),
    ("\"Käse, AG\": a@x.org;", [("Käse, AG", [("", "a@x.org")])]),
    (", a@x.org,, b@x.org ,", [("", "a@x.org"), ("", "b@x.org")]),
]

DATES = [
    "Sun, 22 Nov 2026 05:30:00 +0100",
    "22 Nov 2026 05:30 -0330",
    "Fri, 21 Nov 1997 09:55:06 -0600",
    "Fri, 21 Nov 97 09:55:06 GMT",
    "21 Nov 97 09:55:06 EDT",
    "Thu, 13 Feb 1969 23:32:00 -0330 (Newfoundland Time)",
    "29 Feb 2000 00:00:00 +1345",
    "Fri, 31 Dec 1999 23:59:59 PST",
]


def run(lines, *command):
    text = "".join(line + "\n" for line in lines).encode()
    return subprocess.run([FILTER, *command], input=text, check=True,
                          stdout=subprocess.PIPE).stdout


def check_lines(raw, most):
    assert raw.endswith(b"\r\n"), raw
    assert not re.search(rb"[^\r]\n|\r[^\n]", raw), raw
    assert raw.isascii(), raw
    for line in raw.split(b"\r\n")[:-1]:
        assert line.strip(), raw
        assert len(line) <= (76 if b"=?" in line else most), line


def field(name, value, most=76):
    """The field written by the program and read by Python, strictly."""
    raw = run([value], "header", name)
    check_lines(raw, most)
    message = email.message_from_bytes(raw + b"\r\n", policy=STRICT)
    assert not message.defects, (raw, message.defects)
    got = message[name]
    assert not got.defects, (value, raw, got.defects)
    assert message.keys() == [name]
    return got


def unquote(spec):
    """The mailbox without the quotes of its local part: Python's own
    addr_spec drops those that two dots in a row need."""
    local, _, domain = spec.rpartition("@")
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local + "@" + domain


def mailboxes(addresses):
    return [(one.display_name, one.username + "@" + one.domain)
            for one in addresses]


def legacy_names(header):
    """Display names by the older parser: the newer one of Python 3.11 keeps
    the white space between encoded words."""
    pairs = email.utils.getaddresses([header])
    return [str(email.header.make_header(email.header.decode_header(name)))
            for name, _ in pairs]


def structure(header):
    out = []
    for group in header.groups:
        members = mailboxes(group.addresses)
        if group.display_name is None:
            out += members
        else:
            out.append((group.display_name, members))
    return out


def judge_addresses():
    for written, meant in ADDRESSES:
        flat, plain = [], []
        for name, what in meant:
            if isinstance(what, list):
                flat += what
                plain.append((name, [(n, unquote(s)) for n, s in what]))
            else:
                flat.append((name, what))
                plain.append((name, unquote(what)))
        got = structure(field("To", written))
        assert got == plain, (written, got, plain)
        lines = run([written], "address").decode().splitlines()
        assert lines.pop() == "."
        own = [tuple(line.split("\t")[:2]) for line in lines]
        assert [one for one in own if one[1]] == flat, (written, own)


def random_text(most):
    alphabets = [
        "abcdefghij", "ABC klm", " \"\\()<>@,;:.[]", "=?_!*+-/'#$%&^`{|}~",
        "äöüß", "日本語", "ёж", "👩‍👧", "0123456789", "=?utf-8?q?x?= ",
    ]
    words = []
    for _ in range(random.randint(1, most)):
        signs = random.choice(alphabets)
        words.append("".join(random.choice(signs)
                             for _ in range(random.randint(1, 30))))
    text = random.choice([" ", "  ", ""]).join(words)
    return text.strip() or "x"


def quote(name):
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def only_encoded(text):
    """What is taken for encoded words that somebody put between quotes."""
    return re.fullmatch(r"(\s*=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=)+\s*", text)


def judge_names():
    random.seed(2)
    for _ in range(400):
        name = random_text(6)
        if only_encoded(name):
            continue
        raw = field("From", quote(name) + " <a@x.org>")
        got = mailboxes(raw.addresses)
        assert len(got) == 1 and got[0][1] == "a@x.org", (name, got)
        written = run([quote(name) + " <a@x.org>"], "header", "From").decode()
        got = legacy_names(written.partition(":")[2].replace("\r\n", ""))
        assert got == [name], (name, written, got)


def squeeze(text):
    return re.sub(" +", " ", text)


def judge_long_list():
    random.seed(3)
    names = ["", "Bob Smith", "Müller, Jörg", "A. B. C.", "日本"]
    meant = [(random.choice(names), "user%d@host%d.example.org" % (i, i))
             for i in range(3000)]
    written = ",".join(
        quote(name) + "<" + spec + ">" if name else spec
        for name, spec in meant)
    raw = run([written], "header", "To")
    check_lines(raw, 76)
    for line in raw.split(b"\r\n")[:-2]:
        assert line.endswith(b","), line
    got = email.utils.getaddresses([raw.decode().partition(":")[2]])
    decoded = [(str(email.header.make_header(email.header.decode_header(n))),
                spec) for n, spec in got]
    assert decoded == meant


def judge_foreign():
    random.seed(4)
    for _ in range(200):
        name = squeeze(random_text(4))
        if only_encoded(name) or "=?" in name:
            continue
        meant = [(name, "a@x.org"), ("", "b.c@y.org")]
        header = STRICT.header_factory("To", [
            email.headerregistry.Address(n, addr_spec=s) for n, s in meant])
        raw = header.fold(policy=STRICT.clone(max_line_length=None))
        line = raw.partition(":")[2].replace("\n", "")
        lines = run([line], "address").decode().splitlines()
        got = [tuple(x.split("\t")[:2]) for x in lines[:-1]]
        assert [(squeeze(n), s) for n, s in got] == meant, (raw, got)


def judge_subjects():
    random.seed(5)
    texts = [
        "", "Hello", "Grüße aus Köln", "x" * 200, "é" * 200, "日本語" * 60,
        "a  b   c", "=?utf-8?q?x?=", "a =?utf-8?q?x?= b", "=?", "?=",
        "100 % of [CRON] \"quoted\" (comment) <tag>, a: b; c",
        "word " * 60 + "end", "wörd " * 60 + "end", "x" * 2000,
        "mixed ascii and ünïcode words in one long line of text that goes on",
    ] + [random_text(12) for _ in range(400)]
    for text in texts:
        plain = text.isascii() and "=?" not in text
        longest = max(map(len, text.split() or [""]))
        # a plain word is encoded when it is over 75, and up to 8 spaces
        # before it stay as they are
        most = max(76, longest + 9) if plain and longest < 998 else 83
        got = field("Subject", text, most)
        assert str(got) == text.strip(), (text, got)


def judge_structured():
    random.seed(6)
    ids = " ".join("<%x.%x@mail.example.org>" % (
        random.getrandbits(80), random.getrandbits(32)) for _ in range(50))
    assert str(field("References", ids)) == ids
    assert str(field("Message-ID", "<=?utf-8?q?x?=@x>")) == "<=?utf-8?q?x?=@x>"
    mime = field("Content-Type", "text/plain; name=\"a b=?\"")
    assert mime.params["name"] == "a b=?"
    assert str(field("X-Empty", "")) == ""
    assert "ä" in str(field("List-Id", "ä list <l.example.org>"))


def judge_dates():
    for text in DATES:
        got = run([text], "date").decode().strip()
        meant = email.utils.parsedate_to_datetime(text)
        assert email.utils.parsedate_to_datetime(got) == meant, (text, got)
        assert field("Date", got).datetime == meant
        assert email.utils.format_datetime(meant).lstrip("0") == \
            got.replace(", 0", ", "), (text, got)


def judge_iso_dates():
    random.seed(7)
    for _ in range(300):
        zone = datetime.timezone(datetime.timedelta(
            minutes=random.randrange(-720, 841, 15)))
        meant = datetime.datetime.fromtimestamp(
            random.randrange(-2000000000, 250000000000), zone)
        for text in (meant.isoformat(), meant.isoformat(" "),
                     meant.strftime("%Y-%m-%dT%H:%M:%S%z"),
                     "@%d" % meant.timestamp()):
            if text.startswith("@-"):
                continue
            got = run([text], "date").decode().strip()
            assert email.utils.parsedate_to_datetime(got) == meant, (text, got)


if __name__ == "__main__":
    globals()["judge_" + sys.argv[1].replace("-", "_")]()
