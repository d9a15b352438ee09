"""A stand: a queue, a home, a server and the program, all of one test's own."""

import collections
import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import folder as truth

HERE = os.path.dirname(os.path.abspath(__file__))
B = os.path.abspath(os.environ.get("B", os.path.join(HERE, "../../build")))
MAILSEND = os.path.abspath(os.environ.get("MAILSEND") or
                           os.path.join(B, "mailsend"))
CRASH = os.path.join(B, "crash", "mailsend")        # with crash points
CHECKER = os.path.join(B, "crash", "unit", "queue_crash")
FULL = os.path.join(B, "queue", "full.so")
WINDOW = 64     # mails on their way at a time (smtp/session.h)
PATIENCE = 120              # seconds in which a condition must come true
ME = "me@example.org"
CLOCK = 1800000000          # of tests that move it


def until(condition, what="the condition"):
    """Its first true value."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"in vain for {PATIENCE} s: {what}"
        time.sleep(0.004)


class Ports:
    """Below those that the system gives to clients, so that a server that is
    down leaves a port that nobody else takes.  A lock on a file keeps other
    runs of these tests away."""

    locks = []
    numbers = itertools.count(21000 + os.getpid() % 97 * 100)

    @classmethod
    def take(cls):
        folder = os.path.join(tempfile.gettempdir(),
                              f"mailsend-ports.{os.getuid()}")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for number in cls.numbers:
            lock = open(os.path.join(folder, str(number)), "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET,
                                     socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", number))
            except OSError as error:
                lock.close()
                if error.errno not in (errno.EAGAIN, errno.EADDRINUSE):
                    raise
                continue
            cls.locks.append(lock)
            return number


@dataclasses.dataclass
class Done:
    status: int
    out: str
    err: str

    def __str__(self):
        return f"exit {self.status}\n{self.out}{self.err}"


class Mail:
    """What is sent, and what must arrive: a text that is known at its end."""

    numbers = itertools.count(1)

    def __init__(self, to=None, lines=8, sender=ME):
        self.name = f"mail-{next(self.numbers)}"
        self.to = to or [f"{self.name}@example.org"]
        self.sender = sender
        text = [f"{self.name} {number} {'.' * (number % 60)}"
                for number in range(lines)] + [f"the end of {self.name}"]
        self.text = "".join(line + "\n" for line in text).encode()
        wire = self.text.replace(b"\n", b"\r\n")
        self.digest = hashlib.sha256(wire).hexdigest()
        self.status = None      # of the command that sent it

    @contextlib.contextmanager
    def open(self):
        """A file: what the program reads needs nobody who feeds it."""
        with tempfile.TemporaryFile() as file:
            file.write(self.text)
            file.seek(0)
            yield file


class Sink:
    def __init__(self, port, log, arguments):
        self.port = port
        self.process = subprocess.Popen(
            [os.path.join(HERE, "sink"), "--port", str(port), "--log", log,
             *arguments], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        assert line.startswith(b"PORT"), "the sink does not start"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def faults(self, *faults):
        """These from now on."""
        with socket.create_connection(("127.0.0.1", self.port)) as wire, \
             wire.makefile("rwb") as lines:
            lines.readline()
            lines.write(f"XFAULTS {' '.join(faults)}\r\nQUIT\r\n".encode())
            lines.flush()
            assert lines.readline().startswith(b"250")
            lines.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Stand:
    def __init__(self, folder):
        self.folder = folder
        for name in ("home", "tmp", "spare", "kept"):
            os.makedirs(self.path(name), mode=0o700, exist_ok=True)
        self.queue = self.path("queue")
        self.log = self.path("sink.log")
        self.config = self.path("config")
        self.port = Ports.take()
        self.program = MAILSEND
        self.clock = None       # None: the real one
        self.before = []        # words before the command
        self.seen = 0           # octets of the log that count no more
        self.read, self.known = None, collections.defaultdict(list)
        self.configure()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    # ---- the program

    def configure(self, *lines, more=""):
        """One account, the server's; `more' are further ones."""
        text = ["account default", "host 127.0.0.1", f"port {self.port}",
                "tls off", "auth off", f"from {ME}", "timeout 20",
                *lines, more]
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
        os.chmod(self.config, 0o600)

    def environment(self, **more):
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "HOME": self.path("home"), "TMPDIR": self.path("tmp"),
            "MAILSEND_QUEUE": self.queue,
        }
        frozen = [f"spare={self.path('spare')}"]
        if self.clock is not None:
            frozen.append(f"clock={self.clock}")
        env["MAILSEND_FROZEN"] = " ".join(frozen)
        env.update({name: str(value) for name, value in more.items()})
        return env

    def start(self, *arguments, stdin=subprocess.DEVNULL, env=(), **how):
        """In a session of its own, so that it can be killed with all that it
        started."""
        return subprocess.Popen(
            [*self.before, self.program, "--config", self.config,
             *arguments], stdin=stdin, env=self.environment(**dict(env)),
            cwd=self.folder, start_new_session=True, **how)

    def run(self, *arguments, stdin=subprocess.DEVNULL, env=()):
        """What it says goes to files: one that it started in the background
        may hold a pipe open."""
        with tempfile.TemporaryFile() as out, \
             tempfile.TemporaryFile() as err:
            process = self.start(*arguments, stdin=stdin, env=env, stdout=out,
                                 stderr=err)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                err.write(f"killed after {PATIENCE} s\n".encode())
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
        return Done(process.returncode, *texts)

    def arguments(self, mail, how):
        return ["--set", f"queue={how}", "-s", mail.name, "-r", mail.sender,
                *mail.to]

    def send(self, mail, how="only", env=(), also=()):
        with mail.open() as text:
            done = self.run(*self.arguments(mail, how), *also, stdin=text,
                            env=env)
        mail.status = done.status
        return done

    def put(self, mail, how="only"):
        """Sent, and that must go well."""
        done = self.send(mail, how)
        assert done.status == 0, f"sending {mail.name}: {done}"
        return mail

    def flush(self, *arguments, env=()):
        return self.run("--flush", *arguments, env=env)

    def due(self):
        return self.flush("--due")

    def mailq(self, *arguments, env=()):
        """`mailsend --mailq', which wants to be the first word."""
        program, config = self.program, self.config
        with tempfile.TemporaryFile() as out:
            done = subprocess.run(
                [program, "--mailq", "--config", config, *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                env=self.environment(**dict(env)), cwd=self.folder,
                timeout=PATIENCE, check=False)
            out.seek(0)
            return Done(done.returncode, out.read().decode(),
                        done.stderr.decode())

    def drain(self, most=6):
        """Flush until there is nothing left to flush."""
        for _ in range(most):
            done = self.flush()
            assert done.status == 0, f"--flush: {done}"
            if not self.names("env"):
                return
        assert False, (f"still there after {most} runs: "
                       f"{self.names('env')}\n{done}\n{self.show()}")

    # ---- the server

    def sink(self, *arguments):
        return Sink(self.port, self.log, arguments)

    def events(self, kind):
        """What the server wrote down since the mark."""
        size = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        if self.read != (self.seen, size):
            self.known = collections.defaultdict(list)
            if size:
                with open(self.log, "rb") as file:
                    file.seek(self.seen)
                    for line in file.read(size - self.seen).splitlines():
                        each = json.loads(line)
                        self.known[each["event"]].append(each)
            self.read = self.seen, size
        return self.known[kind]

    def mark(self):
        """What the server saw so far does not count any more."""
        if os.path.exists(self.log):
            self.seen = os.path.getsize(self.log)

    def took(self, mail=None):
        return [each for each in self.events("took")
                if mail is None or each["subject"] == mail.name]

    def was_on_its_way(self, each):
        """Was that one of the last over its connection, those which a sender
        that is killed has not written down yet?"""
        at = sorted(other["at"] for other in self.events("took")
                    if other["connection"] == each["connection"])
        return each["at"] >= at[-WINDOW:][0]

    def notices(self):
        return [each for each in self.events("took") if each["sender"] == ""]

    def arrived(self, mail, recipient=None):
        """How often it was taken for the recipient; always whole, always the
        same bytes."""
        took = self.took(mail)
        for each in took:
            assert each["body"] == mail.digest, f"{mail.name} is not whole"
            assert each["digest"] == took[0]["digest"] and \
                each["id"] == took[0]["id"], \
                f"{mail.name} is not the same each time"
        recipient = recipient or mail.to[0]
        return sum(each["to"].count(recipient) for each in took)

    def expect_once(self, mails):
        for mail in mails:
            for recipient in mail.to:
                count = self.arrived(mail, recipient)
                assert count == 1, f"{mail.name} to {recipient}: {count} times"

    def maildir(self):
        """The mails in the home's own."""
        folder = self.path("home", "Maildir", "new")
        if not os.path.isdir(folder):
            return []
        mails = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                mails.append(file.read())
        return mails

    # ---- the folder

    def names(self, place):
        try:
            return sorted(os.listdir(os.path.join(self.queue, place)))
        except FileNotFoundError:
            return []

    def entry(self, name, place="env"):
        with open(os.path.join(self.queue, place, name), "rb") as file:
            return truth.Entry(file.read())

    def entries(self):
        return {name: self.entry(name) for name in self.names("env")}

    def only_entry(self):
        names = self.names("env")
        assert len(names) == 1, f"entries: {names}"
        return self.entry(names[0])

    def check(self, rubbish=True):
        """The truth table holds: by a judge of the tests' own, and by the
        queue's own reader."""
        wrong = list(truth.problems(self.queue, rubbish))
        assert not wrong, "\n".join(wrong[:10]) + "\n" + self.show()

    def body(self, name):
        return truth.body(os.path.join(self.queue, "msg", name))

    def clear(self):
        shutil.rmtree(self.queue, ignore_errors=True)

    def processes(self):
        """Whoever works on this queue, also far from us."""
        found = []
        mark = b"MAILSEND_QUEUE=" + self.queue.encode() + b"\0"
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark in file.read():
                        found.append(int(pid))
        return found

    def show(self):
        text = ""
        for place in ("env", "failed", "bad"):
            for name in self.names(place):
                text += f"{place}/{name}\n"
                with contextlib.suppress(OSError):
                    path = os.path.join(self.queue, place, name)
                    with open(path, encoding="utf-8",
                              errors="replace") as file:
                        text += file.read()
        return text[:4000]
