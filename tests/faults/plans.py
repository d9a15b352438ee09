"""What goes wrong in a run, and when."""

import errno
import fcntl
import os
import random
import re
import signal
import struct
import termios
import time

from world import SHIM

# The calls that fail, and how each of them can.  All of these are failures of
# the kernel's, by strace, but for two: a close that fails has closed, and
# memory is asked for in the process: these are the shim's.
ERRORS = {
    "openat": "EIO ENOSPC EMFILE EINTR ENOMEM",
    "read": "EIO EINTR EAGAIN",
    "pread64": "EIO EINTR",
    "write": "EIO ENOSPC EINTR EAGAIN",
    "writev": "EIO ENOSPC EINTR EAGAIN",
    "pwrite64": "EIO ENOSPC EINTR",
    "sendfile": "EIO EAGAIN",
    "copy_file_range": "EIO ENOSPC",
    "fsync": "EIO ENOSPC EINTR",
    "fdatasync": "EIO ENOSPC EINTR",
    "link": "EIO ENOSPC",
    "linkat": "EIO ENOSPC",
    "rename": "EIO ENOSPC",
    "renameat": "EIO ENOSPC",
    "renameat2": "EIO ENOSPC",
    "ftruncate": "EIO ENOSPC EINTR",
    "fallocate": "EIO ENOSPC",
    "flock": "EIO EINTR ENOLCK",
    "mmap": "ENOMEM",
    "poll": "EINTR ENOMEM",
    "ppoll": "EINTR ENOMEM",
    "select": "EINTR ENOMEM",
    "pselect6": "EINTR ENOMEM",
    "socket": "EMFILE ENOMEM",
    "connect": "EINTR EAGAIN EIO",
    "accept": "EMFILE EINTR EAGAIN",
    "accept4": "EMFILE EINTR EAGAIN",
    "sendto": "EIO EINTR EAGAIN ENOMEM",
    "sendmsg": "EIO EINTR EAGAIN ENOMEM",
    "recvfrom": "EIO EINTR EAGAIN ENOMEM",
    "recvmsg": "EIO EINTR EAGAIN ENOMEM",
    "getrandom": "EINTR EAGAIN ENOSYS",
    "fork": "EAGAIN ENOMEM",
    "vfork": "EAGAIN ENOMEM",
    "clone": "EAGAIN ENOMEM",
    "clone3": "EAGAIN ENOMEM",
    "pipe": "EMFILE",
    "pipe2": "EMFILE",
    "dup": "EMFILE",
    "dup2": "EMFILE EINTR",
    "dup3": "EMFILE EINTR",
    "wait4": "EINTR",
    "mkdir": "EIO ENOSPC",
    "unlink": "EIO",
    "unlinkat": "EIO",
    "stat": "EIO",
    "lstat": "EIO",
    "fstat": "EIO",
    "newfstatat": "EIO ENOMEM",
    "statx": "EIO",
    "access": "EIO",
    "faccessat": "EIO",
    "faccessat2": "EIO",
    "getdents64": "EIO",
    "lseek": "EIO",
    "fchmod": "EIO",
    "chmod": "EIO",
    "utimensat": "EIO",
    # of the shim
    "close": "EIO EINTR",
    "malloc": "ENOMEM",
}
SHIMMED = "close", "malloc"
SIGNALS = "TERM", "INT", "HUP"
MOMENTS = 60                # of each signal, in the whole
# Octets of RLIMIT_FSIZE: at the first of each, in a header, in a text.
SIZES = 0, 1, 100, 512, 1024, 4096, 20000, 65536, 100000


# The call with which the program has begun; what comes earlier is ld.so's.
BEGINS = "rt_sigaction"
EARLY = " (before any handler)"


class Plan:
    """Nothing goes wrong."""

    call = error = ""
    signal = 0              # the one that is sent
    spares_others = False   # programs that the command executes

    def strace(self, world, *more):
        """The program and its processes, or none that executes another."""
        if self.spares_others:
            more = "-b", "execve"       # a filter would stay with them
        return ["strace", "-f", "-qq", *more, "-o", world.path("strace")]

    def words(self, world):
        """Before the command."""
        del world
        return []

    def environment(self, world):
        del world
        return {}

    def follow(self, process):
        """While it runs."""

    def struck(self, world):
        """The call that failed and how, or nothing."""
        del world
        return ""


class Count(Plan):
    """All of its calls, to know which there are."""

    def words(self, world):
        return [*self.strace(world), "--"]

    @staticmethod
    def read(world):
        """How often the most busy process made each call; of all, the most of
        one: strace counts each by itself, also where it is told of all."""
        counts = {}
        with open(world.path("strace"), encoding="utf-8",
                  errors="replace") as file:
            for line in file:
                found = re.match(r"(\d+) +([a-z_0-9]+)\(", line)
                if found:
                    key = found[1], found[2]
                    counts[key] = counts.get(key, 0) + 1
        most = {}
        for (_, name), number in counts.items():
            most[name] = max(most.get(name, 0), number)
        most["all"] = max(most.values(), default=0)
        return most


class Kernel(Plan):
    """The n-th of these calls of each process fails."""

    def __init__(self, call, error, number):
        self.call, self.error, self.number = call, error, number

    def words(self, world):
        return [*self.strace(world, "--seccomp-bpf"), "-y",
                "-e", f"trace={self.call},{BEGINS}", "-e",
                f"inject={self.call}:error={self.error}:when={self.number}",
                "--"]

    def struck(self, world):
        """All of them: each process has its n-th."""
        found, began = [], False
        with open(world.path("strace"), encoding="utf-8",
                  errors="replace") as file:
            for line in file:
                began = began or BEGINS in line
                if "(INJECTED)" in line:
                    found.append(shorten(line) + ("" if began else EARLY))
        return "\n".join(found)


class Shim(Plan):
    """The n-th of these calls of all processes fails."""

    def __init__(self, call, error, number):
        self.call, self.error, self.number = call, error, number

    def environment(self, world):
        with open(world.path("shim"), "wb") as file:
            file.write(bytes(64))
        return {"LD_PRELOAD": SHIM, "FULL_STATE": world.path("shim"),
                "FULL_CALL": self.call, "FULL_AT": self.number,
                "FULL_ERRNO": getattr(errno, self.error)}

    def read(self, world):
        with open(world.path("shim"), "rb") as file:
            calls, failed, where = struct.unpack("II56s", file.read(64))
        return calls, failed, where.rstrip(b"\0").decode()

    def struck(self, world):
        _, failed, where = self.read(world)
        return f"{self.call} of {where} = {self.error}" if failed else ""


class Signal(Plan):
    """A signal at the n-th call of each kind that each process makes."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.signal = getattr(signal, "SIG" + name)

    def words(self, world):
        return [*self.strace(world), "-y", "-e", f"inject=all:signal=SIG{self.name}:when={self.number}",
                "--"]

    def struck(self, world):
        """The call after which it came."""
        before, began, mark = "", False, f"--- SIG{self.name} "
        with open(world.path("strace"), encoding="utf-8",
                  errors="replace") as file:
            for line in file:
                if mark in line:
                    return f"SIG{self.name} after {shorten(before)}" + \
                        ("" if began else EARLY)
                began = began or BEGINS in line
                before = line
        return ""


def is_fed(process):
    """Is there something in its pipe, or was all of it written?  A signal
    before that leaves nothing that could be kept."""
    try:
        return process.stdin is None or bool(struct.unpack("i", fcntl.ioctl(
            process.stdin.fileno(), termios.FIONREAD, bytes(4)))[0])
    except (ValueError, OSError):  # closed
        return True


class Moment(Plan):
    """A signal at some moment, to the command or to all of its session; the
    n-th of so many that are spread over the time of a run."""

    def __init__(self, name, number, seconds):
        self.name, self.number = name, number
        self.signal = getattr(signal, "SIG" + name)
        chance = random.Random(f"{name} {number}")
        self.wait = seconds * (number % MOMENTS + chance.random()) / MOMENTS
        self.all = chance.random() < 0.5
        self.sent = False

    def follow(self, process):
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end and \
                not (catches(process.pid, self.signal) and is_fed(process)):
            time.sleep(0.0003)
        end = time.monotonic() + self.wait
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.0003)
        if process.returncode is None:
            self.sent = True
            if self.all:
                os.killpg(process.pid, self.signal)
            else:
                process.send_signal(self.signal)

    def struck(self, world):
        return f"SIG{self.name} to {'all' if self.all else 'it'} after " \
            f"{self.wait:.4f} s" if self.sent else ""


class Size(Plan):
    """No file may be larger than so many octets."""

    signal = signal.SIGXFSZ

    def __init__(self, octets):
        self.octets = octets

    def words(self, world):
        return ["prlimit", f"--fsize={self.octets}", "--"]

    def struck(self, world):
        return f"files of {self.octets} octets"


def catches(pid, number):
    """Has it a handler for this signal?"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            found = re.search(r"SigCgt:\s*([0-9a-f]+)", file.read())
    except OSError:
        return False
    return bool(found) and bool(int(found[1], 16) >> (number - 1) & 1)


def shorten(line):
    line = line.strip()
    return line if len(line) < 180 else line[:110] + " ... " + line[-60:]


def make(kind, error, number, seconds):
    """By the words of a run's name."""
    if kind == "signal":
        return Signal(error, number)
    if kind == "moment":
        return Moment(error, number, seconds)
    if kind == "size":
        return Size(number)
    if kind in SHIMMED:
        return Shim(kind, error, number)
    return Kernel(kind, error, number)
