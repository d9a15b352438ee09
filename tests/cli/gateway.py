#!/usr/bin/env python3
"""gateway HOW FOLDER - what gateways, lists and people do to the mails of a
folder on their way, each in its place."""

import base64
import email
import email.policy
import os
import quopri
import sys
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

POLICY = email.policy.compat32


def parts_before(message, extra):
    """As a part before all others."""
    inner = message.get_payload()
    message.set_payload([extra] + inner)
    return message


def strip_labels(message):
    for part in message.walk():
        if part is not message:
            del part["X-Mailsend-Part"]
    return message


def attach(part, name):
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


def logo(message):
    return parts_before(strip_labels(message),
                        MIMEImage(b"\x89PNG\r\n\x1a\n" + bytes(60), "png"))


def tnef(message):
    return parts_before(strip_labels(message), attach(
        MIMEApplication(b"\x78\x9f\x3e\x22" + bytes(99), "ms-tnef"),
        "winmail.dat"))


def report(message):
    return parts_before(strip_labels(message), attach(
        MIMEText("No threat was found.\n"), "report.txt"))


def signature(message):
    message.attach(attach(
        MIMEApplication(b"0\x82", "pkcs7-signature"), "smime.p7s"))
    return message


def other(message):
    message.attach(attach(MIMEApplication(b"small", "octet-stream"),
                          "small.txt"))
    return message


def footer(message):
    message.attach(MIMEText("_______________________________________________\n"
                            "ops mailing list\nhttps://lists.example.org/\n"))
    return message


def note(message):
    return parts_before(message, MIMEText("Here are the logs, Bob.\n"))


def forward(message, encode=False):
    """As an attachment of another mail."""
    outer = MIMEMultipart()
    outer["From"] = "ops@example.org"
    outer["Subject"] = "Fwd: " + message["Subject"]
    inner = MIMEMessage(message)
    if encode:
        text = base64.encodebytes(message.as_bytes()).decode()
        inner = EmailMessage(policy=POLICY)
        inner["Content-Type"] = "message/rfc822"
        inner["Content-Transfer-Encoding"] = "base64"
        inner.set_payload(text)
    outer.attach(inner)
    return outer


def digest(folder):
    """All of them, encoded, in one mail."""
    names = sorted(os.listdir(folder))
    outer = MIMEMultipart()
    outer["From"] = "ops@example.org"
    outer["Subject"] = "all of them"
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            text = file.read()
        inner = EmailMessage(policy=POLICY)
        inner["Content-Type"] = "message/rfc822"
        inner["Content-Transfer-Encoding"] = "base64"
        inner.set_payload(base64.encodebytes(text).decode())
        outer.attach(inner)
        os.unlink(os.path.join(folder, name))
    with open(os.path.join(folder, "digest.eml"), "wb") as file:
        file.write(outer.as_bytes())


def mangle(text):
    """The body as quoted-printable, without a word of it."""
    head, body = text.split(b"\n\n", 1)
    return head + b"\n\n" + quopri.encodestring(body)


def main():
    how, folder = sys.argv[1:]
    if how == "digest":
        digest(folder)
        return
    for number, name in enumerate(sorted(os.listdir(folder))):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            text = file.read()
        if how == "mangle":
            text = mangle(text)
        elif how == "reply":
            prefix = [b"", b"Re: ", b"[ops] ", b"Fwd: [ops] Re: "][number % 4]
            text = text.replace(b"Subject: ", b"Subject: " + prefix, 1)
        else:
            message = email.message_from_bytes(text, policy=POLICY)
            if how == "encode":
                message = forward(message, True)
            else:
                message = globals()[how](message)
            text = message.as_bytes()
        with open(path, "wb") as file:
            file.write(text)


main()
