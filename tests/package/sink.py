#!/usr/bin/env python3
"""sink.py PORT DIRECTORY - a relay that takes every mail.

Each becomes a file of DIRECTORY, which has it as soon as it is whole, with the
envelope in fields before its header: Return-Path and Delivered-To.  Prints a line
when it listens."""

import itertools
import os
import socketserver
import sys

DIRECTORY = sys.argv[2]
NUMBER = itertools.count(1)


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def message(self, envelope):
        self.say("354 go on")
        lines = []
        for line in iter(self.rfile.readline, b""):
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        else:
            return
        path = os.path.join(DIRECTORY, str(next(NUMBER)))
        with open(path + ".new", "wb") as file:
            file.writelines(envelope + lines)
        os.rename(path + ".new", path)
        self.say("250 2.0.0 taken")

    def handle(self):
        envelope = []
        self.say("220 sink.example.test")
        for line in iter(self.rfile.readline, b""):
            verb = line[:4].upper()
            path = line.partition(b"<")[2].partition(b">")[0]
            if verb == b"MAIL":
                envelope = [b"Return-Path: <" + path + b">\r\n"]
            elif verb == b"RCPT":
                envelope.append(b"Delivered-To: " + path + b"\r\n")
            if verb == b"DATA":
                self.message(envelope)
            elif verb == b"QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 fine")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", int(sys.argv[1])), Session) as server:
    print("ready", flush=True)
    server.serve_forever()
