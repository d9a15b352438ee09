#!/usr/bin/env python3
"""limits_judge SENT GOT... - are all mails there, in digests or alone?

SENT is a directory with the mails as they were queued (CRLF), GOT are the
files that arrived.  Each digest is read by Python's parser, and each attached
message must have the octets of one that was sent.  Prints how many arrived and
how many mails are in them; a mail that is missing or came twice is a failure.
"""

import collections
import email
import email.policy
import os
import re
import sys


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def attached(raw, mail):
    """The octets of each part, by the boundary alone."""
    for part in mail.walk():
        if part.get_content_type() != "multipart/digest":
            continue
        line = b"--" + part.get_boundary().encode()
        for piece in raw.split(b"\r\n" + line)[1:-1]:
            header, _, content = piece[2:].partition(b"\r\n\r\n")
            assert b"message/rfc822" in header, header
            yield content
    for part in mail.walk():
        if part.get_content_type() == "application/octet-stream" and \
                (part.get_filename() or "").endswith(".eml"):
            yield part.get_payload(decode=True)


def main():
    folder, *files = sys.argv[1:]
    sent = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            sent[file.read()] = name
    counts, mails = collections.Counter(), 0
    for path in files:
        with open(path, "rb") as file:
            raw = crlf(file.read())
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert not mail.defects, (path, mail.defects)
        found = list(attached(raw, mail))
        inner = sum(part.get_content_type() == "message/rfc822" or
                    (part.get_filename() or "").endswith(".eml")
                    for part in mail.walk())
        assert inner == len(found), (path, inner, len(found))
        if mail.get_content_type() == "multipart/mixed" and found:
            assert mail.get_body(("plain",)) is not None
        for each in found or [raw]:
            mails += 1
            name = sent.get(each)
            if name is None and not found:
                # alone: with what a Maildir puts above it
                name = next((sent[one] for one in sent
                             if raw.endswith(one)), None)
            assert name, f"{path}: not as it was sent: {each[:400]!r}"
            counts[name] += 1
    missing = set(sent.values()) - set(counts)
    assert not missing, f"missing: {sorted(missing)[:10]}"
    twice = [name for name, count in counts.items() if count > 1]
    assert not twice, f"twice: {twice[:10]}"
    print(len(files), mails)


main()
