"""A good submission server by hand: each mail becomes a file.

Used by the demo and the benchmarks.  Messages are written as they come, in
constant memory, into a Maildir (tmp, then new).
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from certs import Certificates
from dialogue import Behaviour
from record import Record
from server import Server


class Maildir:
    """Where one message goes; opened by the server for each."""

    count = 0
    lock = threading.Lock()

    def __init__(self, folder, mail):
        with Maildir.lock:
            Maildir.count += 1
            number = Maildir.count
        self.folder = folder
        self.base = f"{time.time():.6f}.P{os.getpid()}Q{number}.peer"
        self.path = os.path.join(folder, "tmp", self.base)
        self.file = open(self.path, "wb", buffering=0)
        self.size = 0
        self.mail = mail
        self.file.write(b"Return-Path: <" + mail.sender.encode() + b">\n")

    def write(self, data):
        self.size += len(data)
        self.file.write(data)

    def name(self):
        return self.base

    def keep(self):
        self.file.close()
        os.rename(self.path, os.path.join(self.folder, "new", self.base))

    def forget(self):
        self.file.close()
        if os.path.exists(self.path):
            os.unlink(self.path)


class Nowhere:
    """Takes a message and leaves it: for benchmarks of the client."""

    def __init__(self, mail):
        self.size = 0

    def write(self, data):
        self.size += len(data)

    def name(self):
        return "nowhere"

    def keep(self):
        pass

    forget = keep


def add_options(parser):
    group = parser.add_argument_group("with --serve")
    group.add_argument("--port", type=int, default=0)
    group.add_argument("--tls", default="starttls",
                       choices=("none", "starttls", "implicit"))
    group.add_argument("--user", default="me@example.org")
    group.add_argument("--password", default="s3cr3t-Pa55")
    group.add_argument("--auth", default="PLAIN LOGIN CRAM-MD5",
                       help="mechanisms; empty: none, and none is needed")
    group.add_argument("--size", type=int, default=0,
                       help="the largest message, in octets; 0: any")
    group.add_argument("--without", default="", metavar="CAPS",
                       help="capabilities not to offer, with commas")
    group.add_argument("--maildir", help="where mails go; else nowhere")
    group.add_argument("--certs", metavar="FOLDER",
                       help="keep the certificates there")
    group.add_argument("command", nargs="*",
                       help="run this beside the server and end with it; "
                       "PEER_PORT, PEER_CA, PEER_FINGERPRINT, PEER_USER "
                       "and PEER_PASSWORD are in its environment")


def behaviour_of(options):
    behaviour = Behaviour()
    behaviour.tls = options.tls
    behaviour.mechanisms = options.auth.split()
    behaviour.user, behaviour.password = options.user, options.password
    without = {cap.strip().upper() for cap in options.without.split(",")}
    behaviour.caps = [cap for cap in behaviour.caps
                      if cap.split(" ")[0] not in without | {"SIZE"}]
    if "SIZE" not in without:
        behaviour.caps.append(f"SIZE {options.size}")
    return behaviour


def serve(options):
    with tempfile.TemporaryDirectory(prefix="peer-") as scratch:
        certificates = Certificates(options.certs or scratch)
        open_sink = Nowhere
        if options.maildir:
            for name in ("tmp", "new", "cur"):
                os.makedirs(os.path.join(options.maildir, name),
                            exist_ok=True)
            open_sink = lambda mail: Maildir(options.maildir, mail)
        server = Server(behaviour_of(options), {}, Record(), certificates,
                        open_sink, options.port)
        server.lawful = False
        server.forgetful = True
        server.start()
        about = {
            "PEER_PORT": str(server.port),
            "PEER_CA": certificates.path("ca.pem"),
            "PEER_FINGERPRINT": certificates.fingerprint("good"),
            "PEER_USER": options.user, "PEER_PASSWORD": options.password,
        }
        if options.command:
            return subprocess.call(options.command,
                                   env={**os.environ, **about})
        for name, value in about.items():
            if name != "PEER_PASSWORD":
                print(f"{name}={value}")
        print("ready", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
