"""A world of one worker: a folder with a home and a queue, a server that is a
good one, and the program, run with something that goes wrong."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "peer"))
sys.path.insert(1, os.path.join(HERE, "..", "queue"))

from dialogue import Behaviour, Rule
from record import Record
from server import Server

B = os.path.abspath(os.environ.get("B", os.path.join(HERE, "../../build")))
SHIM = os.path.join(B, "queue", "full.so")
LIMIT = 120                 # seconds, after which a run hangs
ME = "me@example.org"
# Recipients that the server refuses, for good and for now.
REFUSED = {"never": "550 5.1.1 no such user", "later": "450 4.2.1 busy"}


def program(name):
    return os.path.join(B, name)


class Done:
    """What came of a run."""

    def __init__(self):
        self.status = None      # negative: died of this signal
        self.out = self.err = ""
        self.hung = False
        self.left = []          # processes that it left behind
        self.drained = True     # its standard input was read to the end
        self.struck = ""        # the call that failed, as it is known

    def __str__(self):
        text = f"exit {self.status}"
        if self.hung:
            text = f"still running after {LIMIT} s"
        if self.struck:
            text += f"; {self.struck}"
        return text + "\n" + (self.out[:600] + self.err[:2500]).rstrip()


class Peer:
    """The server of a world, and what it took."""

    def __init__(self, certificates):
        behaviour = Behaviour()
        behaviour.tls = "starttls"
        behaviour.mechanisms = ["PLAIN"]
        for who, reply in REFUSED.items():
            behaviour.rules.append(Rule("RCPT", None, None, f"{who}@*",
                                        [("reply", reply)]))
        self.server = Server(behaviour, {}, Record(), certificates)
        self.server.lawful = False
        self.server.start()
        self.port = self.server.port

    def settle(self):
        """All that clients began is over."""
        end = time.monotonic() + 5
        for thread in self.server.threads:
            thread.join(max(0.0, end - time.monotonic()))
        for session, thread in zip(self.server.sessions, self.server.threads):
            if thread.is_alive():       # nobody closed it: so we do
                session.wire.kill()
                thread.join(5)

    def forget(self):
        self.settle()
        self.server.threads.clear()
        self.server.sessions.clear()
        self.server.record.conversations.clear()

    def took(self):
        """(message octets, recipients, whether the client saw our word)."""
        for each in self.server.record.conversations:
            for number, mail in enumerate(each.mails, 1):
                if mail.accepted:
                    yield (bytes(mail.body), mail.recipients, mail.sender,
                           goes_on(each, number))


def goes_on(conversation, number):
    """Did the client say anything after its mail of this number?"""
    bodies = 0
    for text, _ in conversation.lines:
        if bodies >= number:
            return True
        bodies += text == "(body)" or bool(
            re.match(r"BDAT \d+ LAST", text, re.I))
    return False


class World:
    def __init__(self, folder, certificates):
        self.folder = folder
        self.live = os.path.join(folder, "live")
        self.certificates = certificates
        self.peer = Peer(certificates)
        self.made = {}          # scenario: where its beginning is kept

    def path(self, *names):
        return os.path.join(self.live, *names)

    @property
    def queue(self):
        return self.path("queue")

    def lay(self):
        """An empty one."""
        shutil.rmtree(self.live, ignore_errors=True)
        for name in ("home", "tmp", "spare", "queue"):
            os.makedirs(self.path(name), mode=0o700)
        lines = ["account default", "host localhost",
                 f"port {self.peer.port}", "tls on", "auth plain",
                 f"user {ME}", "passwordeval \"echo s3cr3t-Pa55\"",
                 f"tls_trust_file {self.certificates.path('ca.pem')}",
                 f"from {ME}", "timeout 30"]
        with open(os.open(self.path("config"), os.O_WRONLY | os.O_CREAT,
                          0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def reset(self, scenario):
        """As the scenario begins."""
        self.peer.forget()
        kept = self.made.get(scenario.name)
        if not kept:
            self.lay()
            scenario.prepare(self)
            kept = os.path.join(self.folder, "made-" + scenario.name)
            shutil.copytree(self.live, kept, symlinks=True)
            self.made[scenario.name] = kept
            self.peer.forget()
        else:
            shutil.rmtree(self.live)
            shutil.copytree(kept, self.live, symlinks=True)

    def environment(self, **more):
        return {
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "HOME": self.path("home"), "TMPDIR": self.path("tmp"),
            "MAILSEND_QUEUE": self.queue, "MAILSEND_FAULTS": self.live,
            "MAILSEND_CONFIG": self.path("config"),
            "MAILSEND_FROZEN": self.frozen(),
            **{name: str(value) for name, value in more.items()}}

    def frozen(self, **words):
        """MAILSEND_FROZEN: where what has no better place is kept, and more."""
        words["spare"] = self.path("spare")
        return " ".join(f"{name}={value}" for name, value in words.items())

    def processes(self):
        """Whoever is at work in this world."""
        mark = b"MAILSEND_FAULTS=" + self.live.encode() + b"\0"
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark in file.read():
                        found.append(int(pid))
        return found

    def run(self, plan, words, stdin=None, beside=None):
        """`beside' is called with the process and what it said so far."""
        done = Done()
        done.plan = plan
        env = self.environment(**plan.environment(self))
        ours, theirs, stdin = fill(stdin)
        with theirs:
            process = subprocess.Popen(
                [*plan.words(self), *words], env=env, cwd=self.live,
                stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True)
        process.stdin = ours
        threads = [
            threading.Thread(target=feed, args=(process, stdin, done)),
            threading.Thread(target=hear, args=(process.stdout, done, "out")),
            threading.Thread(target=hear, args=(process.stderr, done, "err"))]
        for thread in threads:
            thread.start()
        plan.follow(process)
        if beside:
            beside(process, done)
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            done.hung = True
        done.status = process.returncode
        self.wait_for_others(done)
        for thread in threads:
            thread.join()
        done.struck = plan.struck(self)
        return done

    def wait_for_others(self, done):
        """Those in the background have their time; then all are ended."""
        end = time.monotonic() + (0 if done.hung else LIMIT)
        while True:
            left = self.processes()
            if not left:
                return
            if time.monotonic() >= end:
                done.left = [describe(pid) for pid in left]
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                end += LIMIT
            time.sleep(0.003)


def fill(stdin):
    """A pipe with as much as it takes before anybody reads: whoever is ended
    at once shall find it.  Both its ends, and what is left to be written."""
    if stdin is None:
        return None, open(os.devnull, "rb"), None
    theirs, ours = os.pipe()
    os.set_blocking(ours, False)
    count = os.write(ours, stdin) if stdin else 0
    os.set_blocking(ours, True)
    ours = os.fdopen(ours, "wb", buffering=0)
    if count == len(stdin):
        ours.close()
        return ours, os.fdopen(theirs, "rb"), None
    return ours, os.fdopen(theirs, "rb"), stdin[count:]


def feed(process, stdin, done):
    if stdin is None:
        return
    try:
        while stdin:
            stdin = stdin[process.stdin.write(stdin):]
        process.stdin.close()
    except BrokenPipeError:
        done.drained = False
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def hear(pipe, done, name):
    """To its end, which comes when nobody is left who could say more."""
    with pipe:
        for line in pipe:
            setattr(done, name, getattr(done, name) +
                    line.decode("utf-8", "replace"))


def describe(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return f"{pid} {file.read().replace(bytes(1), b' ')[:80]!r}"
    except OSError:
        return str(pid)
