"""How it is measured: a job is sent to the sink, and what comes of it.

A run stands in a row of programs that each start the next:

	sink [relay] meter [strace|valgrind] COMMAND

so that each has a server of its own, whose report says what was taken.  A run
in which not all of it was is no measurement, but an error.
"""

import base64
import contextlib
import copy
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

from scenarios import MB

HERE = os.path.dirname(os.path.abspath(__file__))
B = os.path.abspath(os.environ.get("B", "build"))
TOOLS = os.path.join(B, "bench")
PATIENCE = 90

# What carries octets across the border of the kernel, both ways.
CARRIERS = re.compile(rb"^(?:read|write|pread64|pwrite64|readv|writev|preadv|"
                      rb"pwritev|recvfrom|sendto|recvmsg|sendmsg|sendfile|"
                      rb"copy_file_range|splice)\(.* = (\d+)", re.M)
SYNCS = re.compile(rb"^(?:fsync|fdatasync|syncfs|sync|sync_file_range)\(",
                   re.M)


class Failure(Exception):
    pass


class Job:
    """What is sent to whom, and where the server is."""

    user, secret = "me", "a-secret"

    def __init__(self, stage, scenario, peer):
        self.folder = os.path.join(stage.folder, scenario.name + "." +
                                   re.sub(r"\W+", "-", peer.name))
        os.makedirs(self.folder, exist_ok=True)
        self.tls = scenario.way.tls
        self.host = "localhost" if self.tls else "127.0.0.1"
        self.port = stage.relay_port if scenario.way.far else stage.port
        self.spare_port = stage.relay_port
        self.ca = stage.certificate("ca.pem")
        self.people = ["you@example.org"] if scenario.people == 1 else [
            f"user{n}@example.org" for n in range(scenario.people)]
        self.text, self.message = stage.text, stage.message
        self.message_crlf = stage.message_crlf
        self.messages = stage.messages(scenario.mails)
        self.file = stage.file(scenario.attached)
        self.split = str(scenario.split)

    def with_message(self, message, text):
        job = copy.copy(self)
        job.message, job.text = message, text
        return job


class Stage:
    """The files and ports of a whole run, in memory."""

    def __init__(self, folder):
        self.folder = folder
        self.port, self.relay_port = free_port(), free_port()
        self.made = {}
        body = "".join(f"Line {n:2} of a text that is sent by mail to you.\n"
                       for n in range(20))
        head = ("From: me@example.org\nTo: you@example.org\nSubject: x\n"
                "Message-ID: <1@localhost>\nMIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=us-ascii\n"
                "Date: Mon, 30 Nov 2026 12:00:00 +0000\n\n")
        self.text = self.write("text", body)
        self.message = self.write("message", head + body)
        self.message_crlf = self.write("message.crlf", (head + body).replace(
            "\n", "\r\n"))
        self.proof = body.splitlines()[7].encode()
        self.certificates = os.environ.get("MAILSEND_TEST_CERTS")
        if not self.certificates:
            self.certificates = os.path.join(folder, "certs")
            subprocess.run([sys.executable, os.path.join(
                HERE, "..", "peer", "certs.py"), self.certificates],
                check=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii", newline="") as file:
            file.write(text)
        return path

    def certificate(self, name):
        return os.path.join(self.certificates, name)

    def file(self, size):
        path = os.path.join(self.folder, f"{size}.bin")
        if size and not os.path.exists(path):
            with open(path, "wb") as file:
                for _ in range(size // MB):
                    file.write(os.urandom(MB))
        return path if size else None

    def messages(self, count):
        """Pairs of a message and its text."""
        if count in (1, 27):
            return []
        folder = os.path.join(self.folder, f"{count}")
        if not os.path.exists(folder):
            os.mkdir(folder)
            with open(self.message, encoding="ascii") as file:
                head, _, body = file.read().partition("\n\n")
            for n in range(count):
                with open(os.path.join(folder, f"{n:05}"), "w",
                          encoding="ascii") as file:
                    file.write(head.replace("<1@", f"<{n}@") + "\n\n" + body)
        return [(os.path.join(folder, f"{n:05}"), self.text)
                for n in range(count)]

    def digest(self, path):
        if path not in self.made:
            with open(path, "rb") as file:
                self.made[path] = hashlib.sha256(file.read()).digest()
        return self.made[path]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(job, peer):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("MAILSEND_", "XDG_"))}
    env.update(HOME=job.folder, LC_ALL="C.UTF-8",
               MAILSEND_QUEUE=os.path.join(job.folder, "queue"))
    return env


def run(argv, source, env):
    """To its end; a group of its own, so that nothing of it is left."""
    with open(source or os.devnull, "rb") as stdin, subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=env, start_new_session=True) as done:
        try:
            said = done.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            said = b"it does not end"
        finally:
            if done.poll() is None:
                os.killpg(done.pid, signal.SIGKILL)
    if done.returncode:
        raise Failure(f"exit {done.returncode}: "
                      f"{said.decode(errors='replace').strip()[-500:]}")


class Bench:
    def __init__(self, stage, scenario, peer):
        self.stage, self.scenario, self.peer = stage, scenario, peer
        self.job = Job(stage, scenario, peer)
        self.env = environment(self.job, peer)
        self.is_sent = scenario.task not in ("start", "enqueue", "serve")
        self.figures = os.path.join(self.job.folder, "figures")
        self.seen = os.path.join(self.job.folder, "seen")

    def command(self):
        return getattr(self.peer, self.scenario.task)(self.job)

    def around(self, argv, wrap, options, delay):
        """Those that stand before the command."""
        row = [os.path.join(TOOLS, "meter"), self.figures, *wrap, *argv]
        if not self.is_sent:
            return row
        if self.scenario.way.far:
            row = [os.path.join(HERE, "relay"), "--delay", str(delay),
                   "--port", str(self.stage.relay_port),
                   f"127.0.0.1:{self.stage.port}", "--", *row]
        if self.scenario.way.tls:
            options = [*options, "--certificate",
                       self.stage.certificate("good.pem"), "--key",
                       self.stage.certificate("good.key"), "--login",
                       f"{self.job.user}:{self.job.secret}"]
        return [os.path.join(TOOLS, "sink"), "--port", str(self.stage.port),
                "--report", self.seen, *options, *row]

    def once(self, wrap=(), options=(), delay=0):
        """Run it, see whether all arrived, and return the figures."""
        self.make_ready()
        argv, source = self.command()
        run(self.around(argv, wrap, options, delay), source, self.env)
        with open(self.figures, encoding="ascii") as file:
            figures = json.load(file)
        if self.is_sent:
            with open(self.seen, encoding="ascii") as file:
                figures.update(json.load(file))
            self.expect(figures)
        elif self.scenario.task == "enqueue" and not self.is_queued(1):
            raise Failure("nothing is in its queue")
        if self.scenario.task == "flush" and self.peer.waiting(self.job):
            raise Failure("it left some in its queue")
        return figures

    def expect(self, seen):
        scenario = self.scenario
        # base64 and its lines; a part is less by what its own header has
        octets = scenario.mails * 900 + scenario.attached * 4 // 3
        people = scenario.people * scenario.mails
        if (seen["mails"] < scenario.mails or seen["recipients"] < people or
                seen["octets"] < octets or
                (scenario.way.tls and not seen["logins"])):
            raise Failure(f"not all arrived: {seen}")

    # ---- queues

    def is_queued(self, count):
        """Postfix takes its time; a minute is enough for it."""
        for _ in range(600):
            if self.peer.waiting(self.job) >= count:
                return True
            subprocess.run(["sleep", "0.1"], check=True)
        return False

    def make_ready(self):
        if self.scenario.task == "enqueue":
            self.empty()
            self.peer.enqueue(self.job)
        elif self.scenario.task == "flush":
            full = os.path.join(self.job.folder, "full")
            if not os.path.exists(full):
                self.empty()
                argv, source = self.peer.fill(self.job)
                run(argv, source, self.env)
                if not self.is_queued(self.scenario.mails):
                    raise Failure("its queue could not be filled")
                copy_folder(self.peer.queue(self.job), full)
            self.empty()
            copy_folder(full, self.peer.queue(self.job))

    def empty(self):
        """Of files: the folders are there, as they are the second time."""
        for folder, _, names in os.walk(self.peer.queue(self.job)):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    os.unlink(path)

    # ---- what arrived

    def verify(self):
        """A run whose message is kept and looked into."""
        if self.scenario.task == "serve":
            return
        if not self.is_sent or self.scenario.task == "flush":
            self.once()
            return
        kept = os.path.join(self.job.folder, "kept")
        os.mkdir(kept)
        self.once(options=["--keep", kept])
        found = b""
        for name in os.listdir(kept):
            with open(os.path.join(kept, name), "rb") as file:
                found = file.read()
            if self.scenario.attached and self.scenario.mails == 1:
                if self.stage.digest(self.job.file) not in digests(found):
                    raise Failure("the file did not arrive as it is")
            elif not self.scenario.attached and self.stage.proof not in found:
                raise Failure("the text did not arrive as it is")
        shutil.rmtree(kept)

    # ---- measures

    def timed(self):
        if self.scenario.task == "serve":
            return self.served()
        figures = self.once(delay=25)
        return {name: figures[name] for name in ("wall", "cpu", "memory")}

    def served(self):
        argv, port = self.peer.serve(self.job)
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=self.env,
                              start_new_session=True) as server:
            try:
                wait_for(port)
                run([os.path.join(TOOLS, "meter"), self.figures,
                     os.path.join(TOOLS, "knock"), str(port),
                     str(self.scenario.mails), "4"], None, self.env)
            finally:
                os.killpg(server.pid, signal.SIGKILL)
        with open(self.figures, encoding="ascii") as file:
            return {"wall": json.load(file)["wall"]}

    def counted(self):
        counts, wanted = {}, self.scenario.counts
        if "f" in wanted:
            # Long enough for a slow client, and not a day for many mails.
            grace = "20" if self.scenario.mails < 100 else "2"
            seen = self.once(options=["--grace", grace])
            counts["flights"] = seen["flights"]
            counts["connections"] = seen["connections"]
        if set(wanted) & set("cos") and shutil.which("strace"):
            counts.update(self.traced())
        if "i" in wanted and shutil.which("valgrind"):
            # It refuses a program that becomes another user.
            with contextlib.suppress(Failure):
                counts["instructions"] = self.instructions()
        return counts

    def traced(self):
        prefix = os.path.join(self.job.folder, "trace")
        remove(prefix)
        self.once(wrap=["strace", "-ff", "-qq", "-s", "0", "-o", prefix])
        calls = octets = syncs = 0
        for path in glob.glob(prefix + ".*"):
            with open(path, "rb") as file:
                trace = file.read()
            calls += trace.count(b"\n")
            octets += sum(int(n) for n in CARRIERS.findall(trace))
            syncs += len(SYNCS.findall(trace))
        remove(prefix)
        return {"calls": calls, "octets": octets, "syncs": syncs}

    def instructions(self):
        prefix = os.path.join(self.job.folder, "callgrind")
        remove(prefix)
        self.once(wrap=["valgrind", "--tool=callgrind", "--trace-children=yes",
                        "--callgrind-out-file=/dev/null",
                        f"--log-file={prefix}.%p"])
        total = 0
        for path in glob.glob(prefix + ".*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                total += sum(int(n) for n in re.findall(
                    r"Collected : (\d+)", file.read()))
        remove(prefix)
        if not total:
            raise Failure("valgrind has counted nothing")
        return total


def remove(prefix):
    for path in glob.glob(prefix + ".*"):
        os.unlink(path)


def copy_folder(source, target):
    subprocess.run(["cp", "-a", source + "/.", target], check=True)


def wait_for(port):
    for _ in range(600):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        subprocess.run(["sleep", "0.1"], check=True)
    raise Failure("the server does not answer")


def digests(message):
    """Of each part in base64."""
    for part in message.split(b"\r\n--"):
        head, _, body = part.partition(b"\r\n\r\n")
        while b"base64" not in head.lower() and b"\r\n\r\n" in body[:2000]:
            head, _, body = body.partition(b"\r\n\r\n")
        if b"base64" in head.lower():
            yield hashlib.sha256(base64.b64decode(body)).digest()
