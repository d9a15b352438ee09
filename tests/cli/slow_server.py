#!/usr/bin/env python3
"""slow_server.py smtp|pop3|full FOLDER - a server that is silent where it is
told.

Its port is written to FOLDER/port.  At a point (greet, MAIL, dot, QUIT; greet,
LIST, half of a message) that is an empty file FOLDER/hold-POINT it says nothing until there is
FOLDER/POINT.  Serves one client; ends when the client does.  One that is full
has no room for another connection, and ends at the point "full".
"""

import os
import socket
import sys
import time

PATIENCE = 120

protocol, folder = sys.argv[1:]


def pass_point(name):
    deadline = time.monotonic() + PATIENCE
    if not os.path.exists(f"{folder}/hold-{name}"):
        return
    while not os.path.exists(f"{folder}/{name}"):
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody lets me go on at {name}")
        time.sleep(0.02)


def smtp(line, lines):
    verb = line.split()[0].upper().decode()
    pass_point(verb)
    if verb == "EHLO":
        return "250-slow\r\n250 8BITMIME"
    if verb != "DATA":
        return "221 bye" if verb == "QUIT" else "250 yes"
    client.sendall(b"354 go on\r\n")
    for text in lines:
        if text == b".\r\n":
            break
    pass_point("dot")
    return "250 taken"


def pop3(line, lines):
    verb = line.split()[0].upper().decode()
    pass_point(verb)
    if verb == "RETR":
        client.sendall(b"+OK\r\nSubject: x\r\n\r\n" + b"0123456789\r\n" * 9000
                       + b"half a ")
        pass_point("half")
        return "line\r\n."
    return {
        "CAPA": "+OK\r\nUSER\r\nUIDL\r\n.",
        "STAT": "+OK 1 108030",
        "LIST": "+OK\r\n1 108030\r\n.",
        "UIDL": "+OK\r\n1 one\r\n.",
    }.get(verb, "+OK")


listener = socket.create_server(("127.0.0.1", 0), backlog=1)
crowd = [socket.socket() for _ in range(4 if protocol == "full" else 0)]
for each in crowd:
    each.setblocking(False)
    each.connect_ex(listener.getsockname())
with open(f"{folder}/port.new", "w", encoding="ascii") as out:
    print(listener.getsockname()[1], file=out)
os.rename(f"{folder}/port.new", f"{folder}/port")
if protocol == "full":
    pass_point("full")
    sys.exit()
listener.settimeout(PATIENCE)
client, _ = listener.accept()
client.settimeout(PATIENCE)
pass_point("greet")
client.sendall(b"220 slow ESMTP\r\n" if protocol == "smtp" else b"+OK slow\r\n")
heard = client.makefile("rb")
for one in heard:
    answer = smtp(one, heard) if protocol == "smtp" else pop3(one, heard)
    client.sendall(answer.encode() + b"\r\n")
