#!/usr/bin/env python3
"""A person at a terminal sets up: setup_terminal.py CA PASSWORD CONFIG COMMAND...

Each answer is typed when its question stands there.  Checks that the password
is never shown, that a wrong answer is asked for again, and that Ctrl-C at any
question leaves no file behind.
"""

import os
import pty
import select
import signal
import sys
import termios

ca, password, config, *command = sys.argv[1:]
PATIENCE = 120

STEPS = [
    ("mail address: ", "nonsense"),
    ("mail address: ", "me@example.org"),
    ("? [no]: ", "maybe"),
    ("? [no]: ", "yes"),
    ("[me@example.org]: ", ""),
    ("[file]: ", "file"),
    ("not echoed): ", "wrong-Pa55"),
    ("[password]: ", ""),
    ("not echoed): ", password),
    ("[yes]: ", ""),
    ("mail to me@example.org? [yes]: ", "no"),
    ("[yes]: ", "no"),
]


class Terminal:
    def __init__(self):
        self.seen = b""
        self.at = 0
        self.child, self.fd = pty.fork()
        if self.child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvp(command[0], [*command, "--setup", "--set",
                                   "tls_trust_file=" + ca])

    def read(self):
        ready, _, _ = select.select([self.fd], [], [], PATIENCE)
        if not ready:
            raise SystemExit(f"nothing more after: {self.seen.decode()!r}")
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            data = b""
        self.seen += data
        return bool(data)

    def expect(self, text):
        while text.encode() not in self.seen[self.at:]:
            if not self.read():
                raise SystemExit(f"ended before {text!r}:\n"
                                 f"{self.seen.decode()}")
        self.at = len(self.seen)

    def type(self, text):
        os.write(self.fd, text.encode())

    def has_echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        while self.read():
            pass
        return os.waitpid(self.child, 0)[1]


def walk(terminal, steps):
    for question, answer in steps:
        terminal.expect(question)
        assert terminal.has_echo() != ("not echoed" in question), question
        terminal.type(answer + "\n")


def files():
    folder = os.path.dirname(config)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


for count in range(len(STEPS) - 2):
    terminal = Terminal()
    walk(terminal, STEPS[:count])
    terminal.expect(STEPS[count][0])
    terminal.type("\x03")
    status = terminal.end()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
    assert b"ended by SIGINT" in terminal.seen, terminal.seen
    assert terminal.has_echo()
    assert not files(), files()

terminal = Terminal()
walk(terminal, STEPS)
status = terminal.end()
assert status == 0, (status, terminal.seen.decode())
for secret in (password, "wrong-Pa55"):
    assert secret.encode() not in terminal.seen, "the password was shown"
assert files() == ["config", "example.password"], files()
