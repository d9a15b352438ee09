"""What no client may ever do, checked in every scenario.

A scenario that means to break one says `waive NAME'.  The names stand in
LAWS; the dialogue README lists them for writers.
"""

import base64
import email
import email.errors
import email.policy
import os
import re

LAWS = {
    "clear-auth": "no AUTH outside TLS",
    "secret": "the password is in no output, no file and no clear text",
    "crlf": "CRLF ends every line; no bare CR or LF and no NUL",
    "length": "commands and message lines are no longer than the RFC's",
    "offered": "only what the last EHLO offered is used",
    "pipelining": "commands are sent together only where they may be",
    "order": "commands come in the RFC's order",
    "syntax": "paths and parameters are well formed",
    "eight-bit": "8-bit bytes only where they were announced",
    "size": "SIZE= is not less than what is sent",
    "nobody": "no message where every recipient was refused",
    "connections": "one connection gets to MAIL, one more may precede it",
    "once": "no recipient gets the message twice",
    "loss": "exit 0 only if every recipient was accepted or is queued",
    "twice": "nobody who was accepted waits in the queue",
    "queue": "what is queued is whole",
    "alarm": "exit not 0 only if some recipient was not accepted",
    "kept": "a message that failed is in the dead letter (or in the queue, for "
            "a notice), and no other is",
    "intact": "the text of a message is the scenario's input",
    "defects": "an independent parser finds no defect in a message",
}
# Where AUTH and the like are the last of a flight (RFC 2920, 3.1; 4954, 4).
LAST_OF_FLIGHT = {"EHLO", "HELO", "STARTTLS", "AUTH", "DATA", "NOOP", "VRFY",
                  "EXPN", "QUIT"}
LONGEST = {"MAIL": 1024, "RCPT": 1012, "AUTH": 12288}
NEEDS = {"SIZE": "SIZE", "BODY": "8BITMIME", "RET": "DSN", "ENVID": "DSN",
         "SMTPUTF8": "SMTPUTF8", "AUTH": "AUTH", "NOTIFY": "DSN",
         "ORCPT": "DSN"}
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)|\0")
NOT_SENT = (64, 66, 78)         # exits of a request that never was a message


class Blind:
    """Sees nothing: for a server that only takes mail."""

    def __getattr__(self, name):
        return lambda *words: None


class Watch:
    """The laws of the wire, for one session."""

    def __init__(self, session):
        self.session = session
        self.broke = session.record.broke

    def offered(self, keyword):
        return any(cap.split(" ")[0].upper() == keyword
                   for cap in self.session.caps)

    def command(self, line, verb, argument):
        tls = self.session.wire.tls
        if not line.endswith(b"\r\n") or BARE.search(line):
            self.broke("crlf", f"the command {line[:60]!r}")
        if len(line) > LONGEST.get(verb, 512):
            self.broke("length", f"{verb} with {len(line)} octets")
        if verb != "BDAT" and self.session.wire.pending():
            if not self.offered("PIPELINING"):
                self.broke("pipelining", f"{verb} and more at once, "
                           "PIPELINING was not offered")
            elif verb in LAST_OF_FLIGHT:
                self.broke("pipelining", f"more came with {verb}")
        if verb == "AUTH":
            if not tls:
                self.broke("clear-auth", line.decode("latin-1").strip())
            mechanism = argument.split(" ")[0].upper()
            if not any(mechanism in cap.upper().replace("=", " ").split()
                       for cap in self.session.caps
                       if cap.upper().startswith(("AUTH ", "AUTH="))):
                self.broke("offered", f"AUTH {mechanism}")
        if verb == "STARTTLS" and not self.offered("STARTTLS"):
            self.broke("offered", "STARTTLS")
        if verb == "BDAT" and not self.offered("CHUNKING"):
            self.broke("offered", "BDAT without CHUNKING")
        if verb in ("MAIL", "AUTH", "STARTTLS") and \
                not self.session.greeted:
            self.broke("order", f"{verb} before a good EHLO")
        if verb == "MAIL" and self.session.mail:
            self.broke("order", "MAIL within a transaction")
        if verb in ("RCPT", "DATA") and not self.session.mail and \
                not self.offered("PIPELINING"):
            self.broke("order", f"{verb} after MAIL was refused, or without")

    def bdat(self):
        if not self.offered("PIPELINING") and self.session.wire.pending():
            self.broke("pipelining", "more came with BDAT, PIPELINING was "
                       "not offered")

    def mail(self, mail, argument):
        self.path("FROM", mail.sender, mail.parameters, argument)
        if not mail.sender.isascii() and "SMTPUTF8" not in mail.parameters:
            self.broke("offered", "a UTF-8 sender without SMTPUTF8")

    def rcpt(self, address, parameters, argument):
        self.path("TO", address, parameters, argument)
        mail = self.session.mail
        if not address.isascii() and mail and \
                "SMTPUTF8" not in mail.parameters:
            self.broke("offered", "a UTF-8 recipient without SMTPUTF8")

    def path(self, word, address, parameters, argument):
        if not re.match(word + r":<[^<>\s]*>( \S+)*$", argument):
            if not re.match(word + r':<"[^<>]*"@\S+>( \S+)*$', argument):
                self.broke("syntax", argument)
        for name in parameters:
            if name not in NEEDS:
                self.broke("syntax", f"unknown parameter {name}")
            elif not self.offered(NEEDS[name]):
                self.broke("offered", f"{name} without {NEEDS[name]}")

    def message(self, mail):
        body = bytes(mail.body)
        bare = BARE.search(body)
        if bare:
            near = body[max(0, bare.start() - 30):bare.start() + 30]
            self.broke("crlf", f"the message, near {near!r}")
        if body and not body.endswith(b"\r\n"):
            self.broke("crlf", "the message does not end with CRLF")
        longest = max(map(len, body.split(b"\r\n")))
        if longest > 998:
            self.broke("length", f"a message line of {longest} octets")
        header, _, content = body.partition(b"\r\n\r\n")
        if not header.isascii() and "SMTPUTF8" not in mail.parameters:
            self.broke("eight-bit", "the header, SMTPUTF8 not said")
        if not content.isascii() and \
                mail.parameters.get("BODY") != "8BITMIME":
            self.broke("eight-bit", "the message, BODY=8BITMIME not said")
        declared = mail.parameters.get("SIZE", "")
        if declared.isdigit() and int(declared) < len(body):
            self.broke("size", f"SIZE={declared}, sent {len(body)}")
        if body and not mail.recipients and not self.offered("CHUNKING"):
            self.broke("nobody", f"{len(body)} octets")


def check_outcome(play):
    """The laws that only the whole scenario shows: (law, what) pairs."""
    broken = list(play.record.broken)
    connections = len(play.record.conversations)
    with_mail = sum(bool(each.mails) for each in play.record.conversations)
    if "connections" not in play.stated and \
            (connections > 2 or with_mail > 1):
        broken.append(("connections", f"{connections} connections, "
                       f"{with_mail} with MAIL"))
    for check in (check_secret, check_once, check_verdict, check_kept,
                  check_queue, check_messages):
        broken += check(play)
    return broken


def secrets(play):
    """Each form in which the password could leak."""
    user = play.values["user"].encode()
    password = play.values["password"].encode()
    yield password
    yield base64.b64encode(password).rstrip(b"=")
    for blob in (b"\0" + user + b"\0", user + b"\0" + user + b"\0"):
        yield base64.b64encode(blob + password).rstrip(b"=")


def check_secret(play):
    places = {"standard output": play.stdout, "standard error": play.stderr,
              "clear text on the wire": play.record.clear()}
    given = {name for name, _, _ in play.dialogue.files}
    for folder, _, names in os.walk(play.home):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, play.home) not in given:
                places[os.path.relpath(path, play.home)] = read(path)
    return [("secret", f"in {place}") for place, text in places.items()
            if any(form in text for form in secrets(play))]


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def check_once(play):
    seen = [address for mail in play.record.accepted()
            for address in mail.recipients]
    return [("once", address) for address in set(seen)
            if seen.count(address) > 1]


def check_verdict(play):
    accepted = {address for mail in play.record.accepted()
                for address in mail.recipients}
    asked = {address for mail in play.record.mails()
             for address, _ in mail.asked}
    queued = {address for mail in play.queue()
              for address in mail.recipients("waiting")}
    left = asked - accepted - queued
    if play.exit == 0 and (not accepted | queued or left):
        return [("loss", "exit 0, not accepted: " +
                 (", ".join(sorted(left)) or "anything"))]
    if play.exit != 0 and accepted | queued and not left:
        return [("alarm", f"exit {play.exit}, all were accepted")]
    return []


def check_queue(play):
    accepted = {address for mail in play.record.accepted()
                for address in mail.recipients}
    queued = {address for mail in play.queue()
              for address in mail.recipients("waiting")}
    return [("twice", address) for address in sorted(accepted & queued)] + \
        [("queue", flaw) for mail in play.queue() for flaw in mail.flaws()]


def check_kept(play):
    path = os.path.join(play.home, "dead.letter")
    there = os.path.exists(path)
    if play.exit in NOT_SENT or not play.record.conversations:
        return []
    if play.exit == 0:
        return [("kept", "exit 0 and a dead letter")] if there else []
    if any(mail.recipients("failed") for mail in play.queue()):
        return [("kept", "queued for a notice and a dead letter")] \
            if there else []
    if not there:
        return [("kept", "there is no dead letter")]
    mode = os.stat(path).st_mode & 0o7777
    broken = []
    if mode != 0o600:
        broken.append(("kept", f"the dead letter's mode is {mode:o}"))
    if len(play.letters()) != 1:
        broken.append(("kept", f"{len(play.letters())} dead letters"))
    return broken


def check_messages(play):
    broken = []
    found = [("message", bytes(mail.body))
             for mail in play.record.accepted()]
    found += [("dead letter", letter) for letter in play.letters()]
    found += [("queued message", mail.message) for mail in play.queue()]
    for what, raw in found:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        broken += [("defects", f"{what}: {defect!r}")
                   for defect in defects(message)]
        if play.dialogue.input is None or play.dialogue.input_escaped:
            continue
        text = text_of(message)
        wanted = play.input.decode("utf-8", "replace")
        if not same_text(text, wanted):
            broken.append(("intact", f"the text of the {what} is "
                           f"{text[:200]!r}"))
    return broken


def defects(message):
    for part in message.walk():
        yield from part.defects
        for name in part.keys():
            for value in part.get_all(name):
                yield from (defect for defect in getattr(value, "defects", ())
                            if not is_utf8_only(defect))
    for name in ("From", "Date", "Message-ID"):
        if len(message.get_all(name, [])) != 1:
            yield f"{name}, {len(message.get_all(name, []))} times"


def is_utf8_only(defect):
    """RFC 6532 allows it where RFC 5322 did not; that SMTPUTF8 was said is
    another law's to hold."""
    return isinstance(defect, (email.errors.NonASCIILocalPartDefect,
                               email.errors.UndecodableBytesDefect))


def same_text(text, wanted):
    """A message's last line has an end even if the input's had none."""
    return text == wanted or (not wanted.endswith("\n") and
                              text == wanted + "\n")


def text_of(message):
    part = message.get_body(("plain",))
    if part is None:
        return ""
    return part.get_content().replace("\r\n", "\n")
