#!/usr/bin/env python3
"""A name server on loopback that knows what a file says.

	dns_server.py FILE

A line of the file is `NAME SRV PRIORITY WEIGHT PORT TARGET`, `NAME MX
PRIORITY TARGET` or `NAME CNAME TARGET`; a name without a line does not exist.
Prints its port, and answers until it is killed.
"""

import socket
import struct
import sys

TYPES = {"CNAME": 5, "MX": 15, "SRV": 33}


def encode(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(each)]) + each for each in labels) + b"\0"


def data_of(kind, words):
    *numbers, target = words
    return struct.pack(f"!{len(numbers)}H", *map(int, numbers)) + encode(target)


def read_records(path):
    records = {}
    with open(path) as file:
        for line in file:
            name, kind, *words = line.split()
            records.setdefault(name.lower(), []).append(
                (TYPES[kind], data_of(kind, words)))
    return records


def question_of(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), packet[12:at + 5]


def answer(packet, records):
    name, question = question_of(packet)
    kind = struct.unpack("!H", question[-4:-2])[0]
    there = records.get(name)
    found = [each for each in there or [] if each[0] in (kind, TYPES["CNAME"])]
    code = 0 if there else 3
    header = packet[:2] + struct.pack("!5H", 0x8180 | code, 1, len(found), 0, 0)
    # the owner is the question's name, by a pointer to it
    return header + question + b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", which, 1, 60, len(data)) + data
        for which, data in found)


def main():
    records = read_records(sys.argv[1])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        packet, client = server.recvfrom(4096)
        server.sendto(answer(packet, records), client)


main()
