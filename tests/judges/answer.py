#!/usr/bin/env python3
"""answer.py SOCKET - run what ask.c asks for, each in a process of its own.

What the judges import was imported before; a fork has it at no cost.  Ends when
its standard input does.  Prints "ready".
"""

import argparse
import array
import atexit
import base64
import binascii
import collections
import datetime
import email
import email.generator
import email.header
import email.headerregistry
import email.message
import email.parser
import email.policy
import email.utils
import gc
import hashlib
import io
import json
import os
import quopri
import random
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

COMPILED = {}       # by path: of those that are asked for again and again


def receive(connection):
    """The streams, and the strings of ask.c."""
    head, streams, _, _ = socket.recv_fds(connection, 1, 3)
    assert len(streams) == 3
    while not head.endswith(b"\n"):
        head += connection.recv(1)
    left, text = int(head), []
    while left:
        text.append(connection.recv(left))
        assert text[-1]
        left -= len(text[-1])
    return streams, b"".join(text).split(b"\0")[:-1]


def become(streams, words):
    """The caller's streams, umask, folder, environment; the arguments."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.umask(int(words[0], 8))
    os.chdir(words[1])
    count = int(words[2])
    os.environb.clear()
    for word in words[3 + count:]:
        name, _, value = word.partition(b"=")
        os.environb[name] = value
    for name, mode in ("stdin", "r"), ("stdout", "w"), ("stderr", "w"):
        old = getattr(sys, name)
        new = io.TextIOWrapper(
            open(old.fileno(), mode + "b", closefd=False),
            encoding=old.encoding, errors=old.errors,
            line_buffering=name == "stderr" or os.isatty(old.fileno()))
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    return [os.fsdecode(word) for word in words[3:3 + count]]


def read_script(arguments):
    """What is to be run; sys.argv and sys.path are as it wants them."""
    folder = ""
    if arguments[0] == "-c":
        code, sys.argv = arguments[1], ["-c", *arguments[2:]]
    elif arguments[0] == "-":
        code, sys.argv = sys.stdin.read(), arguments
    else:
        path, sys.argv = os.path.abspath(arguments[0]), arguments
        folder = os.path.dirname(path)
        with open(path, encoding="utf-8") as file:
            code = file.read()
        if path in COMPILED and COMPILED[path][0] == code:
            code = COMPILED[path][1]
    sys.path[0] = folder
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(":"))
    if isinstance(code, str):
        code = compile(code, sys.argv[0], "exec")
    return code


def run(arguments):
    try:
        code = read_script(arguments)
        main = sys.modules["__main__"] = type(sys)("__main__")
        main.__file__ = sys.argv[0]
        exec(code, main.__dict__)           # pylint: disable=exec-used
        return 0
    except SystemExit as end:
        if end.code is None:
            return 0
        if isinstance(end.code, int):
            return end.code & 255
        print(end.code, file=sys.stderr)
    except BaseException:                   # pylint: disable=broad-except
        traceback.print_exc()
    return 1


def answer(connection):
    streams, words = receive(connection)
    arguments = become(streams, words)
    random.seed()
    time.tzset()
    status = run(arguments)
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        status = status or 120
    connection.sendall(b"%d" % status)


def reap():
    """Also that their time is counted as ours."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main():
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        COMPILED[os.path.abspath(path)] = text, compile(text, path, "exec")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    print("ready", flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.disable()
    gc.freeze()
    while True:
        if 0 in select.select([0, listener], [], [])[0]:
            return
        connection = listener.accept()[0]
        if os.fork() == 0:
            listener.close()
            gc.enable()
            try:
                answer(connection)
            finally:
                os._exit(0)
        connection.close()
        reap()


main()
