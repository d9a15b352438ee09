"""run_terminal.py MAILSEND [SHELL...] - a job in a shell at a terminal: it is
stopped and continued, it is interrupted, and it may ask.

run_terminal.py --job [WORD...] is the job: it runs until there is a file `go`.
It has no children: a shell that was stopped between vfork and exec of a command
waits for that child, without being stopped itself, so that it is not seen to
stop by any shell (dash 0.5.12, also without us).
"""
import os
import pty
import re
import select
import shlex
import shutil
import signal
import sys
import time

PATIENCE = 120
SHELLS = {
    "bash": ["--norc", "--noprofile", "--noediting", "-i"],
    "dash": ["-i"],
    "zsh": ["-f", "+Z", "-i"],
}
PROMPT = r"PROMPT> $"
STOPPED = r"Stopped|suspended"


def job(words):
    """Says when it begins, is continued and ends."""
    if "ignores" in words:
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    signal.signal(signal.SIGCONT, lambda *_: print("continued", flush=True))
    print("begin", flush=True)
    while not os.path.exists("go"):
        time.sleep(0.02)
    print("end", flush=True)
    sys.exit(5)


class Shell:
    """One with job control, and what it shows."""

    def __init__(self, name):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = os.environ["PROMPT"] = "PROMPT> "
            os.execlp(name, name, *SHELLS[name])
        self.shown = ""
        self.await_text(PROMPT)

    def await_text(self, pattern, never=None):
        """Until that is shown, and returned; what was before is forgotten."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.shown, re.M)
            if match:
                before = self.shown[:match.start()]
                if never and re.search(never, before):
                    sys.exit(f"there is {never!r}: {before!r}")
                self.shown = self.shown[match.end():]
                return match[0]
            if time.monotonic() > end:
                sys.exit(f"in vain for {pattern!r}: {self.shown!r}")
            if select.select([self.fd], [], [], 0.2)[0]:
                self.shown += os.read(self.fd, 65536).decode()

    def type(self, text):
        """As a person does."""
        os.write(self.fd, text.encode())

    def stop(self):
        """With Ctrl-Z, once the job is in the foreground."""
        end = time.monotonic() + PATIENCE
        while os.tcgetpgrp(self.fd) == self.pid:
            if time.monotonic() > end:
                sys.exit("the shell keeps the terminal")
            time.sleep(0.01)
        self.type("\x1a")
        self.await_text(STOPPED)
        self.await_text(PROMPT)

    def resume(self):
        """In the foreground."""
        self.type("fg\n")
        self.await_text(r"continued\r")

    def end(self, status=5):
        """The job has its file, and ends."""
        with open("go", "w", encoding="ascii"):
            pass
        self.await_text(r"end\r", STOPPED)
        self.await_text(PROMPT)
        self.status(status)

    def status(self, number):
        """That of the last command."""
        self.type("echo status=$?\n")
        self.await_text(rf"status={number}\r")
        self.await_text(PROMPT)
        if os.path.exists("go"):
            os.remove("go")


def stops(shell, run, this):
    """Stopped, twice, and continued."""
    shell.type(f"{run} {this}\n")
    shell.await_text(r"begin\r")
    for _ in range(2):
        shell.stop()
        shell.resume()
    shell.end()


def stops_then_interrupted(shell, run, this):
    """Ctrl-C still reaches it."""
    shell.type(f"{run} {this}\n")
    shell.await_text(r"begin\r")
    shell.stop()
    shell.resume()
    shell.type("\x03")
    shell.await_text(PROMPT)
    shell.status(130)


def ignores(shell, run, this):
    """Ctrl-Z has no effect on it, nor on us."""
    shell.type(f"{run} {this} ignores\n")
    shell.await_text(r"begin\r")
    shell.type("\x1a")
    shell.await_text(r"\^Z")
    shell.end()


def stops_in_pipeline(shell, run, this):
    """The others of the pipeline with it."""
    shell.type(f"{run.replace('--run', '--run --tee')} {this} | cat\n")
    shell.await_text(r"begin\r")
    shell.stop()
    shell.resume()
    shell.end(0)


def goes_on_in_background(shell, run, this):
    """Brought to the front again, it can be stopped once more: the terminal is
    not the job's then, and we get the signal."""
    shell.type(f"{run} {this}\n")
    shell.await_text(r"begin\r")
    shell.stop()
    shell.type("bg\n")
    shell.await_text(r"continued\r")
    shell.type("fg\n")
    shell.await_text(r"--job[^\n]*\n")
    shell.stop()
    shell.resume()
    shell.end()


def stopped_by_kill(shell, run, this):
    """In the background, by a signal to us."""
    shell.type(f"{run} {this} &\n")
    shell.await_text(r"begin\r")
    shell.type("kill -TSTP %1\n")      # told of at any time, by zsh
    listed = ""
    while not re.search(STOPPED, listed):
        shell.type("jobs\n")
        listed = shell.await_text(r".*--job[^\n]*\n")
    shell.resume()
    shell.end()


def interrupted(shell, run, _):
    """With Ctrl-C."""
    shell.type(f"{run} sh -c 'echo rea''dy; exec sleep 600'\n")
    shell.await_text(r"ready\r")
    shell.type("\x03")
    shell.await_text(PROMPT)
    shell.status(130)


def asks(shell, run, _):
    """It has the terminal."""
    shell.type(f"{run} sh -c 'echo as''king; read x </dev/tty; echo got $x'\n")
    shell.await_text(r"asking\r")
    shell.type("words\n")
    shell.await_text(r"got words\r")
    shell.await_text(PROMPT)
    shell.status(0)


SCENARIOS = [stops, stops_then_interrupted, ignores, stops_in_pipeline,
             goes_on_in_background, stopped_by_kill, interrupted, asks]


def main():
    """Each in turn, in each shell that there is."""
    if sys.argv[1] == "--job":
        job(sys.argv[2:])
    run = f"{sys.argv[1]} --run --timeout 1h alice --"
    this = f"{sys.executable} {shlex.quote(os.path.abspath(__file__))} --job"
    for name in sys.argv[2:] or SHELLS:
        if not shutil.which(name):
            continue
        for scenario in SCENARIOS:
            shell = Shell(name)
            scenario(shell, run, this)
            shell.type("exit\n")
            os.close(shell.fd)
            print(name, scenario.__name__)


main()
