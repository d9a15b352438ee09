#!/usr/bin/env python3
"""split_judge COMMAND MAILDIR ... - read split mails with Python's email.

	sizes MAILDIR			octets of each mail as it was sent
	limit MAILDIR OCTETS		each is at most that; the largest
	join MAILDIR FILE		the attachments in the order of their
					names, into FILE
	both MAILDIR OCTETS FILE	limit, and join
	parts MAILDIR			"n of total Message-ID" a line
	field MAILDIR NAME		that field of each mail, sorted by part
"""

import email
import email.policy
import os
import re
import sys


def messages(folder):
    """The mails as they went: CRLF, without what a delivery adds."""
    new = os.path.join(folder, "new")
    for name in os.listdir(new):
        with open(os.path.join(new, name), "rb") as file:
            data = file.read()
        data = re.sub(rb"^(Return-Path|Delivered-To):.*\n", b"", data, count=1)
        data = re.sub(rb"^(Return-Path|Delivered-To):.*\n", b"", data, count=1)
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        message = email.message_from_bytes(data, policy=email.policy.default)
        is_partial = message.get_content_type() == "message/partial"
        for part in [message] if is_partial else message.walk():
            if part.defects:
                sys.exit("defects: %r" % part.defects)
        yield data, message


def number(message):
    found = re.search(r"[\[(](\d+)/(\d+)[\])]", message["Subject"] or "")
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def main():
    command, folder = sys.argv[1:3]
    all_of_them = sorted(messages(folder), key=lambda one: number(one[1]))
    if command == "sizes":
        print(*[len(data) for data, _ in all_of_them])
    if command in ("limit", "both"):
        most = max(len(data) for data, _ in all_of_them)
        if most > int(sys.argv[3]):
            sys.exit("%d octets" % most)
        print(most)
    if command in ("join", "both"):
        with open(sys.argv[-1], "wb") as out:
            for _, message in all_of_them:
                for part in message.walk():
                    if part.get_filename():
                        out.write(part.get_payload(decode=True))
    if command == "parts":
        for _, message in all_of_them:
            print(*number(message), message["Message-ID"])
    elif command == "field":
        for _, message in all_of_them:
            print(message[sys.argv[3]])
    if command not in ("sizes", "limit", "join", "both", "parts", "field"):
        sys.exit(__doc__)


main()
