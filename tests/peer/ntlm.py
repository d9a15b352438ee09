"""NTLM, the server's side ([MS-NLMP]): the challenge, and the response of
version 1 computed from the password by OpenSSL's legacy provider."""

import os
import struct
import subprocess

SIGNATURE = b"NTLMSSP\0"
UNICODE, NTLM, DOMAIN = 0x1, 0x200, 0x10000


def openssl(data, *words):
    return subprocess.run(
        ["openssl", *words, "-provider", "legacy", "-provider", "default"],
        input=data, capture_output=True, check=True).stdout


def des_key(seven):
    """Seven octets spread over eight, whose lowest bits are parity."""
    bits = int.from_bytes(seven, "big")
    return bytes((bits >> shift & 0x7f) << 1 for shift in range(49, -7, -7))


def response(password, challenge):
    digest = openssl(password.decode().encode("utf-16-le"),
                     "dgst", "-md4", "-binary") + bytes(5)
    return b"".join(
        openssl(challenge, "enc", "-des-ecb", "-nopad", "-K",
                des_key(digest[at:at + 7]).hex())
        for at in (0, 7, 14))


def message(kind, data):
    return data.startswith(SIGNATURE + struct.pack("<I", kind))


def field(data, at):
    length, _, start = struct.unpack_from("<HHI", data, at)
    return data[start:start + length]


def begin(user, password, initial, peer_name):
    """user: NAME@DOMAIN or DOMAIN\\NAME."""
    first = initial if initial is not None else (yield b"")
    if not message(1, first):
        return None
    challenge = os.urandom(8)
    target = "PEER".encode("utf-16-le")
    last = yield (SIGNATURE + struct.pack(
        "<IHHII", 2, len(target), len(target), 56, UNICODE | NTLM | DOMAIN) +
        challenge + bytes(24) + target)
    if not message(3, last):
        return None
    domain, name = (field(last, at).decode("utf-16-le").encode()
                    for at in (28, 36))
    right = user in (name + b"@" + domain, domain + b"\\" + name)
    return user if right and field(last, 20) == response(
        password, challenge) else None
