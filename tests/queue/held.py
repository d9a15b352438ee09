"""Mails that a limit of their account holds: killed at each step, with a disk
that is full at each call.  None is lost, and none comes twice."""

import collections
import email
import os
import tempfile

import stand as stands
from crashes import WINDOW, Crashes, restore, snapshot
from full import disks, need_shim
from proof import proof


class Held:
    """Mails of one kind, of which the first goes; a text tells each."""

    def __init__(self, stand):
        self.stand = stand
        self.crashes = Crashes(stand)
        stand.clock = stands.CLOCK
        stand.configure("limit_same 1h")

    def send(self, text, env=()):
        with tempfile.TemporaryFile() as file:
            file.write(f"the text {text}\n".encode())
            file.seek(0)
            return self.stand.run("-s", f"disk {text}% full", "a@example.org",
                                  stdin=file, env=env)

    def begin(self, count):
        """One that went, and those that are held."""
        for number in range(count + 1):
            done = self.send(number)
            assert done.status == 0, done
        assert len(self.stand.names("env")) == count, self.stand.show()
        snapshot(self.stand)

    def back(self):
        restore(self.stand)
        for name in os.listdir(self.stand.path("kept")):
            os.unlink(self.stand.path("kept", name))

    def later(self):
        self.stand.clock = stands.CLOCK + 3601

    def counts(self):
        """How often the server has taken each text, alone or in a digest."""
        found = collections.Counter()
        for name in os.listdir(self.stand.path("kept")):
            with open(self.stand.path("kept", name), "rb") as file:
                mail = email.message_from_binary_file(file)
            mails = [mail]
            if mail.is_multipart():
                digest = mail.get_payload(1)
                assert digest.get_content_type() == "multipart/digest"
                mails = [part.get_payload(0)
                         for part in digest.get_payload()]
            for each in mails:
                found[each.get_payload().split()[-1]] += 1
        return found

    def expect(self, at, texts):
        """Each of them once; twice where that cannot be helped."""
        counts = self.counts()
        point = at.partition(":")[0]
        for text in texts:
            count = counts[str(text)]
            assert count, f"killed at {at}: {text} is lost: {counts}"
            if count > 1:
                assert point in WINDOW, \
                    f"killed at {at}: {text} came {count} times"
                self.crashes.twice[point] += count - 1


@proof("killed at each point: mails that a limit holds go as a digest")
def digest(stand):
    held = Held(stand)
    with stand.sink("--keep", stand.path("kept")):
        held.begin(4)
        held.later()
        held.crashes.list(lambda env: stand.flush("--due", env=env))
        for point in ("digest-put", "digest-member-removed",
                      "digest-released", "digest-noted", "limit-placed"):
            assert point in held.crashes.points, held.crashes.points
        for _, at in held.crashes.each():
            held.back()
            held.crashes.kill(lambda env: stand.flush("--due", env=env), at)
            held.crashes.check(at)
            stand.drain()
            stand.check()
            held.expect(at, range(1, 5))
    return held.crashes.say()


@proof("killed at each point: a mail is held by a limit")
def hold_back(stand):
    held = Held(stand)
    with stand.sink("--keep", stand.path("kept")):
        held.begin(2)
        held.crashes.list(lambda env: held.send(3, env))
        for _, at in held.crashes.each():
            stand.clock = stands.CLOCK
            held.back()
            held.crashes.kill(lambda env: held.send(3, env), at)
            held.crashes.check(at)
            assert held.send(4).status == 0, at
            held.later()
            stand.drain()
            stand.check()
            held.expect(at, [1, 2, 4])
            assert held.counts()["3"] <= 1, at
    return held.crashes.say()


@proof("killed at each point: a mail goes, and is counted")
def count_one(stand):
    held = Held(stand)
    with stand.sink("--keep", stand.path("kept")):
        held.begin(1)
        held.later()
        stand.clear()
        os.mkdir(stand.queue, mode=0o700)
        snapshot(stand)
        held.crashes.list(lambda env: held.send(5, env))
        assert "limit-placed" in held.crashes.points, held.crashes.points
        for _, at in held.crashes.each():
            stand.clock = stands.CLOCK + 3601
            held.back()
            held.crashes.kill(lambda env: held.send(5, env), at)
            held.crashes.check(at)
            assert held.send(6).status == 0, at
            stand.clock += 3601
            stand.drain()
            held.expect(at, [6])
    return held.crashes.say()


@proof("killed at each point: a mail that a limit holds is released")
def free(stand):
    held = Held(stand)
    with stand.sink("--keep", stand.path("kept")):
        held.begin(3)
        name = stand.names("env")[0]
        held.crashes.list(lambda env: stand.mailq("--release", name, env=env))
        for _, at in held.crashes.each():
            stand.clock = stands.CLOCK
            held.back()
            held.crashes.kill(
                lambda env: stand.mailq("--release", name, env=env), at)
            held.crashes.check(at)
            held.later()
            stand.drain()
            stand.check()
            held.expect(at, range(1, 4))
    return held.crashes.say()


# ---- a full disk

@proof("a disk that is full at each call: a mail that a limit would hold")
def full_while_holding(stand):
    need_shim()
    held = Held(stand)
    runs = kept = 0
    with stand.sink("--keep", stand.path("kept")):
        held.begin(1)
        for _, disk in disks(stand):
            stand.clock = stands.CLOCK
            held.back()
            done = held.send(2, disk.env)
            stand.check()
            assert done.status == 0, f"{disk}: {done}"
            # held, or sent: with a word in either case
            assert done.err.strip(), f"{disk}: not a word"
            kept += len(stand.names("env")) == 2
            held.later()
            stand.drain()
            held.expect(str(disk), [1, 2])
            runs += 1
    assert runs > 10 and 0 < kept < runs, f"{runs} runs, {kept} held"
    return [f"{runs} disks, {kept} times held, else sent"]


@proof("a disk that is full at each call: a digest is made", is_long=True)
def full_while_collecting(stand):
    need_shim()
    held = Held(stand)
    runs = twice = 0
    with stand.sink("--keep", stand.path("kept")):
        held.begin(3)
        for _, disk in disks(stand):
            held.back()
            held.later()
            stand.flush("--due", env=disk.env)
            stand.check()
            stand.clock += 7200
            stand.drain()
            stand.check()
            counts = held.counts()
            more = sum(counts.values()) - 3
            assert all(counts[text] for text in "123"), f"{disk}: {counts}"
            # what the server had could not be written down
            assert more in (0, 3), f"{disk}: {counts}"
            twice += more > 0
            runs += 1
    assert runs > 20, f"only {runs} runs"
    return [f"{runs} disks; {twice} times the digest came twice, since that "
            "the server had it could not be written down"]
