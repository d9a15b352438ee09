#!/usr/bin/env python3
"""flush_server LOG GATE - an SMTP server that says what it does.

Prints its port.  The log has a line for each EHLO and each message taken
("took SUBJECT"), written before the answer goes out.  A message whose subject
begins with "gate" is logged as "gate SUBJECT" and not answered before the file
GATE is there."""

import os
import socketserver
import sys
import time

LOG = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
GATE = sys.argv[2]


def log(text):
    os.write(LOG, text.encode() + b"\n")


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def message(self):
        self.say("354 go on")
        subject = "none"
        for line in iter(self.rfile.readline, b""):
            if line == b".\r\n":
                break
            if line.lower().startswith(b"subject: "):
                subject = line[9:].decode().strip()
        else:
            return
        if subject.startswith("gate"):
            log(f"gate {subject}")
            while not os.path.exists(GATE):
                time.sleep(0.01)
        log(f"took {subject}")
        self.say("250 2.0.0 taken")

    def handle(self):
        self.say("220 here")
        for line in iter(self.rfile.readline, b""):
            verb = line[:4].upper()
            if verb == b"EHLO":
                log("EHLO")
            if verb == b"DATA":
                self.message()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100


with Server(("127.0.0.1", 0), Session) as server:
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except (BrokenPipeError, ConnectionError):
        pass
