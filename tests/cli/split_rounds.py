#!/usr/bin/env python3
"""split_rounds [COUNT [SEED]] - files of any size and name, cut at any limit,
in any format, and put together again.

Below the folder at hand.  No mail may be an octet over its limit, and mailjoin
has to make the same file of them, in whatever order they are given it, with
some of them twice and other mail between.  $MAILSEND and $MAILJOIN are the
programs, the environment is a test's world.
"""

import os
import random
import re
import shutil
import subprocess
import sys

MAILSEND = os.environ["MAILSEND"].split()
MAILJOIN = os.environ["MAILJOIN"].split()
FORMATS = "parts", "uuencode", "partial", "shar"
NAMES = (
    "file.tgz", "-rf", "it's", 'a "quoted" name', "$(touch pwned)", "a\\nb",
    "grüße.tgz", "日本.bin", "x" * 240, "~", "a;b", "a b  c", "%s%n", "`id`",
    "*", "#", "?utf-8?q?x", "a.003", "!", "[1]", "(1)", "a&b|c",
)
TEXTS = (
    b"", b"hello\n", b"no line end", "Grüße\n".encode(), b"caf\xe9\n",
    b"From me\n.\n..\n", b"x" * 1500 + b"\n", b"begin the day\n",
    b"long line " * 30 + b"\n", b"text\r\nwith\r\n", b"=3D = =\n" * 40,
)
OTHER = b"From: a@example.org\nSubject: [1/2] other\n\nno part of anything\n"


def run(*words, **how):
    return subprocess.run(words, stderr=subprocess.PIPE, check=False, **how)


def wire_size(path):
    """As it was sent: CRLF, without what a delivery adds."""
    with open(path, "rb") as file:
        data = file.read()
    for _ in range(2):
        data = re.sub(rb"^(Return-Path|Delivered-To):.*\n", b"", data, count=1)
    return len(data) + data.count(b"\n") - data.count(b"\r\n")


def choose(chance):
    form = chance.choice(FORMATS)
    name = chance.choice(NAMES)
    size = chance.choice((
        1, chance.randrange(1, 200), chance.randrange(1, 20000),
        chance.randrange(1, 400000)))
    # about a boundary: as many octets as some lines have
    if chance.random() < 0.3:
        line = 57 if form == "parts" else 45
        size = max(1, line * chance.randrange(1, 600) +
                   chance.randrange(-2, 3))
    limit = chance.choice((
        chance.randrange(3500, 6000), chance.randrange(3500, 5000 + size),
        chance.randrange(3500, 5000 + size // 4)))
    return form, name, size, limit, chance.choice(TEXTS)


def send(form, name, limit, text, more):
    with open("text", "wb") as file:
        file.write(text)
    with open("content", "rb") as content:
        return run(*MAILSEND, "--split", str(limit), "--format", form, "-s",
                   "a file", "--body", "text", "--attach", "-=" + name, *more,
                   "alice", stdin=content)


def one(number, chance):
    form, name, size, limit, text = choose(chance)
    more = chance.choice(((), (), ("--encoding", "uuencode"), ("--html", "h"),
                          ("--encoding", "quoted-printable")))
    if more[:1] == ("--html",):
        with open("h", "w", encoding="utf-8") as file:
            file.write("<p>Größe" + "x" * chance.randrange(1, 500))
    what = f"{number}: {form} {name!r} {size} in {limit}, {more} {text[:20]}"
    content = chance.randbytes(size)
    with open("content", "wb") as file:
        file.write(content)
    for folder in "home/Maildir", "home/.local", "out":
        shutil.rmtree(folder, ignore_errors=True)
    done = send(form, name, limit, text, more)
    if done.returncode == 64 and (b"too few" in done.stderr or
                                  b"ASCII alone" in done.stderr):
        return "refused"
    if done.returncode == 65 and form != "partial" and \
            b"--attach" in done.stderr:
        return "refused"
    assert done.returncode == 0, f"{what}: {done}"
    new = "home/Maildir/new"
    mails = [os.path.join(new, each) for each in os.listdir(new)]
    most = max(map(wire_size, mails))
    assert most <= limit, f"{what}: {most} octets"
    if not b"series" in done.stderr:
        return "whole"
    with open("other.eml", "wb") as file:
        file.write(OTHER)
    chance.shuffle(mails)
    mails += mails[:2] + ["other.eml"]
    os.mkdir("out")
    done = run(*MAILJOIN, "--output", "out", *mails, stdout=subprocess.PIPE)
    assert done.returncode == 0, f"{what}: {done}"
    names = os.listdir("out")
    joined = [each for each in names if os.path.isfile("out/" + each)]
    if form == "partial":
        with open("out/" + joined[0], "rb") as file:
            whole = file.read()
        import email, email.policy
        m = email.message_from_bytes(whole, policy=email.policy.default)
        found = [part.get_payload(decode=True) for part in m.walk()
                 if part.get_filename()]
        if "uuencode" in more:
            assert len(joined) == 1, what
            return form
        assert content in found or content in [
            open("out/" + each, "rb").read() for each in joined], \
            f"{what}: {names} {[len(x) for x in found]}"
        return form
    assert len(joined) == 1, f"{what}: {names}"
    with open("out/" + joined[0], "rb") as file:
        assert file.read() == content, what
    return form


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    chance = random.Random(seed)
    what = {}
    for number in range(count):
        kind = one(number, chance)
        what[kind] = what.get(kind, 0) + 1
    print(f"seed {seed}:", ", ".join(f"{n} {kind}"
                                     for kind, n in sorted(what.items())))


main()
