"""What people and broken disks do to a queue; all that is whole goes on."""

import os
import re
import shutil
import subprocess

import stand as stands
from proof import Skip, proof
from stand import Mail


def edit(stand, name, change, place="env"):
    """`change' gets the bytes and returns others."""
    path = os.path.join(stand.queue, place, name)
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(change(data))


def put_two(stand):
    """The name of the one that is going to be spoilt; the mails."""
    spoilt = stand.put(Mail(["first@example.org", "second@example.org"]))
    name = stand.names("env")[0]
    return name, spoilt, stand.put(Mail())


def expect_aside(stand, what, name, spoilt, good):
    """Kept in bad/ as it was, told of, and the other one was sent."""
    with open(os.path.join(stand.queue, "env", name), "rb") as file:
        data = file.read()
    done = stand.flush()
    assert done.status == 0, f"{what}: {done}"
    assert stand.names("bad") == [name], f"{what}: {done}\n{stand.show()}"
    assert name in done.err, f"{what}: not a word of it: {done}"
    with open(os.path.join(stand.queue, "bad", name), "rb") as file:
        assert file.read() == data, f"{what}: it was changed"
    assert stand.arrived(good) == 1, f"{what}: the other one waits: {done}"
    assert stand.arrived(spoilt) == 0, f"{what}: it was sent"
    # It stays, and is no trouble any more.
    done = stand.flush()
    assert done.status == 0 and stand.names("bad") == [name], done
    assert name in stand.mailq().out, "mailq does not show it"


@proof("an entry that is torn, anywhere: set aside, and the rest goes on")
def torn(stand):
    with stand.sink():
        name, _, _ = put_two(stand)
        with open(os.path.join(stand.queue, "env", name), "rb") as file:
            data = file.read()
        # Each end of a line, and a byte at either side of it.
        cuts = {0} | {at + by for at in range(len(data)) if
                      data[at:at + 1] == b"\n" for by in (-1, 0, 1)}
        cuts -= {len(data), len(data) + 1}
        stand.clear()
        for cut in sorted(cuts):
            name, spoilt, good = put_two(stand)
            edit(stand, name, lambda data: data[:cut])
            if cut == len(data) - 1:    # the last line's end alone
                assert stand.flush().status == 0
                stand.clear()
                continue
            expect_aside(stand, f"cut at {cut}", name, spoilt, good)
            stand.clear()
    return [f"{len(cuts)} cuts"]


WRONG = {
    "an unknown line": lambda data: data.replace(b"\nend", b"\ncolour red\nend"),
    "an unknown state": lambda data: re.sub(rb"waiting", b"dreaming", data, 1),
    "a number that is none": lambda data: re.sub(
        rb"\narrived \d+", b"\narrived soon", data),
    "another size": lambda data: re.sub(rb"\nsize \d+", b"\nsize 12", data),
    "no recipient": lambda data: data[:data.index(b"\nto ")] + b"\nend\n",
    "a recipient without an address": lambda data: re.sub(
        rb"\nto <.*?>", b"\nto <>", data, count=1),
    "something behind the end": lambda data: data + b"to <x@example.org>\n",
    "a NUL": lambda data: data.replace(b"example", b"exa\0ple", 1),
    "a carriage return": lambda data: data.replace(b"\n", b"\r\n"),
    "a line twice": lambda data: re.sub(rb"\n(size \d+)", rb"\n\1\n\1", data),
    "zeros, as many": lambda data: bytes(len(data)),
    "nothing": lambda data: b"",
    "another file": lambda data: b"#!/bin/sh\necho hello\n",
    "a mail": lambda data: b"To: x@example.org\n\nhello\nend\n",
}


@proof("an entry that was edited wrongly: set aside, and the rest goes on")
def edited_wrongly(stand):
    with stand.sink():
        for what, change in WRONG.items():
            name, spoilt, good = put_two(stand)
            edit(stand, name, change)
            expect_aside(stand, what, name, spoilt, good)
            stand.clear()
    return [f"{len(WRONG)} ways"]


@proof("an entry that was edited rightly counts as it is")
def edited_rightly(stand):
    stand.clock = stands.CLOCK
    mail = stand.put(Mail(["wrnog@example.org"]))
    stand.due()                 # nobody is there
    name, = stand.names("env")
    edit(stand, name, lambda data: re.sub(rb"\n\tnext \d+", b"", data.replace(
        b"wrnog", b"wrong")))
    with stand.sink():
        stand.due()
    assert stand.arrived(mail, "wrong@example.org") == 1, stand.show()
    assert not stand.names("env")


@proof("what was set aside and is mended goes on when it is put back")
def mended(stand):
    mail = stand.put(Mail())
    name, = stand.names("env")
    with stand.sink():
        edit(stand, name, lambda data: data.replace(b"waiting", b"wating"))
        stand.flush()
        assert stand.names("bad") == [name]
        edit(stand, name, lambda data: data.replace(b"wating", b"waiting"),
             "bad")
        os.rename(os.path.join(stand.queue, "bad", name),
                  os.path.join(stand.queue, "env", name))
        stand.drain()
    stand.expect_once([mail])


@proof("a message that is missing, cut or longer: set aside, the rest goes on")
def message_gone(stand):
    def lengthen(path):
        with open(path, "ab") as file:
            file.write(b"more\r\n")

    def become_folder(path):
        os.unlink(path)
        os.mkdir(path)

    changes = {
        "missing": os.unlink, "cut": lambda path: os.truncate(path, 100),
        "empty": lambda path: os.truncate(path, 0), "longer": lengthen,
        "a folder": become_folder,
    }
    with stand.sink():
        for what, change in changes.items():
            name, spoilt, good = put_two(stand)
            change(os.path.join(stand.queue, "msg", name))
            expect_aside(stand, what, name, spoilt, good)
            stand.clear()


@proof("foreign things in the folders: nothing is lost, nobody hangs")
def foreign(stand):
    mail = stand.put(Mail())
    outside = stand.path("outside")
    with open(outside, "w", encoding="utf-8") as file:
        file.write("mine\n")
    for place in "env", "msg", "failed", "bad", "tmp", ".":
        folder = os.path.join(stand.queue, place)
        os.makedirs(folder, exist_ok=True)
        os.mkdir(os.path.join(folder, "folder"))
        os.mkfifo(os.path.join(folder, "pipe"))
        os.symlink(outside, os.path.join(folder, "link"))
        os.symlink("nowhere", os.path.join(folder, "dangling"))
        for name in ".entry.swp", "README", "entry~", "x" * 200, "a b", \
                "UPPER", "new\nline", "\udcff":
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as file:
                file.write("mine\n")
    with stand.sink():
        for _ in range(2):
            done = stand.flush()
            assert done.status == 0, done
        for words in ["--json"], ["--check"], []:
            assert stand.mailq(*words).status in (0, 1, 2), words
    stand.expect_once([mail])
    with open(outside, encoding="utf-8") as file:
        assert file.read() == "mine\n"
    assert os.path.exists(os.path.join(stand.queue, "env", "README"))


def as_nobody(stand):
    """Root reads all: be somebody else."""
    if os.getuid() != 0:
        return
    words = ["setpriv", "--reuid", "65534", "--regid", "65534",
             "--clear-groups", "--"]
    if not shutil.which("setpriv") or subprocess.run(
            [*words, "test", "-x", stands.MAILSEND], check=False).returncode:
        raise Skip("the program cannot be run as another user here")
    subprocess.run(["chown", "-R", "65534:65534", stand.folder], check=True)
    stand.before = words


@proof("an entry or a message that cannot be read: the rest goes on")
def unreadable(stand):
    as_nobody(stand)
    first, second, good = (stand.put(Mail()) for _ in range(3))
    names = sorted(stand.names("env"),
                   key=lambda name: os.stat(os.path.join(
                       stand.queue, "env", name)).st_mtime_ns)
    by_body = {stand.body(name): name for name in names}
    env = os.path.join(stand.queue, "env", by_body[first.digest])
    msg = os.path.join(stand.queue, "msg", by_body[second.digest])
    for path in env, msg:
        os.chmod(path, 0)
    with stand.sink():
        done = stand.flush()
        assert stand.arrived(good) == 1, done
        for path in env, msg:
            for place in "env", "bad":
                moved = path.replace("/env/", f"/{place}/")
                if os.path.exists(moved):
                    os.chmod(moved, 0o600)
        for name in stand.names("bad"):
            os.rename(os.path.join(stand.queue, "bad", name),
                      os.path.join(stand.queue, "env", name))
        stand.drain()
    stand.expect_once([first, second, good])


@proof("a folder of somebody else's, or that others may write, is refused")
def not_ours(stand):
    stand.put(Mail())
    os.chmod(stand.queue, 0o777)
    done = stand.send(Mail())
    assert done.status != 0, "others could have put mails in there"
    os.chmod(stand.queue, 0o700)
    stand.put(Mail())
    if os.getuid() == 0:
        os.chown(stand.queue, 65534, 65534)
        done = stand.send(Mail())
        assert done.status != 0, "it is not ours"


@proof("a queue that is not there is an empty one")
def no_queue(stand):
    assert stand.mailq().status == 0
    assert not os.path.exists(stand.queue), "made by looking"
    # A run leaves word of itself, for those who ask whether there are any.
    for arguments in ["--flush"], ["--flush", "--due"]:
        assert stand.run(*arguments).status == 0
    assert not stand.names("env") and not stand.names("msg")
