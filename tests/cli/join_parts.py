#!/usr/bin/env python3
"""Cuts a file into mails, in each format that mailjoin reads, independently of
the program itself; and damages them on request."""

import argparse
import base64
import binascii
import hashlib
import os
import sys
import textwrap
import urllib.parse


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def label(a, n, of, offset, piece, data):
    fields = {
        "v": 1, "set": a.set, "n": n, "of": of, "offset": offset,
        "size": len(piece), "total": len(data), "sha256": sha256(piece),
        "file-sha256": sha256(data),
    }
    for lie in a.lie:
        key, value = lie.split("=", 1)
        where, _, key = key.rpartition(":")
        if not where or int(where) == n:
            fields[key] = value
    text = "; ".join(f"{key}={value}" for key, value in fields.items())
    name = a.name
    if name.isascii() and all(c.isalnum() or c in "._-" for c in name):
        return f"{text}; name={name}"
    return f"{text}; name*=UTF-8''{urllib.parse.quote(name, safe='')}"


def folded(field):
    lines = textwrap.wrap(field, 76, break_long_words=False,
                          break_on_hyphens=False)
    return "\n ".join(lines)


def uulines(piece):
    return "".join(binascii.b2a_uu(piece[i:i + 45], backtick=True).decode()
                   for i in range(0, len(piece), 45))


def header(subject, extra):
    lines = ["From: Backup <backup@example.org>", "To: ops@example.org",
             f"Subject: {subject}", "Date: Tue, 14 Nov 2023 22:13:20 +0000"]
    return "\n".join(lines + extra) + "\n\n"


def part_body(a, n, of, piece, value):
    name = f"{a.name}.{n:03d}"
    field = folded(f"X-Mailsend-Part: {value}")
    text = f"This is part {n} of {of}.\n\n    cat {a.name}.??? > {a.name}\n\n"
    if "text" not in a.strip:
        text += field + "\n\n"
    encoded = base64.encodebytes(piece).decode()
    if a.flip == n:
        at = encoded.index("\n") // 2
        encoded = (encoded[:at] + ("A" if encoded[at] != "A" else "B") +
                   encoded[at + 1:])
    lines = ["--b", "Content-Type: text/plain", "", text, "--b",
             "Content-Type: application/octet-stream",
             "Content-Transfer-Encoding: base64",
             f"Content-Disposition: attachment; "
             f"filename*=UTF-8''{urllib.parse.quote(name, safe='')}"]
    if value and "part" not in a.strip:
        lines.append(field)
    return "\n".join(lines) + "\n\n" + encoded + "--b--\n"


def shar_body(a, n, of, piece, value):
    quoted = "'" + a.name.replace("'", "'\\''") + "'"
    lines = ["#!/bin/sh", f"# This is part {n} of {of} of {a.name}",
             "# It is a shell archive."]
    if "text" not in a.strip:
        lines.append(f"# X-Mailsend-Part: {value}")
    lines += [f"uudecode -o /dev/stdout << 'SHAR_EOF' "
              f"{'>' if n == 1 else '>>'} {quoted}",
              f"begin 644 {a.name}", uulines(piece) + "`", "end", "SHAR_EOF",
              "exit 0", ""]
    return "\n".join(lines)


def mails(a, data):
    pieces = [data[i:i + a.size] for i in range(0, len(data), a.size)] or [b""]
    of = len(pieces)
    if a.format == "partial":
        inner = header("the file", [
            "MIME-Version: 1.0", "Content-Type: application/octet-stream",
            f'Content-Disposition: attachment; filename="{a.name}"',
            "Content-Transfer-Encoding: base64"])
        inner += base64.encodebytes(data).decode()
        lines = inner.splitlines(True)
        step = max(1, a.size // 76)
        chunks = ["".join(lines[i:i + step])
                  for i in range(0, len(lines), step)]
        of = len(chunks)
    for n in range(1, of + 1):
        extra = ["MIME-Version: 1.0"]
        if a.format == "partial":
            kind = f'message/partial; id="{a.set}.0@example.org"; number={n}'
            if n == of:
                kind += f"; total={of}"
            yield n, header(f"file [{n}/{of}]",
                            extra + [f"Content-Type: {kind}"]) + chunks[n - 1]
            continue
        piece = pieces[n - 1]
        value = label(a, n, of, (n - 1) * a.size, piece, data)
        if a.format == "numbered":
            value = ""
        if value and "mail" not in a.strip:
            extra.append(folded(f"X-Mailsend-Part: {value}"))
        if a.format in ("parts", "numbered"):
            extra.append("Content-Type: multipart/mixed; boundary=b")
            numbers = f" [{n}/{of}]" if a.tell else ""
            old, a.strip = a.strip, a.strip + (["text"] if not value else [])
            body = part_body(a, n, of, piece, value)
            a.strip = old
            yield n, header(f"file{numbers}", extra) + body
        elif a.format == "uuencode":
            body = "" if "text" in a.strip else folded(
                f"X-Mailsend-Part: {value}") + "\n\n"
            if n == 1:
                body += f"begin 644 {a.name}\n"
            body += uulines(piece)
            if n == of:
                body += "`\nend\n"
            yield n, header(f"{a.name} ({n}/{of})", extra) + body
        else:
            yield n, header(f"[{n}/{of}] {a.name}", extra) + shar_body(
                a, n, of, piece, value)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("format", choices=["parts", "numbered", "uuencode",
                                      "partial", "shar"])
    p.add_argument("file")
    p.add_argument("size", type=int)
    p.add_argument("folder")
    p.add_argument("--set", default="0123456789abcdef0123456789abcdef")
    p.add_argument("--name")
    p.add_argument("--strip", action="append", default=[])
    p.add_argument("--lie", action="append", default=[])
    p.add_argument("--flip", type=int, default=0)
    p.add_argument("--tell", action="store_true")
    p.add_argument("--prefix", default="")
    a = p.parse_args()
    with open(a.file, "rb") as f:
        data = f.read()
    a.name = a.name or os.path.basename(a.file)
    os.makedirs(a.folder, exist_ok=True)
    for n, text in mails(a, data):
        path = os.path.join(a.folder, f"{a.prefix}{n:06d}.eml")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)


if __name__ == "__main__":
    sys.exit(main())
