"""SASL, the server's side (RFC 4954, 4616, 2195, 5802, 7628): a real check.

Each mechanism is a generator: it yields challenges, is sent the client's
answers, and returns the name that was proven, or None.
"""

import base64
import binascii
import hashlib
import hmac
import os

import ntlm


class Cancelled(Exception):
    """The client answered `*'."""


class Malformed(Exception):
    """The client's answer is no base64."""


def decode(line):
    if line == b"*":
        raise Cancelled
    if line == b"=":
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise Malformed


def encode(data):
    return base64.b64encode(data)


def same(one, other):
    return hmac.compare_digest(one, other)


def plain(user, password, initial, peer_name):
    answer = initial if initial is not None else (yield b"")
    parts = answer.split(b"\0")
    if len(parts) != 3:
        return None
    identity, name, secret = parts
    right = same(name, user) and same(secret, password)
    return name if right and identity in (b"", name) else None


def login(user, password, initial, peer_name):
    name = initial if initial is not None else (yield b"Username:")
    secret = yield b"Password:"
    return name if same(name, user) and same(secret, password) else None


def cram_md5(user, password, initial, peer_name):
    challenge = b"<" + os.urandom(8).hex().encode() + b"@peer.example>"
    answer = yield challenge
    name, _, proof = answer.rpartition(b" ")
    right = hmac.new(password, challenge, hashlib.md5).hexdigest().encode()
    return name if same(name, user) and same(proof, right) else None


def xoauth2(user, password, initial, peer_name):
    answer = initial if initial is not None else (yield b"")
    if same(answer, b"user=%s\1auth=Bearer %s\1\1" % (user, password)):
        return user
    yield b'{"status":"401","schemes":"bearer"}'
    return None


def oauthbearer(user, password, initial, peer_name):
    answer = initial if initial is not None else (yield b"")
    fields = answer.split(b"\1")
    if fields[0] == b"n,a=%s," % user and \
            b"auth=Bearer " + password in fields[1:]:
        return user
    yield b'{"status":"invalid_token"}'
    return None


def external(user, password, initial, peer_name):
    answer = initial if initial is not None else (yield b"")
    if not peer_name:
        return None
    return peer_name if answer in (b"", peer_name, user) else None


def scram(name, plus=False):
    """RFC 5802 and 7677; plus: with channel binding."""
    def digest(key, text):
        return hmac.new(key, text, name).digest()

    def steps(user, password, initial, peer_name, way):
        first = initial if initial is not None else (yield b"")
        header, _, bare = first.partition(b",,")
        given, _, nonce = bare.partition(b",r=")
        if header == b"y" and way.binding and not plus:
            yield b"e=server-does-support-channel-binding"
            return None
        if header not in way.headers(plus) or given != b"n=" + user.replace(
                b"=", b"=3D").replace(b",", b"=2C"):
            return None
        bound = way.binding.octets if plus else b""
        nonce += os.urandom(8).hex().encode()
        salt = os.urandom(12)
        told = b"r=%s,s=%s,i=4096" % (nonce, encode(salt))
        last, _, proof = (yield told).rpartition(b",p=")
        if last != b"c=%s,r=%s" % (encode(header + b",," + bound), nonce):
            yield b"e=channel-bindings-dont-match"
            return None
        salted = hashlib.pbkdf2_hmac(name, password, salt, 4096)
        key = digest(salted, b"Client Key")
        signed = b",".join((bare, told, last))
        signature = digest(hashlib.new(name, key).digest(), signed)
        if not same(decode(proof), bytes(
                a ^ b for a, b in zip(key, signature))):
            yield b"e=invalid-proof"
            return None
        if way.signs != "none":
            yield b"v=" + encode(digest(
                digest(salted, b"Server Key"),
                signed if way.signs == "right" else b"what?"))
        return user
    return steps


class Way:
    """How the server goes about SCRAM: what it signs, and its own idea of what
    the TLS connection is bound by; none: it offers no such mechanism."""

    def __init__(self, signs="right", binding=None):
        self.signs = signs
        self.binding = binding

    def headers(self, plus):
        """Those that a client may begin with.  One that says that we have no
        -PLUS was lied to where we have one (RFC 5802 6)."""
        if plus:
            return (b"p=" + self.binding.name,)
        return (b"n",) if self.binding else (b"n", b"y")


SCRAM = {"SCRAM-SHA-1": scram("sha1"), "SCRAM-SHA-256": scram("sha256"),
         "SCRAM-SHA-1-PLUS": scram("sha1", True),
         "SCRAM-SHA-256-PLUS": scram("sha256", True)}
CHECKS = {
    "PLAIN": plain, "LOGIN": login, "CRAM-MD5": cram_md5,
    "XOAUTH2": xoauth2, "OAUTHBEARER": oauthbearer, "EXTERNAL": external,
    "NTLM": ntlm.begin,
}


def is_known(mechanism):
    return mechanism in CHECKS or mechanism in SCRAM


def begin(mechanism, user, password, initial, peer_name, way):
    """The generator for a mechanism; initial is base64, or None."""
    answer = None if initial is None else decode(initial)
    if mechanism in SCRAM:
        return SCRAM[mechanism](user.encode(), password.encode(), answer,
                                peer_name, way)
    return CHECKS[mechanism](user.encode(), password.encode(), answer,
                             peer_name)
