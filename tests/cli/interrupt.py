#!/usr/bin/env python3
"""interrupt MAILSEND DIRECTORY [PATTERN] - signals at each step of a mail.

Each case has a server that stops at one step and says so; then the signal is
sent.  What is judged: the status is the signal's, standard error names it, the
mail is where it belongs (in the queue, or in the dead letter where there is
none), whole or said not to be, the server has it as often as it should, and no
process is left.  Prints TAP.  Nothing sleeps: conditions are waited for."""

import array
import email
import fcntl
import fnmatch
import json
import os
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor

MAILSEND, TOP = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PATTERN = sys.argv[3] if len(sys.argv) > 3 else "*"
PATIENCE = 120
SIGNALS = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
TEXT = b"one\r\ntwo\rthree\nBcc: evil@example.net\nFrom here\nlast line\n"
LARGE = b"".join(b"%069d\n" % n for n in range(200_000))


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"never came to pass: {what}"
        time.sleep(0.005)


class Server:
    """Stops at a step until `go`; `took` has the messages it took."""

    def __init__(self, step):
        self.step, self.took = step, []
        self.here, self.go = threading.Event(), threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.talk, args=(client,),
                             daemon=True).start()

    def stop(self, step):
        if self.step == step:
            self.here.set()
            self.go.wait(PATIENCE)

    def talk(self, client):
        try:
            self.session(client)
        except OSError:
            pass
        client.close()

    def session(self, client):
        lines = client.makefile("rb")
        self.stop("greeting")
        client.sendall(b"220 here\r\n")
        for line in lines:
            verb = line[:4].upper().strip().decode()
            self.stop(verb)
            if verb == "DATA":
                client.sendall(b"354 go on\r\n")
                if not self.message(lines):
                    return
                client.sendall(b"250 taken\r\n")
            else:
                client.sendall(b"250 fine\r\n")

    def message(self, lines):
        text = []
        self.stop("body")
        for line in lines:
            if line == b".\r\n":
                self.stop("dot")
                self.took.append(b"".join(text))
                return True
            text.append(line)
        return False


class Stand:
    """A home, a queue and a configuration of its own."""

    def __init__(self, name, queue, more=()):
        self.folder = os.path.join(TOP, name)
        self.home = self.path("home")
        os.makedirs(self.home, 0o700)
        os.mkdir(self.path("tmp"))
        self.queue = queue
        self.more = more

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def configure(self, port):
        lines = ["account default", "host 127.0.0.1", f"port {port}",
                 "tls off", "auth off", "from me@example.org",
                 f"queue {self.queue}", *self.more]
        with open(self.path("conf"), "w", opener=lambda p, f:
                  os.open(p, f, 0o600)) as file:
            file.write("\n".join(lines) + "\n")

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.home,
                "TMPDIR": self.path("tmp"),
                "MAILSEND_CONFIG": self.path("conf"),
                "MAILSEND_QUEUE": self.path("queue"),
                "MAILSEND_FROZEN": f"user=alice uid={os.getuid()} "
                f"host=host.example.org home={self.home} tty=0 charset=utf-8 "
                f"spare={self.path('tmp')}"}

    def start(self, *words, stdin=subprocess.PIPE, tty=None):
        """In a session of its own, at that terminal if there is one."""
        environment = self.environment()
        streams = [stdin, subprocess.PIPE, subprocess.PIPE]
        if tty is not None:
            streams = [tty] * 3
            environment["TERM"] = "xterm"
            environment["MAILSEND_FROZEN"] += " tty=1"

        def usual():
            for one in SIGNALS:
                signal.signal(one, signal.SIG_DFL)
            if tty is not None:
                fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
        return subprocess.Popen(
            [MAILSEND, *words], env=environment, stdin=streams[0],
            stdout=streams[1], stderr=streams[2], cwd=self.folder,
            start_new_session=True, preexec_fn=usual)

    def waiting(self):
        done = subprocess.run([MAILSEND, "--mailq", "--json"],
                              env=self.environment(), check=True,
                              stdout=subprocess.PIPE, cwd=self.folder)
        return [one for one in json.loads(done.stdout or b"[]")
                if one["place"] == "waiting"]

    def queued(self, name):
        return subprocess.run([MAILSEND, "--mailq", "--print", name],
                              env=self.environment(), check=True,
                              stdout=subprocess.PIPE).stdout

    def dead(self):
        try:
            with open(os.path.join(self.home, "dead.letter"), "rb") as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return [one for one in re.split(rb"^From [^\n]*\n", text,
                                        flags=re.M) if one]


def ended(process, number, close_input=True):
    """Its words; the status is that of the signal, and nothing of it is left."""
    if close_input and process.stdin:
        process.stdin.close()
        process.stdin = None
    said = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == -number, f"{process.returncode}: {said}"
    assert signal.Signals(number).name in said, said
    until(lambda: not session_of(process.pid), "no process is left")
    return said


def session_of(leader):
    done = subprocess.run(["ps", "-o", "pid=", "-s", str(leader)],
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.split()


def content(message):
    return email.message_from_bytes(message).get_payload(decode=True)


def lines_of(text):
    return text.replace(b"\r\n", b"\n")


# ---- the cases: (stand, number) each

def reading(stand, number):
    """The input has not come to its end: kept, and never sent."""
    server = Server("nowhere")
    stand.configure(server.port)
    process = stand.start("-s", "half", "-c", "c@example.org", "a@example.org")
    process.stdin.write(TEXT)
    process.stdin.flush()
    until(lambda: pending(process.stdin) == 0, "it has read that")
    process.send_signal(number)
    ended(process, number)
    letter, = stand.dead()
    head, _, body = letter.partition(b"\n\n")
    assert b"\nSubject: half\n" in head and b"X-Undelivered-Missing" in head
    assert b"a@example.org" in head and b"c@example.org" in head
    assert b"evil" not in head, head
    assert body.replace(b"\n>From here", b"\nFrom here") == TEXT + b"\n", body
    assert not stand.waiting() and not server.took


def pending(pipe):
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def at_once(stand, number):
    """Before it can have read anything, or while it does."""
    server = Server("nowhere")
    stand.configure(server.port)
    process = stand.start("-s", "x", "a@example.org")
    process.stdin.write(b"text\n")
    process.stdin.flush()
    until(lambda: catches(process.pid, number), "it notes signals")
    process.send_signal(number)
    ended(process, number)
    letter, = stand.dead()
    assert letter.endswith(b"\n\ntext\n\n"), letter
    assert not server.took and not stand.waiting()


def catches(pid, number):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def kept_whole(stand, text, is_large=False):
    """In the queue where there is one, else in the dead letter."""
    if stand.queue == "auto":
        one, = stand.waiting()
        assert not stand.dead()
        message = stand.queued(one["id"])
        states = [r["state"] for r in one["recipients"]]
        assert states == ["waiting"], states
    else:
        message, = stand.dead()
        assert b"X-Undelivered-Missing" not in message
        assert not stand.waiting()
    found = lines_of(content(message))
    if not stand.queue == "auto":
        found = found.removesuffix(b"\n")
    assert found == text if not is_large else len(found) == len(text), found


def at_step(step, text=b"a text\n", taken=False):
    def case(stand, number):
        server = Server(step)
        stand.configure(server.port)
        process = stand.start("-s", "x", "a@example.org")
        try:
            process.stdin.write(text)
        except BrokenPipeError:
            pass
        process.stdin.close()
        process.stdin = None
        assert server.here.wait(PATIENCE)
        process.send_signal(number)
        if taken:
            server.go.set()
        ended(process, number)
        server.go.set()
        if taken:
            assert len(server.took) == 1
            assert not stand.waiting() and not stand.dead()
        else:
            kept_whole(stand, text)
    return case


def dialling(stand, number):
    """A server whose queue of connections is full: connect() hangs."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    others = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        others.append(one)
    stand.configure(full.getsockname()[1])
    process = stand.start("-s", "x", "a@example.org")
    process.stdin.write(b"a text\n")
    process.stdin.close()
    process.stdin = None
    until(lambda: connects(process.pid), "it dials")
    process.send_signal(number)
    ended(process, number)
    kept_whole(stand, b"a text\n")
    del others


def connects(pid):
    try:
        return any("socket" in os.readlink(f"/proc/{pid}/fd/{fd}")
                   for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def password(stand, number):
    """The command that has the password is at work, and ends with us."""
    server = Server("nowhere")
    stand.more = ("auth on", "user me", "tls on", "tls_certcheck off",
                  f"passwordeval \"touch {stand.path('asked')}; sleep 300\"")
    stand.configure(server.port)
    process = stand.start("-s", "x", "a@example.org")
    process.stdin.write(b"a text\n")
    process.stdin.close()
    process.stdin = None
    until(lambda: os.path.exists(stand.path("asked")), "it is asked")
    process.send_signal(number)
    ended(process, number)
    kept_whole(stand, b"a text\n")


def wrong_option(stand, number):
    """Standard input is read for whoever writes it; that ends, too."""
    stand.configure(1)
    process = stand.start("--bogus", "-s", "x", "a@example.org")
    process.stdin.write(b"a text\n")
    process.stdin.flush()
    until(lambda: pending(process.stdin) == 0, "it has read that")
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -number, process.returncode
    letter, = stand.dead()
    assert b"\n\na text\n" in letter and b"X-Undelivered-Missing" in letter


def series(stand, number):
    """What was taken is not sent again, what was not goes with --resume."""
    server = Server("dot")
    stand.configure(server.port)
    process = stand.start("-s", "x", "--split", "100K", "--attach", "-=big",
                          "a@example.org")
    process.stdin.write(LARGE[:300_000])
    process.stdin.close()
    process.stdin = None
    assert server.here.wait(PATIENCE)
    process.send_signal(number)
    server.go.set()
    said = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == -number, f"{process.returncode}: {said}"
    name = re.search(r"--resume (\S+)", said).group(1)
    assert len(server.took) == 1, said
    server.step = "nowhere"
    done = stand.start("--resume", name)
    assert done.communicate(timeout=PATIENCE) and done.returncode == 0
    parts = [re.search(rb"^Subject:.*?(\d+)/(\d+)", text, re.M).groups()
             for text in server.took]
    assert len(set(parts)) == len(parts) == int(parts[0][1]), parts


def queue_run(stand, number):
    """The mail at hand waits as before."""
    server = Server("RCPT")
    stand.queue = "only"
    stand.configure(server.port)
    process = stand.start("-s", "x", "a@example.org")
    assert process.communicate(b"a text\n", timeout=PATIENCE)
    assert process.returncode == 0
    process = stand.start("--flush")
    assert server.here.wait(PATIENCE)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -number, process.returncode
    server.go.set()
    one, = stand.waiting()
    assert one["recipients"][0]["tries"] == 0, one
    assert not server.took


def dialogue(stand, number):
    """-bs: what was not acknowledged is the client's, and it is told."""
    server = Server("nowhere")
    stand.configure(server.port)
    process = subprocess.Popen(
        ["sendmail", "-bs"], executable=MAILSEND, env=stand.environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=lambda: [
            signal.signal(one, signal.SIG_DFL) for one in SIGNALS])
    assert process.stdout.readline().startswith(b"220 ")
    process.send_signal(number)
    rest = process.stdout.read()
    assert rest.startswith(b"421 "), rest
    process.stdin.close()
    assert process.wait(PATIENCE) == -number, process.returncode


def twice(stand, number):
    """As timeout(1) sends it: to the process and to its group."""
    server = Server("greeting")
    stand.configure(server.port)
    process = stand.start("-s", "x", "a@example.org")
    process.stdin.write(b"a text\n")
    process.stdin.close()
    process.stdin = None
    assert server.here.wait(PATIENCE)
    process.send_signal(number)
    os.killpg(process.pid, number)
    ended(process, number)
    kept_whole(stand, b"a text\n")


# ---- what no mail hangs on: it ends at once, with a word

def asked(*words, step="EHLO", more=()):
    """Somebody waits for the answer of a server that gives none."""
    def case(stand, number):
        server = Server(step)
        stand.more = more
        stand.configure(server.port)
        process = stand.start(*words, stdin=subprocess.DEVNULL)
        assert server.here.wait(PATIENCE)
        process.send_signal(number)
        ended(process, number)
        assert not stand.waiting() and not stand.dead()
    return case


def asked_for_password(*words):
    def case(stand, number):
        server = Server("nowhere")
        stand.more = ("auth plain", "user me",
                      f"passwordeval \"touch {stand.path('asked')}; "
                      "sleep 300\"")
        stand.configure(server.port)
        process = stand.start(*words, stdin=subprocess.DEVNULL)
        until(lambda: os.path.exists(stand.path("asked")), "it is asked")
        process.send_signal(number)
        ended(process, number)
    return case


def round_trip(step, expected, taken=False):
    """What has become of the mail is told, with what it is found by."""
    def case(stand, number):
        server = Server(step)
        stand.configure(server.port)
        for name in "cur", "new", "tmp":
            os.makedirs(stand.path("box", name))
        process = stand.start("--roundtrip", stand.path("box"),
                              "a@example.org", stdin=subprocess.DEVNULL)
        if step == "nowhere":
            until(lambda: server.took, "the server has it")
        else:
            assert server.here.wait(PATIENCE)
        process.send_signal(number)
        if taken:
            server.go.set()
        said = ended(process, number)
        server.go.set()
        assert expected in said, said
        for text in server.took:
            token = re.search(rb"^Subject:.* (\w+)\r$", text, re.M)[1]
            assert token.decode() in said, said
        assert len(server.took) == (taken or step == "nowhere")
        assert not stand.waiting() and not stand.dead()
    return case


def setup_question(stand, number):
    """Nothing is written before the last question."""
    stand.queue = "never"
    process = stand.start("--setup")
    question = os.read(process.stdout.fileno(), 4096)
    assert question
    process.send_signal(number)
    ended(process, number, close_input=False)
    assert not os.listdir(stand.home), os.listdir(stand.home)


def all_of(master):
    """What was written to a terminal that nobody has open any more."""
    said = b""
    try:
        while data := os.read(master, 4096):
            said += data
    except OSError:
        pass
    os.close(master)
    return said.decode()


def terminal(*words):
    """Its state is what it was, whoever changed it."""
    def case(stand, number):
        server = Server("nowhere")
        stand.configure(server.port)
        master, slave = os.openpty()
        usual = termios.tcgetattr(slave)
        process = stand.start(*words, tty=slave)
        until(lambda: not termios.tcgetattr(slave)[3] & termios.ICANON,
              "a line is edited")
        process.send_signal(number)
        assert process.wait(PATIENCE) == -number, process.returncode
        assert termios.tcgetattr(slave) == usual
        os.close(slave)
        said = all_of(master)
        assert f"ended by {number.name}" in said, said
        until(lambda: not session_of(process.pid), "no process is left")
    return case


CASES = [(f"at {step}", at_step(step)) for step in
         ("greeting", "EHLO", "MAIL", "RCPT", "DATA")] + [
    ("amid the body", at_step("body", LARGE)),
    ("after the dot, which is answered", at_step("dot", taken=True)),
    ("after the dot, without an answer", at_step("dot")),
    ("twice at once", twice),
    ("while the input is read", reading),
    ("at the start", at_once),
    ("while it dials", dialling),
    ("while passwordeval is at work", password),
]
ONCE = [("while a wrong option's input is read", wrong_option),
        ("in a series", series), ("in a queue run", queue_run),
        ("in -bs", dialogue),
        ("in --check at the greeting", asked("--check", step="greeting")),
        ("in --check at EHLO", asked("--check")),
        ("in --check --json at EHLO", asked("--check", "--json")),
        ("in --check at the password", asked_for_password("--check")),
        ("in --talk at the greeting", asked("--talk", step="greeting")),
        ("in --talk at the password", asked_for_password("--talk")),
        ("in --talk at a terminal", terminal("--talk")),
        ("in --roundtrip at RCPT", round_trip("RCPT", "nothing was sent")),
        ("in --roundtrip at the dot, which is answered",
         round_trip("dot", "the server has the mail", taken=True)),
        ("in --roundtrip, which waits",
         round_trip("nowhere", "the server has the mail")),
        ("in --setup at a question", setup_question)]


def run(job):
    n, (name, case, number, queue) = job
    try:
        case(Stand(str(n), queue), number)
    except BaseException as wrong:      # a thread tells, and goes on
        where = wrong.__traceback__
        while where.tb_next:
            where = where.tb_next
        return (f"not ok {n} {name}\n# {type(wrong).__name__} in line "
                f"{where.tb_lineno}: {str(wrong)[:600]!r}")
    return f"ok {n} {name}"


jobs = [(f"{name}, {number.name}, queue {queue}", case, number, queue)
        for name, case in CASES for number in SIGNALS
        for queue in ("auto", "never")]
jobs += [(f"{name}, {number.name}", case, number, "never")
         for name, case in ONCE for number in SIGNALS]
jobs = [job for job in jobs if fnmatch.fnmatch(job[0], PATTERN)]
print(f"1..{len(jobs)}", flush=True)
bad = 0
with ThreadPoolExecutor(8) as pool:
    for line in pool.map(run, enumerate(jobs, 1)):
        print(line, flush=True)
        bad += line.startswith("not")
sys.exit(bad > 0)
