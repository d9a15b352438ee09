"""Play one dialogue: a fresh home, a server, the command, the checks."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import expect
from dialogue import expand, to_bytes, unescape
from proxy import Proxy
from queued import read_letters, read_queue
from record import Record
from server import Server

# What the command may see of our own environment: how sanitizers, coverage
# and checkers report, and nothing of the machine.
PASSED_ON = re.compile("(ASAN|UBSAN|LSAN|MSAN|TSAN|GCOV|LLVM|VALGRIND)_?.*|"
                       "LD_LIBRARY_PATH|LD_PRELOAD")
# The program and the other names that it answers to.
NAMES = ("mailsend", "sendmail", "mailq", "newaliases", "mail", "mailx",
         "mutt", "neomutt", "msmtp")
# A round trip is over when nothing more comes within this time.  Where there
# seem to be too many, the machine may be slow: then it is the next.
GRACES = 0.03, 0.3, 2.0


class Play:
    """What came of a dialogue; the checks read it."""

    def __init__(self, dialogue, certificates):
        self.dialogue = dialogue
        self.certificates = certificates
        self.record = Record()
        self.stated = {node.keyword for node in dialogue.expects}
        self.exit = None
        self.stdout = self.stderr = self.input = b""
        self.seconds = 0.0
        self.patience = 1.0
        self.grace = 0.0
        self.home = None
        self.values = {}
        self.problems = []

    def expand(self, text):
        return expand(text, self.values)

    def queue(self):
        return read_queue(os.path.join(self.home, "queue"))

    def letters(self):
        return read_letters(os.path.join(self.home, "dead.letter"))


def play(dialogue, certificates, options):
    """Run a dialogue.  Never raises: what goes wrong is a problem."""
    for grace in GRACES:
        result = play_once(dialogue, certificates, options, grace)
        if not result.problems or not all(
                each.startswith("round-trips") for each in result.problems):
            break
    return result


def play_once(dialogue, certificates, options, grace):
    result = Play(dialogue, certificates)
    result.grace = grace
    folder = tempfile.mkdtemp(prefix="dialogue-")
    result.home = os.path.join(folder, "home")
    try:
        os.mkdir(result.home, 0o700)
        perform(result, folder, options)
        if not result.problems:
            result.problems = expect.check_all(result)
        result.problems += [f"the peer itself: {fault}"
                            for fault in result.record.faults]
    except Exception as error:
        result.problems.append(f"the peer itself: {type(error).__name__}: "
                               f"{error}")
        if options.debug:
            raise
    finally:
        if options.keep:
            result.kept = folder
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return result


def perform(result, folder, options):
    dialogue = result.dialogue
    server = Server(dialogue.behaviour, result.values, result.record,
                    result.certificates)
    server.debug = options.debug
    if "round-trips" in result.stated:
        server.grace = result.grace
    proxy = None
    if dialogue.behaviour.proxy:
        proxy = Proxy(dialogue.behaviour.proxy, server.port, result.record)
    fill_values(result, server, proxy)
    lay_files(result)
    server.start()
    if proxy:
        proxy.start()
    try:
        run(result, folder, options)
    finally:
        if proxy:
            proxy.finish()
        server.finish()


def fill_values(result, server, proxy):
    behaviour = result.dialogue.behaviour
    values = result.values
    values.update(
        port=server.port, host="127.0.0.1", home=result.home,
        user=behaviour.user, password=behaviour.password,
        proxy_port=proxy.port if proxy else "",
        dead_port=closed_port(), python=shlex.quote(sys.executable),
        peerdir=shlex.quote(os.path.dirname(os.path.abspath(__file__))))
    certificates = result.certificates
    if certificates:
        values.update(
            ca=certificates.path("ca.pem"),
            bundle=certificates.path("bundle.pem"),
            client_cert=certificates.path("client.pem"),
            client_key=certificates.path("client.key"),
            fingerprint=certificates.fingerprint(behaviour.cert),
            fingerprint_sha1=certificates.fingerprint(behaviour.cert,
                                                      "sha1"))
    else:
        for name in ("ca", "bundle", "client_cert", "client_key", "fingerprint",
                     "fingerprint_sha1"):
            values[name] = ""
    for name, text in result.dialogue.lets.items():
        values[name] = expand(text, values)


def closed_port():
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def lay_files(result):
    for name, mode, text in result.dialogue.files:
        path = os.path.join(result.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(to_bytes(result.expand(text)))
        os.chmod(path, mode)
    if result.dialogue.input is not None:
        text = result.expand(result.dialogue.input)
        if result.dialogue.input_escaped:
            text = unescape(text.replace("\n", "\\n"))
        result.input = to_bytes(text)


def make_tools(folder, mailsend):
    """The folder where the command's shell finds `mailsend' and its other
    names.  Made before any thread: a script that is still open in a child
    just forked by another cannot be run (ETXTBSY)."""
    *checker, program = shlex.split(mailsend)
    for name in NAMES:
        path = os.path.join(folder, name)
        face = program
        if name != "mailsend":
            face = os.path.join(os.path.dirname(program), name)
        with open(path, "w") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join([*checker, face])} "$@"\n')
        os.chmod(path, 0o755)
    return folder


def environment(result, folder, options):
    env = {name: value for name, value in os.environ.items()
           if PASSED_ON.fullmatch(name)}
    env.update(HOME=result.home, MAILSEND_QUEUE=result.home + "/queue",
               LANG="C.UTF-8", LC_ALL="C.UTF-8", TZ="UTC",
               USER="me", LOGNAME="me", TMPDIR=folder,
               PATH=options.tools + ":" + os.environ.get("PATH", "/usr/bin:/bin"))
    for name, value in result.dialogue.env.items():
        env[name] = result.expand(value)
    return env


def run(result, folder, options):
    result.patience = options.patience
    limit = result.dialogue.limit * options.patience
    start = time.monotonic()
    process = subprocess.Popen(
        ["/bin/sh", "-c", result.expand(result.dialogue.script)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=result.home, start_new_session=True,
        env=environment(result, folder, options))
    try:
        result.stdout, result.stderr = process.communicate(result.input,
                                                           timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        result.stdout, result.stderr = process.communicate()
        result.problems.append(f"still running after {limit:.0f} seconds")
    result.seconds = time.monotonic() - start
    result.exit = process.returncode
