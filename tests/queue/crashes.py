"""Every named step, killed: what is found then, and what becomes of it.

A scenario is run once to list the points that it passes, then once more for
each time that it passes one, and killed there.
"""

import collections
import os
import shutil
import signal
import subprocess
import time

import stand as stands
from proof import Skip, proof
from stand import Mail, until

# Between the server's 250 and our record: what is killed here comes twice, and
# nothing but an answer that SMTP does not have could help it.
WINDOW = {
    "attempt-sent",
    "queue-remove-begin",                           # it has all recipients
    "queue-update-begun", "queue-update-written",   # or some of them
}
MOST = 12       # times that one point is killed in one scenario


class Crashes:
    """The points of a scenario, and what happened at each."""

    def __init__(self, stand):
        for program in (stands.CRASH, stands.CHECKER):
            if not os.path.exists(program):
                raise Skip(f"{program} was not built")
        self.stand = stand
        self.killed = 0
        self.twice = collections.Counter()
        self.points = []

    def list(self, command):
        """Pass all points, and say which."""
        self.stand.program = stands.CRASH
        path = self.stand.path("points")
        with open(path, "w", encoding="utf-8"):
            pass
        done = command({"MAILSEND_CRASH_LIST": path})
        self.wait()
        assert done.status == 0, done
        with open(path, encoding="utf-8") as file:
            self.points = file.read().split()
        os.unlink(path)
        assert self.points, "no crash point is passed"
        self.stand.program = stands.MAILSEND

    def each(self):
        """The point and the time, as MAILSEND_CRASH has them."""
        for point, times in collections.Counter(self.points).items():
            for number in range(1, min(times, MOST) + 1):
                yield point, f"{point}:{number}"

    def kill(self, command, at):
        """Run it, to the death of one of its processes."""
        path = self.stand.path("points")
        with open(path, "w", encoding="utf-8"):
            pass
        self.stand.program = stands.CRASH
        done = command({"MAILSEND_CRASH": at, "MAILSEND_CRASH_LIST": path})
        self.wait()
        self.stand.program = stands.MAILSEND
        with open(path, encoding="utf-8") as file:
            passed = file.read().split()
        assert passed.count("killed") == 1 and \
            passed[passed.index("killed") - 1] == at.partition(":")[0], \
            f"not killed at {at}: {passed}\n{done}"
        self.killed += 1
        return done

    def wait(self):
        until(lambda: not self.stand.processes(), "all to have ended")

    def check(self, at):
        """The table, by both judges."""
        try:
            self.stand.check()
        except AssertionError as error:
            raise AssertionError(f"killed at {at}: {error}") from None
        done = subprocess.run([stands.CHECKER, "check", self.stand.queue],
                              stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, \
            f"killed at {at}: {done.stdout}{done.stderr}"

    def say(self):
        words = [f"{self.killed} kills at "
                 f"{len(set(self.points))} points: " +
                 " ".join(sorted(set(self.points)))]
        if self.twice:
            words.append("twice: " + ", ".join(
                f"{count} at {point}" for point, count
                in sorted(self.twice.items())))
        return words


# ---- putting it in

def sending(stand, how, lines, faults=None, to=None):
    """A mail is sent, and its sender killed; with `faults' while the server is
    there, which without them comes later."""
    crashes = Crashes(stand)
    mails = []

    def command(env):
        mails.append(Mail(to, lines=lines))
        return stand.send(mails[-1], how, env)

    def kill(at):
        stand.clear()
        done = crashes.kill(command, at)
        crashes.check(at)
        assert done.status in (0, -signal.SIGKILL), f"{at}: {done}"
        # Without a detached delivery, what was killed is the sender.
        assert how == "background" or done.status == -signal.SIGKILL, at

    def judge(point, at):
        stand.drain()
        stand.check()
        for recipient in mails[-1].to:
            count = stand.arrived(mails[-1], recipient)
            assert count or mails[-1].status, \
                f"killed at {at}: exit 0, and it is gone"
            if count > 1:
                assert point in WINDOW, f"killed at {at}: it came twice"
                crashes.twice[point] += count - 1

    if faults is None:
        crashes.list(command)
        for point, at in crashes.each():
            kill(at)
            with stand.sink():
                judge(point, at)
        return crashes.say()
    with stand.sink() as sink:
        sink.faults(*faults)
        crashes.list(command)
        for point, at in crashes.each():
            sink.faults(*faults)
            kill(at)
            sink.faults()
            judge(point, at)
    return crashes.say()


@proof("killed at each point: a small mail is queued")
def put_small(stand):
    return sending(stand, "only", 8)


@proof("killed at each point: a large mail is queued")
def put_large(stand):
    return sending(stand, "only", 9000)


@proof("killed at each point: a mail is queued since no server is there")
def put_auto(stand):
    return sending(stand, "auto", 8)


@proof("killed at each point: a mail is taken for some, queued for the others")
def put_rest(stand):
    return sending(stand, "auto", 8, ["rcpt:450:1:busy"],
                   ["busy@example.org", "good@example.org"])


@proof("killed at each point: a mail is sent in the background")
def send_background(stand):
    return sending(stand, "background", 8, [])


# ---- delivering it

class Fate(collections.namedtuple("Fate", "name to faults arrives told")):
    """A mail, what the server does to it, whom it reaches at last, and how
    many notices there are of it."""


LATER = ("rcpt:450:0:later",)
NEVER = ("rcpt:550:0:never",)
FATES = [
    Fate("taken", ["a@example.org"], (), ["a@example.org"], 0),
    Fate("deferred", ["later@example.org"], LATER, ["later@example.org"], 0),
    Fate("taken for some", ["a@example.org", "later@example.org"], LATER,
         ["a@example.org", "later@example.org"], 0),
    Fate("refused", ["never@example.org"], NEVER, [], 1),
    Fate("refused for some", ["a@example.org", "never@example.org",
                              "later@example.org"], NEVER + LATER,
         ["a@example.org", "later@example.org"], 1),
]


def snapshot(stand):
    shutil.rmtree(stand.path("before"), ignore_errors=True)
    shutil.copytree(stand.queue, stand.path("before"))


def restore(stand):
    stand.clear()
    shutil.copytree(stand.path("before"), stand.queue)
    stand.mark()


def deliver(stand, fate):
    crashes = Crashes(stand)
    mail = stand.put(Mail(fate.to))
    snapshot(stand)
    with stand.sink() as sink:
        sink.faults(*fate.faults)
        crashes.list(lambda env: stand.flush(env=env))
        for point, at in crashes.each():
            restore(stand)
            sink.faults(*fate.faults)
            crashes.kill(lambda env: stand.flush(env=env), at)
            crashes.check(at)
            sink.faults(*NEVER)
            stand.drain()
            stand.check()
            judge_delivery(stand, mail, fate, point, crashes)
    return crashes.say()


def judge_delivery(stand, mail, fate, point, crashes):
    where = f"killed at {point}"
    for recipient in mail.to:
        count = stand.arrived(mail, recipient)
        if recipient not in fate.arrives:
            assert count == 0, f"{where}: {recipient} took it"
            continue
        assert count, f"{where}: it never came to {recipient}"
        if count > 1:
            assert point in WINDOW, \
                f"{where}: it came to {recipient} {count} times"
            crashes.twice[point] += count - 1
    told = len(stand.notices())
    assert told >= fate.told, f"{where}: nobody was told"
    if told > fate.told:
        assert point in WINDOW and fate.told, f"{where}: {told} notices"
        crashes.twice[point] += told - fate.told
    left = [stand.names(place) for place in ("env", "failed", "bad")]
    assert not any(left), f"{where}: left {left}"


def add_fates():
    for fate in FATES:
        proof(f"killed at each point: the queue is run, a mail is {fate.name}"
              )(lambda stand, fate=fate: deliver(stand, fate))


add_fates()


@proof("killed at each point: a notice that cannot be sent comes home")
def notice_home(stand):
    crashes = Crashes(stand)
    mail = stand.put(Mail(["never@example.org"]))
    snapshot(stand)
    with stand.sink() as sink:
        sink.faults(*NEVER, "mail:550:0:^$")
        crashes.list(lambda env: stand.flush(env=env))
        for point, at in crashes.each():
            shutil.rmtree(stand.path("home", "Maildir"), ignore_errors=True)
            restore(stand)
            crashes.kill(lambda env: stand.flush(env=env), at)
            crashes.check(at)
            stand.drain()
            stand.check()
            mails = stand.maildir()
            assert len(mails) >= 1, \
                f"killed at {at}: nobody was told\n{stand.show()}"
            if len(mails) > 1:
                assert point in WINDOW, f"killed at {at}: told twice"
                crashes.twice[point] += len(mails) - 1
            assert all(mail.name.encode() in each for each in mails)
    return crashes.say()


@proof("killed at each point: a notice that was begun before is put in")
def notice_again(stand):
    """What is left of it has the name that it is to have again."""
    crashes = Crashes(stand)
    fate = Fate("", ["never@example.org"], NEVER, [], 1)
    mail = stand.put(Mail(fate.to))
    with stand.sink() as sink:
        sink.faults(*fate.faults)
        crashes.kill(lambda env: stand.flush(env=env), "queue-put-linked:1")
        snapshot(stand)
        crashes.list(lambda env: stand.flush(env=env))
        assert "queue-put-cleared" in crashes.points, crashes.points
        for point, at in crashes.each():
            restore(stand)
            crashes.kill(lambda env: stand.flush(env=env), at)
            crashes.check(at)
            stand.drain()
            stand.check()
            judge_delivery(stand, mail, fate, point, crashes)
    return crashes.say()


@proof("killed at each point: a mail is given up, and nobody is to be told")
def give_up(stand):
    crashes = Crashes(stand)
    stand.configure("queue_notice off")
    mail = stand.put(Mail(["never@example.org"]))
    snapshot(stand)
    with stand.sink() as sink:
        sink.faults(*NEVER)
        crashes.list(lambda env: stand.flush(env=env))
        assert "queue-move-placed" in crashes.points, crashes.points
        for _, at in crashes.each():
            restore(stand)
            crashes.kill(lambda env: stand.flush(env=env), at)
            crashes.check(at)
            stand.drain()
            stand.check()
            names = stand.names("failed")
            assert [stand.body(name) for name in names] == [mail.digest], at
    return crashes.say()


@proof("killed at each point: what others left is tidied away")
def tidy(stand):
    crashes = Crashes(stand)
    for at in "queue-put-linked:1", "queue-put-entry-written:1":
        crashes.kill(lambda env: stand.send(Mail(), env=env), at)
    mail = stand.put(Mail())
    snapshot(stand)
    with stand.sink():
        stand.clock = int(time.time()) + 2 * 3600
        crashes.list(lambda env: stand.flush(env=env))
        assert "queue-tidy-done" in crashes.points, crashes.points
        for point, at in crashes.each():
            restore(stand)
            crashes.kill(lambda env: stand.flush(env=env), at)
            crashes.check(at)
            stand.flush()
            stand.check(rubbish=False)
            count = stand.arrived(mail)
            assert count == 1 or (count and point in WINDOW), \
                f"killed at {at}: it came {count} times"
    return crashes.say()


# ---- by hand

def change(stand, words, prepare, judge, faults=()):
    """`mailq WORDS ID', killed; `judge' is called after it was run again."""
    crashes = Crashes(stand)
    mail = stand.put(Mail(["never@example.org"]))
    if prepare:
        prepare()
    snapshot(stand)
    name = (stand.names("env") + stand.names("failed"))[0]
    crashes.list(lambda env: stand.mailq(words, name, env=env))
    for _, at in crashes.each():
        restore(stand)
        crashes.kill(lambda env: stand.mailq(words, name, env=env), at)
        crashes.check(at)
        assert stand.mailq(words, name).status in (0, 66)
        stand.check()
        judge(at, name)
    del mail, faults
    return crashes.say()


@proof("killed at each point: mailq --hold")
def hold(stand):
    def judge(at, name):
        assert stand.entry(name).values.get("held"), at
    return change(stand, "--hold", None, judge)


@proof("killed at each point: mailq --release")
def release(stand):
    def judge(at, name):
        assert not stand.entry(name).values.get("held"), at
    return change(stand, "--release", lambda: stand.mailq(
        "--hold", "ALL"), judge)


@proof("killed at each point: mailq --delete")
def delete(stand):
    def judge(at, name):
        assert not stand.names("env"), f"{at}: {name} is still there"
    return change(stand, "--delete", None, judge)


@proof("killed at each point: mailq --retry")
def retry(stand):
    def prepare():
        with stand.sink("--fault", "rcpt:450:0"):
            stand.flush()

    def judge(at, name):
        assert stand.entry(name).number("never@example.org", "next") == 0, at
    return change(stand, "--retry", prepare, judge)


@proof("killed at each point: mailq --retry of what was given up")
def revive(stand):
    stand.configure("queue_notice off")

    def prepare():
        with stand.sink("--fault", "rcpt:550:0"):
            stand.flush()
        assert stand.names("failed")

    def judge(at, name):
        assert (stand.names("env"), stand.names("failed")) == ([name], []), at
    return change(stand, "--retry", prepare, judge)


# ---- moving it

class Move:
    """A queue of two mails, one of them given up, and the place it goes to."""

    def __init__(self, stand):
        if not os.path.exists(stands.CHECKER):
            raise Skip(f"{stands.CHECKER} was not built")
        self.old, self.new = stand.path("old"), stand.path("new")
        self.points = stand.path("points")

    def run(self, *words, env=None):
        return subprocess.run([stands.CHECKER, *words],
                              env={**os.environ, **(env or {})},
                              stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)

    def begin(self):
        for folder in self.old, self.new:
            shutil.rmtree(folder, ignore_errors=True)
        ids = [self.run("put", self.old, "900").stdout.strip()
               for _ in range(2)]
        assert self.run("give-up", self.old, ids[1]).returncode == 0
        return dict(zip(ids, ("env", "failed")))

    def move(self, **env):
        with open(self.points, "w", encoding="utf-8"):
            pass
        done = self.run("move", self.old, self.new,
                        env={"MAILSEND_CRASH_LIST": self.points, **env})
        with open(self.points, encoding="utf-8") as file:
            return done, file.read().split()

    def count(self, *name):
        return sum(os.path.exists(os.path.join(folder, *name))
                   for folder in (self.old, self.new))

    def judge(self, mails, at):
        for mail, part in mails.items():
            assert self.count(part, mail) == 1, f"{at}: {part}/{mail}"
            assert self.count("msg", mail) == 1, f"{at}: msg/{mail}"
            new = [os.path.exists(os.path.join(self.new, where, mail))
                   for where in ("msg", part)]
            assert new != [False, True], f"{at}: no message for {mail}"


@proof("killed at each point: a queue is moved to another place")
def move(stand):
    crashes = Move(stand)
    mails = crashes.begin()
    done, points = crashes.move()
    assert done.returncode == 0, done
    points = collections.Counter(point for point in points
                                 if point.startswith("queue-transfer"))
    assert len(points) == 4 and set(points.values()) == {2}, points
    for point, times in points.items():
        for number in range(1, times + 1):
            at = f"{point}:{number}"
            mails = crashes.begin()
            done, _ = crashes.move(MAILSEND_CRASH=at)
            assert done.returncode == -signal.SIGKILL, f"{at}: {done}"
            crashes.judge(mails, at)
            done, _ = crashes.move()
            assert done.returncode == 0, f"{at}: {done}"
            crashes.judge(mails, at)
            assert not os.path.exists(os.path.join(crashes.old, "env")), at
            assert sorted(os.listdir(os.path.join(crashes.new, "msg"))) == \
                sorted(mails), at
            done = crashes.run("check", crashes.new)
            assert done.returncode == 0, f"{at}: {done.stdout}"
    return [f"{sum(points.values())} kills"]
