"""run_terminal.py MAILSEND - a job in a shell at a terminal: it is interrupted,
and it may ask.
"""
import os
import pty
import re
import select
import sys
import time

PATIENCE = 120


class Shell:
    """One with job control, and what it shows."""

    def __init__(self):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ["PS1"] = "PROMPT> "
            os.execlp("bash", "bash", "--norc", "--noprofile", "--noediting",
                      "-i")
        self.shown = ""

    def await_text(self, pattern):
        """Until that is shown; what was shown before is forgotten."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.shown, re.M)
            if match:
                self.shown = self.shown[match.end():]
                return
            if time.monotonic() > end:
                sys.exit(f"in vain for {pattern!r}: {self.shown!r}")
            if select.select([self.fd], [], [], 0.2)[0]:
                self.shown += os.read(self.fd, 65536).decode()

    def type(self, text):
        """As a person does."""
        os.write(self.fd, text.encode())


def main():
    """Each in turn."""
    run = f"{sys.argv[1]} --run --timeout 100s alice --"
    shell = Shell()
    shell.await_text(r"PROMPT> $")
    shell.type(f"{run} sh -c 'echo rea''dy; exec sleep 600'\n")
    shell.await_text(r"ready\r")
    shell.type("\x03")
    shell.await_text(r"PROMPT> $")
    shell.type("echo status=$?\n")
    shell.await_text(r"status=130\r")
    shell.type(f"{run} sh -c 'echo as''king; read x </dev/tty; echo got $x'\n")
    shell.await_text(r"asking\r")
    shell.type("words\n")
    shell.await_text(r"got words\r")


main()
