"""A thousand random kills: whatever is killed when, nothing is lost."""

import collections
import os
import random
import signal
import threading
import time

from proof import proof
from stand import WINDOW, Mail, until

KILLS = int(os.environ.get("MAILSEND_QUEUE_KILLS", "1000"))
SEED = int(os.environ.get("MAILSEND_QUEUE_SEED", "4"))
WORKERS = 3
# What is started, how often, and the seconds in which it is killed: the span
# follows how long such a run takes, so that half of them live to their end.
KINDS = {"only": 4, "auto": 2, "background": 1, "flush": 4}


class Killer:
    def __init__(self, stand):
        self.stand = stand
        self.chance = random.Random(SEED)
        self.lock = threading.Lock()
        self.span = dict.fromkeys(KINDS, 0.03)
        self.kills = collections.Counter()
        self.runs = collections.Counter()
        self.mails = []
        self.wrong = []

    def choose(self):
        """A kind, a size, a moment, and whom to kill."""
        with self.lock:
            kind = self.chance.choices(list(KINDS), KINDS.values())[0]
            self.runs[kind] += 1
            mail = None
            if kind != "flush":
                mail = Mail(lines=self.chance.choice((1, 20, 20, 9000)))
                if self.chance.random() < 0.2:
                    mail.to.append(f"busy-{mail.to[0]}")
                self.mails.append(mail)
            return (kind, mail, self.chance.random() * self.span[kind],
                    self.chance.choice(("all", "all", "one", "any")))

    def start(self, kind, mail):
        if kind == "flush":
            return self.stand.start("--flush", stderr=open(os.devnull, "w"))
        with mail.open() as text, open(os.devnull, "w") as nowhere:
            return self.stand.start(*self.stand.arguments(mail, kind),
                                    stdin=text, stderr=nowhere)

    def kill(self, process, whom):
        """All of its session, itself alone, or any process of the stand:
        also one that a flusher or a sender started."""
        if whom == "all":
            os.killpg(process.pid, signal.SIGKILL)
        elif whom == "one":
            process.kill()
        else:
            victims = self.stand.processes()
            if not victims:
                return False
            with self.lock:
                victim = self.chance.choice(victims)
            os.kill(victim, signal.SIGKILL)
        return True

    def once(self):
        kind, mail, moment, whom = self.choose()
        process = self.start(kind, mail)
        end = time.monotonic() + moment
        if kind == "background":    # it goes on when its sender has ended
            process.wait()
            whom = "any"
        while time.monotonic() < end and \
                (process.poll() is None or whom == "any"):
            time.sleep(0.0005)
        killed = False
        if process.returncode is None or whom == "any":
            try:
                killed = self.kill(process, whom)
            except ProcessLookupError:
                pass            # it was quicker
        process.wait()
        with self.lock:
            self.kills[kind] += killed
            self.span[kind] *= 1.03 if killed else 0.97
            self.span[kind] = min(self.span[kind], 2)
            if mail:
                mail.status = process.returncode
            if process.returncode not in (0, -signal.SIGKILL):
                self.wrong.append(f"{kind}: exit {process.returncode}")

    def work(self):
        while sum(self.kills.values()) < KILLS and not self.wrong:
            self.once()

    def run(self):
        workers = [threading.Thread(target=self.work)
                   for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def explain(stand, mail, recipient):
    """How many copies too many; each of them must be unavoidable: the one
    who had the 250 was killed before that was recorded."""
    took = [each for each in stand.took(mail) if recipient in each["to"]]
    ends = {each["connection"]: each for each in stand.events("end")}
    # Where a mail was taken for some and refused for others, QUIT is said to
    # be sure of the replies, ahead of the record (smtp/session.c).
    early = {each["connection"] for each in stand.events("try")
             if each["code"] != "250"}
    surplus = len(took) - 1
    cut = [each for each in took
           if (ends[each["connection"]]["how"] == "gone" or
               each["connection"] in early) and stand.was_on_its_way(each)]
    assert len(cut) >= surplus, (
        f"{mail.name} came to {recipient} {len(took)} times, and only {len(cut)} of the "
        f"connections ended before the record could be made: {took}; "
        f"{[ends[each['connection']] for each in took]}")
    return surplus


@proof(f"{KILLS} kills at random: nothing is lost, nothing halved, and twice "
       "comes only what SMTP cannot tell")
def random_kills(stand):
    refusals = max(1, KILLS // 8)       # for the sink, 0 is without an end
    with stand.sink("--chunking", "--fault", f"rcpt:450:{refusals}:busy"):
        killer = Killer(stand)
        killer.run()
        until(lambda: not stand.processes(), "all to have ended")
        assert not killer.wrong, killer.wrong
        stand.check()
        stand.drain(refusals + 6)
        stand.check()
    mails = killer.mails
    said = [mail for mail in mails if mail.status == 0]
    lost = [mail.name for mail in said for recipient in mail.to
            if not stand.arrived(mail, recipient)]
    assert not lost, f"{len(lost)} of {len(said)} lost: {lost[:20]}"
    surplus = sum(explain(stand, mail, recipient) for mail in mails
                  for recipient in mail.to
                  if stand.arrived(mail, recipient) > 1)
    assert surplus <= WINDOW * (sum(killer.kills.values()) -
                                killer.kills["only"])
    assert not stand.names("bad") and not stand.names("failed"), stand.show()
    killed = [mail for mail in mails if mail.status != 0]
    # What was cut off leaves rubbish, and that goes, too.
    rubbish = len(stand.names("msg")) + len(stand.names("tmp"))
    stand.clock = int(time.time()) + 7200
    done = stand.flush()
    assert done.status == 0, done
    left = stand.names("msg") + stand.names("tmp")
    assert not left, f"rubbish that stays: {left}"
    return [f"seed {SEED}: " + ", ".join(
                f"{killer.kills[kind]} of {killer.runs[kind]} {kind}"
                for kind in KINDS) + " killed",
            f"{len(said)} mails said to be kept: 0 lost; {len(killed)} whose "
            f"sender was killed: {sum(map(bool, map(stand.arrived, killed)))} "
            "arrived whole, the others not at all",
            f"{surplus} arrived twice, each after a kill between the server's "
            "250 and the record",
            f"{rubbish} files left over, all taken away an hour later"]
