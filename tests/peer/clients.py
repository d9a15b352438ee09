#!/usr/bin/env python3
"""Clients for selftest.py, good ones and wrong ones: clients.py NAME PORT CA.

Some are Python's smtplib; the others (`talker`) say exactly what they are
told.  The exit status is the client's verdict, as a mail program's would be.
"""

import base64
import hashlib
import hmac
import os
import smtplib
import socket
import ssl
import sys
import time

USER, PASSWORD = "me@example.org", "s3cr3t-Pa55"
MESSAGE = ("From: me@example.org\r\nTo: ann@example.org\r\n"
           "Date: Sat, 01 Jan 2022 00:00:00 +0000\r\n"
           "Message-ID: <1@example.org>\r\nSubject: Hello\r\n\r\n"
           ".one\r\n..two\r\nthree\r\n")

CLIENTS = {}


def client(function):
    CLIENTS[function.__name__.replace("_", "-")] = function
    return function


def trusting(ca):
    return ssl.create_default_context(cafile=ca)


def deliver(smtp, recipients=("ann@example.org",), message=MESSAGE):
    refused = smtp.sendmail(USER, recipients, message)
    smtp.quit()
    return 79 if refused else 0


@client
def good_plain(port, ca):
    return deliver(smtplib.SMTP("127.0.0.1", port))


@client
def good_starttls(port, ca):
    smtp = smtplib.SMTP("localhost", port)
    smtp.starttls(context=trusting(ca))
    smtp.login(USER, PASSWORD)
    return deliver(smtp)


@client
def good_implicit(port, ca):
    smtp = smtplib.SMTP_SSL("localhost", port, context=trusting(ca))
    smtp.login(USER, PASSWORD)
    return deliver(smtp)


@client
def good_partial(port, ca):
    return deliver(smtplib.SMTP("127.0.0.1", port),
                   ("ann@example.org", "bob@example.org"))


@client
def good_client_cert(port, ca):
    context = trusting(ca)
    folder = os.path.dirname(ca)
    context.load_cert_chain(os.path.join(folder, "client.pem"),
                            os.path.join(folder, "client.key"))
    smtp = smtplib.SMTP_SSL("localhost", port, context=context)
    smtp.ehlo()
    smtp.docmd("AUTH", "EXTERNAL =")
    return deliver(smtp)


@client
def clear_login(port, ca):
    smtp = smtplib.SMTP("127.0.0.1", port)
    smtp.login(USER, PASSWORD)
    return deliver(smtp)


@client
def other_text(port, ca):
    return deliver(smtplib.SMTP("127.0.0.1", port),
                   message=MESSAGE.replace("three", "four"))


@client
def twice(port, ca):
    good_plain(port, ca)
    return good_plain(port, ca)


@client
def second_try(port, ca):
    try:
        return good_plain(port, ca)
    except smtplib.SMTPException:
        return good_plain(port, ca)


@client
def liar(port, ca):
    """Exits 0 whatever happens."""
    try:
        good_plain(port, ca)
    except smtplib.SMTPException:
        pass
    return 0


@client
def alarmed(port, ca):
    good_plain(port, ca)
    return 75


@client
def careless(port, ca):
    """Fails, and keeps nothing."""
    try:
        return good_plain(port, ca)
    except (smtplib.SMTPException, OSError):
        return 75


def keeping(port, ca, mode=0o600, text=MESSAGE):
    try:
        return good_plain(port, ca)
    except (smtplib.SMTPException, OSError):
        with open("dead.letter", "w", newline="") as file:
            file.write("From me Sat Jan  1 00:00:00 2022\n" +
                       text.replace("\r\n", "\n") + "\n")
        os.chmod("dead.letter", mode)
        return 75


@client
def keeper(port, ca):
    return keeping(port, ca)


@client
def keeper_for_all(port, ca):
    return keeping(port, ca, mode=0o644)


@client
def keeper_of_half(port, ca):
    return keeping(port, ca, text=MESSAGE[:-12])


@client
def chatter(port, ca):
    print("the password is " + PASSWORD)
    return good_plain(port, ca)


@client
def sleeper(port, ca):
    time.sleep(60)


@client
def no_certificate_check(port, ca):
    context = ssl._create_unverified_context()
    return deliver(smtplib.SMTP_SSL("localhost", port, context=context))


def talk(port, *flights, tls=None):
    """Send each flight at once, then take replies until it is quiet.
    A flight (count, bytes) waits for so many final reply lines."""
    sock = socket.create_connection(("127.0.0.1", port))
    stream = sock.makefile("rb")

    def replies(count):
        while count:
            line = stream.readline()
            if not line:
                return
            count -= line[3:4] != b"-"
    replies(1)
    for count, data in flights:
        sock.sendall(data)
        replies(count)
    sock.close()
    return 0


BODY = MESSAGE.encode()
DOTTED = BODY.replace(b"\r\n.", b"\r\n..")
OPEN = (b"MAIL FROM:<me@example.org>\r\n", b"RCPT TO:<ann@example.org>\r\n")


def talker(name, *flights):
    CLIENTS[name] = lambda port, ca: talk(port, *flights)


talker("lock-step", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED + b".\r\n"), (0, b"QUIT\r\n"))
talker("pipelined", (1, b"EHLO me\r\n"), (3, OPEN[0] + OPEN[1] + b"DATA\r\n"),
       (1, DOTTED + b".\r\n"), (0, b"QUIT\r\n"))
talker("chunked", (1, b"EHLO me\r\n"),
       (3, OPEN[0] + OPEN[1] + b"BDAT %d LAST\r\n" % len(BODY) + BODY),
       (0, b"QUIT\r\n"))
talker("two-chunks", (1, b"EHLO me\r\n"),
       (4, OPEN[0] + OPEN[1] + b"BDAT 20\r\n" + BODY[:20] +
        b"BDAT %d LAST\r\n" % (len(BODY) - 20) + BODY[20:]),
       (0, b"QUIT\r\n"))
talker("data-in-a-hurry", (1, b"EHLO me\r\n"),
       (4, OPEN[0] + OPEN[1] + b"DATA\r\n" + DOTTED + b".\r\n"),
       (0, b"QUIT\r\n"))
talker("not-dotted", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, BODY + b".\r\n"), (0, b"QUIT\r\n"))
talker("bare-lf", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED.replace(b"\r\n.", b"\n.") + b".\r\n"),
       (0, b"QUIT\r\n"))
talker("lf-commands", (1, b"EHLO me\n"), (0, b"QUIT\n"))
talker("eight-bit", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED + b"\xe4\r\n.\r\n"), (0, b"QUIT\r\n"))
talker("long-line", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED + b"x" * 999 + b"\r\n.\r\n"),
       (0, b"QUIT\r\n"))
talker("dsn", (1, b"EHLO me\r\n"), (1, OPEN[0][:-2] + b" RET=HDRS\r\n"),
       (0, b"QUIT\r\n"))
talker("small-size", (1, b"EHLO me\r\n"),
       (1, OPEN[0][:-2] + b" SIZE=10\r\n"), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED + b".\r\n"), (0, b"QUIT\r\n"))
talker("stubborn", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, DOTTED + b".\r\n"), (0, b"QUIT\r\n"))
talker("no-ehlo", (1, OPEN[0]), (0, b"QUIT\r\n"))
talker("hasty-quit", (1, b"EHLO me\r\n"),
       (4, OPEN[0] + OPEN[1] + b"DATA\r\nQUIT\r\n.\r\n"))
talker("utf8-header", (1, b"EHLO me\r\n"), (1, OPEN[0]), (1, OPEN[1]),
       (1, b"DATA\r\n"), (1, "X-Name: Ännä\r\n".encode() + DOTTED +
                          b".\r\n"), (0, b"QUIT\r\n"))
talker("utf8", (1, b"EHLO me\r\n"), (1, OPEN[0]),
       (1, "RCPT TO:<ännä@example.org>\r\n".encode()), (0, b"QUIT\r\n"))
talker("injected", (1, b"EHLO me\r\n"),
       (1, b"MAIL FROM:<me@example.org\r> x\r\n"), (0, b"QUIT\r\n"))
talker("deaf", (1, b"EHLO me\r\n"),
       (3001, OPEN[0] + b"RCPT TO:<ann@a-rather-long-domain-name.example."
        b"org>\r\n" * 3000), (0, b"QUIT\r\n"))


@client
def cram(port, ca):
    """CRAM-MD5 by hand, with our own arithmetic."""
    smtp = smtplib.SMTP("127.0.0.1", port)
    smtp.ehlo()
    _, challenge = smtp.docmd("AUTH", "CRAM-MD5")
    proof = hmac.new(PASSWORD.encode(), base64.b64decode(challenge),
                     hashlib.md5).hexdigest()
    code, _ = smtp.docmd(base64.b64encode(
        f"{USER} {proof}".encode()).decode())
    return 0 if code == 235 else 77


@client
def bearer(port, ca):
    smtp = smtplib.SMTP("127.0.0.1", port)
    smtp.ehlo()
    token = f"user={USER}\1auth=Bearer {PASSWORD}\1\1"
    code, _ = smtp.docmd("AUTH", "XOAUTH2 " + base64.b64encode(
        token.encode()).decode())
    return 0 if code == 235 else 77


@client
def injectable(port, ca):
    """Takes the EHLO from the buffer that was filled before TLS."""
    sock = socket.create_connection(("localhost", port))
    stream = sock.makefile("rb")
    stream.readline()
    sock.sendall(b"EHLO me\r\n")
    while stream.readline()[3:4] == b"-":
        pass
    sock.sendall(b"STARTTLS\r\n")
    stream.readline()
    poison = stream.readline()
    print(poison.decode())
    return 76 if b"evil" in poison else 0


if __name__ == "__main__":
    sys.exit(CLIENTS[sys.argv[1]](int(sys.argv[2]), sys.argv[3]))
