#!/usr/bin/env python3
"""talk_terminal.py COMMAND... - a person at a terminal, as a script on standard
input; what they saw goes to standard output.

    type TEXT     with Python's escapes; no Enter of its own
    enter TEXT    the same, and Enter
    see REGEX     wait until it is on the screen, behind what was seen before
    silent TEXT   from what was seen last on, TEXT is nowhere
    pause SECONDS look on for so long, for what must not be seen in that time
    touch FILE    make it, for who waits for that
    size COLUMNS  the terminal's
    end STATUS    wait for the command's end

Ends with 1 and a line on standard error where one of these does not come true.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 120


class Terminal:
    def __init__(self, command):
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.environ["TERM"] = "xterm"
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvp(command[0], command)
        self.size("80")
        self.screen = b""
        self.seen = 0
        self.over = False

    def size(self, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, int(columns), 0, 0))

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            data = b""
        self.over = not data
        self.screen += data
        return bool(data)

    def type(self, text):
        os.write(self.fd, text.encode().decode("unicode_escape")
                 .encode("latin-1"))

    def enter(self, text):
        self.type(text + "\\r")

    def see(self, pattern):
        deadline = time.monotonic() + PATIENCE
        wanted = re.compile(pattern.encode(), re.S)
        while True:
            found = wanted.search(self.screen, self.seen)
            if found:
                self.seen = found.end()
                return
            if self.over or not self.read(deadline - time.monotonic()):
                raise AssertionError("not seen: " + pattern)

    def silent(self, text):
        if text.encode() in self.screen[self.seen:]:
            raise AssertionError("seen: " + text)

    def pause(self, seconds):
        deadline = time.monotonic() + float(seconds)
        while not self.over and time.monotonic() < deadline:
            self.read(deadline - time.monotonic())

    def touch(self, path):
        open(path, "w").close()

    def end(self, status):
        deadline = time.monotonic() + PATIENCE
        while not self.over and self.read(deadline - time.monotonic()):
            pass
        _, ended = os.waitpid(self.process, 0)
        if os.waitstatus_to_exitcode(ended) != int(status):
            raise AssertionError(
                f"ended with {os.waitstatus_to_exitcode(ended)}")
        self.process = 0


def main():
    terminal = Terminal(sys.argv[1:])
    number = 0
    try:
        for number, line in enumerate(sys.stdin, 1):
            verb, _, rest = line.rstrip("\n").partition(" ")
            if verb and verb[0] != "#":
                getattr(terminal, verb)(rest)
    except AssertionError as trouble:
        print(f"line {number}: {trouble}", file=sys.stderr)
        return 1
    finally:
        sys.stdout.buffer.write(terminal.screen)
        if terminal.process:
            os.kill(terminal.process, 9)
    return 0


sys.exit(main())
