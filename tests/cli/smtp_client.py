#!/usr/bin/env python3
"""smtp_client - clients for a server under test: smtplib, and octets by hand.

	smtp_client.py PORT|/SOCKET <<'SCRIPT'

The script is Python; `port` and what is below are there for it.  It prints
what the test looks at.
"""

import smtplib
import socket
import ssl
import sys
import threading

port = sys.argv[1] if sys.argv[1].startswith("/") else int(sys.argv[1])
PATIENCE = 120
TEXT = "Subject: hello\r\nFrom: me@example.org\r\n\r\ntext\r\n"


def connect(host="127.0.0.1"):
    if isinstance(port, int):
        return socket.create_connection((host, port), PATIENCE)
    local = socket.socket(socket.AF_UNIX)
    local.settimeout(PATIENCE)
    local.connect(port)
    return local


class Local(smtplib.SMTP):
    """smtplib, by a socket in the file system."""

    def _get_socket(self, host, port, timeout):
        return connect()


class Raw:
    """A connection without a mind of its own."""

    def __init__(self, host="127.0.0.1"):
        self.socket = connect(host)
        self.file = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)
        return self

    def reply(self):
        """The last line of the next reply; '' when the server has closed."""
        while True:
            line = self.file.readline().decode("ascii").rstrip("\r\n")
            if not line or line[3:4] != "-":
                return line

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def codes(self, count):
        return [reply[:3] for reply in self.replies(count)]

    def close(self):
        self.file.close()
        self.socket.close()


def client(**options):
    if isinstance(port, int):
        return smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE, **options)
    return Local("localhost", 1, timeout=PATIENCE, **options)


def tls(ca):
    return ssl.create_default_context(cafile=ca)


def send(to="bob@example.org", sender="me@example.org", text=TEXT, **options):
    """One mail by smtplib: 'ok' or the server's refusal."""
    try:
        with client() as c:
            c.sendmail(sender, to, text, **options)
        return "ok"
    except smtplib.SMTPRecipientsRefused as error:
        return list(error.recipients.values())[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error


if __name__ == "__main__":
    exec(compile(sys.stdin.read(), "script", "exec"))
