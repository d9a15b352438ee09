#!/usr/bin/env python3
"""judge.py [--utf8] [--crlf] FILE [WHAT...] - is this message well formed?

Reads one message (FILE, or - for standard input) with Python's own parser,
which shares nothing with the program under test, and looks at the raw bytes
besides.  Prints one JSON object:

    defects   sentences, empty when there is nothing to find fault with
    headers   {name in lower case: decoded value, or a list if repeated}
    parts     [{type, charset, filename, disposition, cid, cte, size,
              sha256, text}], containers first, in the order of the message;
              size and sha256 are of the decoded content, null for a container;
              text is there for text parts

In text parts CRLF counts as LF, in text, size and sha256 alike: a transfer
encoding decides which of the two a file holds.

With WHAT it prints those values instead, one a line:

    headers/NAME  parts/N/KEY  file/FILENAME/KEY
    body/KEY      the first text/plain part that is no attachment
    html/KEY      the first text/html part that is none

--utf8 allows raw UTF-8 in headers (RFC 6532); --crlf demands CRLF line ends,
as on the wire (else LF alone is as good, so long as it is the same throughout).

Exits 1 when there are defects (said on standard error where WHAT is asked),
2 when WHAT is not there.
"""

import argparse
import base64
import binascii
import email
import email.policy
import gc
import hashlib
import json
import re
import sys

LINE_MAX = 998          # RFC 5322 2.1.1
ENCODED_LINE_MAX = 76   # RFC 2045 6.7, 6.8; RFC 2047 2
ENCODED_WORD_MAX = 75   # RFC 2047 2
BOUNDARY_MAX = 70       # RFC 2046 5.1.1

ONCE = ("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id",
        "in-reply-to", "references", "subject", "mime-version", "content-type",
        "content-transfer-encoding", "content-disposition", "content-id")
REQUIRED = ("date", "from", "message-id")
NEVER = ("bcc", "resent-bcc")
ADDRESSES = ("from", "sender", "reply-to", "to", "cc")

# What the parser, which knows no RFC 6532, finds in raw UTF-8.
RAW_UTF8 = ("NonASCIILocalPartDefect", "UndecodableBytesDefect")

KEYS = ("type", "charset", "filename", "disposition", "cid", "cte", "size",
        "sha256")

ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
BAD_QP = re.compile(rb"=(?![0-9A-F]{2}|\r?\n)|[^\t\r\n -~]|[ \t]\r?\n")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Judge:
    def __init__(self, raw, utf8, crlf):
        self.raw = raw
        self.utf8 = utf8
        self.crlf = crlf
        self.defects = []
        self.message = email.message_from_bytes(
            raw, policy=email.policy.default)

    def fault(self, where, sentence):
        self.defects.append(f"{where}: {sentence}" if where else sentence)

    # ---- bytes

    def judge_bytes(self):
        raw = self.raw
        if not raw:
            self.fault("", "nothing is there")
            return
        pairs = raw.count(b"\r\n")
        if raw.count(b"\r") != pairs:
            self.fault("", "bare CR")
        if self.crlf and raw.count(b"\n") != pairs:
            self.fault("", "bare LF")
        elif pairs and raw.count(b"\n") != pairs:
            self.fault("", "CRLF and bare LF line ends mixed")
        if b"\0" in raw:
            self.fault("", "NUL")
        if not raw.endswith(b"\n"):
            self.fault("", "the last line has no end")
        for number, line in enumerate(raw.split(b"\n"), 1):
            if len(line.rstrip(b"\r")) > LINE_MAX:
                self.fault("", f"line {number} is over {LINE_MAX} octets")

    # ---- headers

    def fields(self, part, where=""):
        """The header fields as parsed; the parser may give up on one."""
        for name, raw in part.raw_items():
            try:
                yield name, part.policy.header_fetch_parse(name, raw)
            except Exception as error:  # whatever the parser trips over
                self.fault(where + name, f"not to be parsed: {error!r}")

    def judge_word(self, where, match):
        charset, encoding, text = match.groups()
        if len(match.group(0)) > ENCODED_WORD_MAX:
            self.fault(where, f"encoded word over {ENCODED_WORD_MAX}")
        try:
            if encoding in "bB":
                octets = base64.b64decode(text, validate=True)
            else:
                octets = re.sub(
                    rb"=([0-9A-Fa-f]{2})",
                    lambda m: bytes.fromhex(m.group(1).decode()),
                    text.replace("_", " ").encode("ascii"))
            # Each word by itself: a character may not be cut in two.
            octets.decode(charset.split("*")[0])
        except (ValueError, LookupError) as error:
            self.fault(where, f"encoded word {match.group(0)}: {error}")

    def judge_field(self, where, name, value):
        where = f"{where}{name}"
        lines = f"{name}: {value}".replace("\r\n", "\n").split("\n")
        for line in lines:
            octets = line.encode("utf-8", "surrogateescape")
            if not line.strip():
                self.fault(where, "a folded line of white space alone")
            if CONTROL.search(line):
                self.fault(where, "a control character")
            if not octets.isascii():
                try:
                    octets.decode("utf-8")
                    known = self.utf8
                except UnicodeDecodeError:
                    known = False
                if not known:
                    self.fault(where, "raw 8-bit octets")
            words = list(ENCODED_WORD.finditer(line))
            if words and len(octets) > ENCODED_LINE_MAX:
                self.fault(where, "a line with an encoded word is over "
                           f"{ENCODED_LINE_MAX} octets")
            for word in words:
                self.judge_word(where, word)
        quoted = re.findall(r'"(?:[^"\\]|\\.)*"', " ".join(lines), re.S)
        structured = name.lower() in ADDRESSES + (
            "content-type", "content-disposition")
        if structured and any(ENCODED_WORD.search(q) for q in quoted):
            self.fault(where, "an encoded word inside a quoted string")

    def judge_headers(self, part, where):
        names = [name.lower() for name in part.keys()]
        for name, value in part.raw_items():
            self.judge_field(where, name, str(value))
        for name in ONCE:
            if names.count(name) > 1:
                self.fault(where + name, "there more than once")
        for name, value in self.fields(part, where):
            for defect in getattr(value, "defects", ()):
                if not (self.utf8 and type(defect).__name__ in RAW_UTF8):
                    self.fault(where + name, describe(defect))

    def judge_envelope(self):
        names = [name.lower() for name in self.message.keys()]
        for name in REQUIRED:
            if name not in names:
                self.fault(name, "missing")
        for name in NEVER:
            if name in names:
                self.fault(name, "went out")
        if ("mime-version" not in names
                and any(name.startswith("content-") for name in names)):
            self.fault("mime-version", "missing")

    # ---- parts

    def judge_encoding(self, part, cte, where):
        octets = part.get_payload().encode("utf-8", "surrogateescape")
        lines = octets.replace(b"\r\n", b"\n").split(b"\n")
        if cte in ("quoted-printable", "base64"):
            if any(len(line) > ENCODED_LINE_MAX for line in lines):
                self.fault(where, f"a {cte} line is over {ENCODED_LINE_MAX}")
        if cte == "7bit" and not octets.isascii():
            self.fault(where, "8-bit octets labelled 7bit")
        if cte == "quoted-printable" and BAD_QP.search(octets):
            self.fault(where, "not quoted-printable")
        if cte == "base64":
            try:
                base64.b64decode(b"".join(lines), validate=True)
            except binascii.Error as error:
                self.fault(where, f"not base64: {error}")

    def judge_container(self, part, cte, where):
        if cte not in ("7bit", "8bit", "binary"):
            self.fault(where, f"{part.get_content_type()} encoded in {cte}")
        if part.get_content_maintype() != "multipart":
            return
        if not part.is_multipart():
            self.fault(where, "a multipart without parts")
        boundary = part.get_boundary() or ""
        if not 0 < len(boundary) <= BOUNDARY_MAX:
            self.fault(where, f"a boundary of {len(boundary)} characters")
        within = [str(sub.get("content-transfer-encoding", "7bit")).lower()
                  for sub in part.walk() if sub is not part]
        if cte == "7bit" and "8bit" in within:
            self.fault(where, "8bit parts in a container labelled 7bit")

    def text_of(self, part, content, where):
        charset = part.get_content_charset() or "us-ascii"
        try:
            return content.decode(charset)
        except (UnicodeDecodeError, LookupError) as error:
            self.fault(where, f"text is not in its charset: {error}")
            return content.decode("latin-1")

    def try_part(self, part, number):
        try:
            return self.judge_part(part, number)
        except Exception as error:  # whatever the parser trips over
            self.fault(f"part {number}", f"not to be parsed: {error!r}")
            return dict.fromkeys(KEYS)

    def judge_part(self, part, number):
        where = f"part {number}: " if number else ""
        cte = str(part.get("content-transfer-encoding", "7bit"))
        cte = cte.strip().lower()
        found = dict.fromkeys(KEYS)
        found.update(type=part.get_content_type(), cte=cte,
                     charset=part.get_content_charset(),
                     filename=part.get_filename(),
                     disposition=part.get_content_disposition(),
                     cid=part["content-id"] and str(part["content-id"]))
        self.judge_headers(part, where)
        for defect in part.defects:
            self.fault(where.rstrip(": "), describe(defect))
        if cte not in ("7bit", "8bit", "binary", "quoted-printable", "base64"):
            self.fault(where.rstrip(": "), f"transfer encoding {cte}")
        if part.is_multipart() or found["type"].startswith("multipart/"):
            self.judge_container(part, cte, where.rstrip(": "))
            return found
        self.judge_encoding(part, cte, where.rstrip(": "))
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text":
            content = content.replace(b"\r\n", b"\n")
            found["text"] = self.text_of(part, content, where.rstrip(": "))
        found["size"] = len(content)
        found["sha256"] = hashlib.sha256(content).hexdigest()
        return found

    def verdict(self):
        self.judge_bytes()
        self.judge_envelope()
        parts = [self.try_part(part, number)
                 for number, part in enumerate(self.message.walk())]
        headers = {}
        for name, value in self.fields(self.message):
            headers.setdefault(name.lower(), []).append(str(value))
        return {
            "defects": list(dict.fromkeys(self.defects)),
            "headers": {name: values[0] if len(values) == 1 else values
                        for name, values in headers.items()},
            "parts": parts,
        }


def describe(defect):
    text = str(defect)
    return type(defect).__name__ + (f": {text}" if text else "")


def first(parts, kind):
    return next(part for part in parts if part["type"] == kind
                and part["disposition"] != "attachment")


def look_up(verdict, what):
    kind, _, rest = what.partition("/")
    parts = verdict["parts"]
    if kind == "headers":
        return verdict["headers"][rest.lower()]
    if kind == "defects":
        return verdict["defects"]
    if kind in ("body", "html"):
        return first(parts, "text/plain" if kind == "body" else "text/html")[
            rest]
    which, _, key = rest.rpartition("/")
    if kind == "parts":
        return parts[int(which)][key]
    if kind == "file":
        return next(p for p in parts if p["filename"] == which)[key]
    raise KeyError(what)


def main():
    options = argparse.ArgumentParser(
        usage="judge.py [--utf8] [--crlf] FILE [WHAT...]")
    options.add_argument("--utf8", action="store_true")
    options.add_argument("--crlf", action="store_true")
    options.add_argument("file")
    options.add_argument("what", nargs="*")
    asked = options.parse_args()

    if asked.file == "-":
        raw = sys.stdin.buffer.read()
    else:
        with open(asked.file, "rb") as file:
            raw = file.read()
    verdict = Judge(raw, asked.utf8, asked.crlf).verdict()
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not asked.what:
        json.dump(verdict, sys.stdout, indent=1, ensure_ascii=True)
        print()
    for what in asked.what:
        try:
            value = look_up(verdict, what)
        except (KeyError, StopIteration, IndexError, ValueError):
            print(f"judge.py: no {what}", file=sys.stderr)
            return 2
        print("" if value is None else value)
    if verdict["defects"] and asked.what:
        print(*verdict["defects"], sep="\n", file=sys.stderr)
    return 1 if verdict["defects"] else 0


if __name__ == "__main__":
    gc.disable()                # over before there is any garbage
    sys.exit(main())
