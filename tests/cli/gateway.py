#!/usr/bin/env python3
"""gateway HOW FOLDER - what gateways, lists and people do to the mails of a
folder on their way, each in its place."""

import base64
import email
import email.policy
import os
import quopri
import re
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


def related(message):
    """A page with its logo before everything."""
    page = MIMEMultipart("related")
    page.attach(MIMEText('<img src="cid:logo">', "html"))
    page.attach(MIMEImage(b"\x89PNG\r\n\x1a\n" + bytes(60), "png"))
    page.get_payload()[1]["Content-ID"] = "<logo>"
    return parts_before(strip_labels(message), page)


def decoy(message):
    """As large as the data, and named in no label."""
    return parts_before(strip_labels(message), attach(
        MIMEApplication(bytes(range(250)) * 36, "octet-stream"), "scan.zip"))


def disclaimer(message):
    message.attach(MIMEText("<p>Confidential.</p>", "html"))
    return message


def scanned(message):
    message.attach(MIMEText("-- \nThis message was scanned by a gateway.\n"
                            "No threat was found.\n"))
    return message


def twice(message):
    return forward(forward(message, True), True)


def note(message):
    return parts_before(message, MIMEText("Here are the logs, Bob.\n"))


def forward(message, encode=False):
    """As an attachment of another mail."""
    outer = MIMEMultipart()
    outer["From"] = "ops@example.org"
    outer["Subject"] = "Fwd: " + message["Subject"]
    inner = MIMEMessage(message)
    outer.attach(encoded(message.as_bytes()) if encode else inner)
    return outer


def encoded(text):
    inner = EmailMessage(policy=POLICY)
    inner["Content-Type"] = "message/rfc822"
    inner["Content-Transfer-Encoding"] = "base64"
    inner.set_payload(base64.encodebytes(text).decode())
    return inner


def digest(folder, how="digest"):
    """All of them in one mail: encoded, as a list's digest (bundle), or with
    somebody's own mail among them (mixture)."""
    outer = MIMEMultipart("digest" if how == "bundle" else "mixed")
    outer["From"] = "ops@example.org"
    outer["Subject"] = "all of them"
    if how == "mixture":
        outer.attach(encoded(b"From: carol@example.org\nSubject: private\n\n"
                             b"Keep this one.\n"))
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            text = file.read()
        outer.attach(MIMEMessage(email.message_from_bytes(text, policy=POLICY))
                     if how == "bundle" else encoded(text))
        os.unlink(os.path.join(folder, name))
    with open(os.path.join(folder, "digest.eml"), "wb") as file:
        file.write(outer.as_bytes())


def mangle(text):
    """The body as quoted-printable, without a word of it."""
    head, body = text.split(b"\n\n", 1)
    return head + b"\n\n" + quopri.encodestring(body)


def escape(text):
    """Through HTML, and not said so."""
    head, body = text.split(b"\n\n", 1)
    for one, other in (b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"):
        body = body.replace(one, other)
    return head + b"\n\n" + body


def quote(text):
    """In a reply."""
    head, body = text.split(b"\n\n", 1)
    lines = [b"> " + line for line in body.splitlines(True)]
    return head + b"\n\nOn Monday ops wrote:\n\n" + b"".join(lines)


def bare(text):
    """The subject's numbers without what stands around them."""
    return re.sub(rb"(?m)^(Subject: .*)[(\[](\d+/\d+)[)\]]", rb"\1\2", text,
                  count=1)


def main():
    how, folder = sys.argv[1:]
    if how in ("digest", "bundle", "mixture"):
        digest(folder, how)
        return
    for number, name in enumerate(sorted(os.listdir(folder))):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            text = file.read()
        if how in ("mangle", "escape", "quote", "bare"):
            text = globals()[how](text)
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
