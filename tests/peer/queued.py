"""What lies in the program's queue or its dead letter, read without it."""

import os
import re


class Queued:
    """One mail that waits: an entry of env/ and the message of msg/."""

    def __init__(self, folder, name):
        self.name = name
        self.entry = read(os.path.join(folder, "env", name))
        self.message = read(os.path.join(folder, "msg", name))
        self.size = None            # as the entry has it
        self.states = {}            # of each recipient
        address = None
        for line in self.entry.decode("utf-8", "replace").splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "to" and not line.startswith("\t"):
                address = rest.strip("<>")
            elif word == "state" and address:
                self.states[address] = rest
            elif word == "size" and not line.startswith("\t"):
                self.size = int(rest)

    def recipients(self, state):
        return [address for address, its in self.states.items()
                if its == state]

    def flaws(self):
        if not self.entry.endswith(b"\nend\n"):
            yield f"the entry {self.name} has no end"
        if not self.message or len(self.message) != self.size:
            yield (f"the message {self.name} has {len(self.message)} octets, "
                   f"not {self.size}")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def read_queue(folder):
    """All mails that wait, oldest first."""
    try:
        names = os.listdir(os.path.join(folder, "env"))
    except OSError:
        return []
    return [Queued(folder, name) for name in sorted(names)]


def read_letters(path):
    """The messages of an mbox (mboxrd), with LF."""
    text = read(path)
    if text.endswith(b"\n\n"):          # the blank line behind the last
        text = text[:-1]
    pieces = re.split(rb"(?:\A|(?<=\n)\n)From .*\n", text)
    if pieces[0]:
        return [text]           # no mbox: let the checks show it
    return [re.sub(rb"(?m)^>(>*From )", rb"\1", piece)
            for piece in pieces[1:]]
