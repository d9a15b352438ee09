#!/usr/bin/env python3
"""limits_judge SENT GOT... - are all mails there, in digests or alone?

SENT is a directory with the mails as they were queued (CRLF), GOT are the
files that arrived.  Each digest is read by Python's parser, and each attached
message must have the octets of one that was sent.  Prints how many arrived and
how many mails are in them; a mail that is missing or came twice is a failure.
"""

import collections
import email
import os
import re
import sys


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def attached(raw, mail):
    """The octets of each, by the boundary alone; what is in them is not looked
    into."""
    parts = mail.get_payload() if mail.is_multipart() else []
    for part in parts:
        if part.get_content_type() == "multipart/digest":
            line = b"\r\n--" + part.get_boundary().encode()
            for piece in raw.split(line)[1:-1]:
                header, _, content = piece[2:].partition(b"\r\n\r\n")
                assert b"message/rfc822" in header, header
                yield content
            inner = [each.get_content_type() for each in part.get_payload()]
            assert set(inner) == {"message/rfc822"}, inner
        elif (part.get_filename() or "").endswith(".eml"):
            assert part.get_content_type() == "application/octet-stream"
            yield part.get_payload(decode=True)
        else:
            assert part.get_content_type() == "text/plain", part["Content-Type"]


def main():
    folder, *files = sys.argv[1:]
    sent = collections.defaultdict(list)    # two may be the same
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            sent[file.read()].append(name)
    counts, mails = collections.Counter(), 0
    for path in files:
        with open(path, "rb") as file:
            raw = crlf(file.read())
        mail = email.message_from_bytes(raw)
        assert mail.get_content_type() == "multipart/mixed"
        assert not mail.defects, (path, mail.defects)
        for each in attached(raw, mail):
            mails += 1
            assert each in sent, \
                f"{path}: not as it was sent: {each[:400]!r}"
            counts[each] += 1
    for content, names in sent.items():
        assert counts[content] == len(names), \
            f"{names} came {counts[content]} times"
    print(len(files), mails)


main()
