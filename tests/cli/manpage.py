"""manpage.py - hold each page of man/ against its renderings and against the
programs.

manpage.py ROOT MAILSEND DIRECTORY: what is wrong, a line each; the links to
MAILSEND under its other names are made in DIRECTORY.
"""
import os
import re
import shutil
import subprocess
import sys

WIDTH = 80
# Those that are no words of a sentence.
MACROS = ("Ar Bd Bl Cm Dl Dq Dv Ed El Em Ev Fl Ic Li Nm Ns Oc Oo Op Pa Pp Pq Ql "
          "Sh Sm Sq Ss Sx Sy Ta Va Xc Xo Xr").split()
# The names that a page is about; the pages whose options these have besides.
PAGES = {
    "mailsend.1": (["mailsend"], []),
    "mailsend-mailq.1": (["mailq"], []),
    "mailsend-run.1": (["mailsend --run"], []),
    "mail.1": (["mail", "mailx"], ["mailsend.1"]),
    "mailsend-names.7": (["mutt", "neomutt", "msmtp"], ["mailsend.1"]),
    "mailsend-oauth.7": ([], []),
    "sendmail.8": (["sendmail"], []),
    "mailget.1": (["mailget"], []),
    "mailjoin.1": (["mailjoin"], []),
    "mailsend.conf.5": ([], []),
    "mailsend-oauth.7": ([], []),
}


class Judge:
    """One run: where things are, and what was found wrong."""

    def __init__(self, root, mailsend, directory):
        self.root = root
        self.words = mailsend.split()
        self.directory = directory
        self.found = []

    def wrong(self, page, text):
        """Note what is wrong."""
        self.found.append(f"{page}: {text}")

    def text(self, page):
        """The source of a page."""
        with open(os.path.join(self.root, "man", page),
                  encoding="utf-8") as file:
            return file.read()

    def command(self, name):
        """The words that run the program under this name."""
        path = self.words[-1]
        if name == "mailsend --run":
            return self.words + ["--run"]
        if name in ("mailget", "mailjoin"):
            return self.words[:-1] + [path[:-len("mailsend")] + name]
        if name != "mailsend":
            link = os.path.join(self.directory, name)
            if not os.path.lexists(link):
                os.symlink(path, link)
            path = link
        return self.words[:-1] + [path]

    def run(self, name, *arguments):
        """Its exit status, standard output and standard error."""
        done = subprocess.run(self.command(name) + list(arguments),
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
        return (done.returncode, done.stdout.decode(), done.stderr.decode())

    # ---- as it is rendered

    def render(self, page):
        """The page by each renderer that is here."""
        path = os.path.join(self.root, "man", page)
        commands = [["mandoc", "-Tutf8", f"-Owidth={WIDTH}", path],
                    ["groff", "-mdoc", "-Tutf8", "-P-cbou",
                     f"-rLL={WIDTH - 2}n", path]]
        for command in commands:
            if not shutil.which(command[0]):
                continue
            done = subprocess.run(command, capture_output=True, check=False)
            text = done.stdout.decode()
            text = re.sub(r"\x1b\[[0-9;]*m", "", re.sub(".\x08", "", text))
            yield command[0], text

    def check_rendering(self, page):
        """No line is too long, and no word of the source is left over."""
        macro = re.compile(r"(?:^|\s)\.?(?:%s)(?:\s|$)" % "|".join(MACROS))
        for renderer, text in self.render(page):
            if len(text) < 1000:
                self.wrong(page, f"{renderer} renders next to nothing")
            for line in text.expandtabs().split("\n"):
                where = f"{renderer}: {line.strip()}"
                if len(line) > WIDTH:
                    self.wrong(page, f"{len(line)} columns, {where}")
                if macro.search(line) or re.search(r"^\s*\.[A-Z][a-z]\b", line):
                    self.wrong(page, f"a macro, {where}")
                if re.search(r"\\[&(~-]|‘‘|’’|“‘|’”|‘['\"]", line):
                    self.wrong(page, f"an escape or quotes, {where}")
            self.check_table(page, renderer, text)

    def check_table(self, page, renderer, text):
        """Two or three letters that stand alone at the right: a word that a
        table has broken."""
        for line in text.split("\n"):
            if re.search(r"^\s{40,}\w{1,5}[-‐]$", line):
                self.wrong(page, f"a broken cell, {renderer}: {line.strip()}")

    # ---- options

    def table(self, name):
        """The options of a name, as its help has them: each a list of its
        spellings, and whether it takes an argument that may stand apart."""
        _, text, _ = self.run(name, "--help", "all")
        rows = []
        for line in text.split("\n"):
            found = re.match(r" {2,6}(-.+?)(?:  |$)", line)
            if not found:
                continue
            spellings = []
            apart = False
            for word in found.group(1).split(", "):
                option, _, argument = word.partition(" ")
                spellings.append(re.split(r"[\[=]", option)[0])
                apart = bool(argument)
            rows.append((spellings, apart))
        if len(rows) < 5:
            self.wrong(name, "no options in --help all")
        return rows

    @staticmethod
    def options_in(source):
        """The options that a piece of the source names: behind Fl, and after a
        comma until another macro."""
        options = set()
        for line in source.split("\n"):
            if not line.startswith("."):
                continue
            line = line.replace("\\&", "").replace("\\(ti", "~")
            words = line[1:].split()
            is_flag = False
            for at, word in enumerate(words):
                if re.fullmatch("[A-Z][a-z]", word) or word == "|":
                    is_flag = word == "Fl"
                    if words[at - 1:at + 1] == ["Fl", "Fl"] and at:
                        options.add("--" + "".join(words[at + 1:at + 2]))
                        is_flag = False
                elif is_flag and word != ",":
                    options.add("-" + word)
        return options

    def check_quotes(self, page):
        """Ql quotes the rest of its line: of several words, all of them."""
        for line in self.text(page).split("\n"):
            if re.search(r"\bQl \S+ , \S", line):
                self.wrong(page, f"one quote for several: {line}")

    def check_synopsis(self, page, names):
        """The program accepts what the synopsis shows."""
        text = self.text(page)
        part = text.split(".Sh SYNOPSIS\n")[1].split("\n.Sh ")[0]
        blocks = re.split(r"^\.Nm ?", part, flags=re.M)
        for block in blocks[1:]:
            name = (block.split("\n")[0].split() or names)[0]
            block = ".Nm " + block
            if page == "mailsend-run.1":
                name = names[0]
                block = block.replace(".Fl Fl run\n", "")
            rows = self.table(name)
            known = {spelling for row in rows for spelling in row[0]}
            if name == "mailsend":
                known.update(("--mailq", "--run"))
            options = self.options_in(block)
            for option in options:
                letters = ([option] if option.startswith("--")
                           else self.letters(option, known))
                for letter in letters:
                    if letter not in known and letter != "--":
                        self.wrong(page, f"{name} does not know {letter}")
            for option in options:
                self.try_option(page, name, option, rows)

    @staticmethod
    def letters(option, known):
        """Of "-dEinv" each; "-bs" is one letter and its value."""
        if "-" + option[1:2] in known and option[1:2] in "bqo":
            return ["-" + option[1]]
        return ["-" + c for c in option[1:]]

    def try_option(self, page, name, option, rows):
        """It is no unknown option to the program itself, whatever else is
        said of its value."""
        arguments = [option]
        for spellings, apart in rows:
            if option in spellings and apart:
                arguments.append("x")
        _, _, error = self.run(name, *arguments, "--help")
        if "is not an option" in error:
            self.wrong(page, f"{name} refuses {option}: {error.strip()}")

    def check_told(self, page, names, others):
        """Every option of the table is in the page."""
        told = self.options_in(self.text(page))
        for other in others:
            told |= {option for option in self.options_in(self.text(other))
                     if option.startswith("--")}
        letters = {"-" + c for option in told if not option.startswith("--")
                   for c in (option[1:2],)}
        for name in names:
            for spellings, _ in self.table(name):
                for spelling in spellings:
                    if spelling not in told and spelling not in letters:
                        self.wrong(page, f"{name} has {spelling}")

    def check(self):
        """Each page; True when nothing is wrong."""
        pages = os.listdir(os.path.join(self.root, "man"))
        for page in sorted(set(pages) | set(PAGES)):
            if page not in PAGES:
                self.wrong(page, "is not known to this test")
                continue
            names, others = PAGES[page]
            self.check_rendering(page)
            self.check_quotes(page)
            if ".Sh SYNOPSIS" in self.text(page):
                self.check_synopsis(page, names)
            self.check_told(page, names, others)
        return not self.found


def main():
    """What is wrong, a line each."""
    judge = Judge(*sys.argv[1:])
    good = judge.check()
    for line in judge.found:
        print(line)
    sys.exit(0 if good else 1)


main()
