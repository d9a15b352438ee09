"""What ties a log-in to the TLS connection, the server's side: tls-unique
(RFC 5929), and tls-exporter (RFC 9266) from TLS 1.3 on."""

import ctypes
import sys

LABEL = b"EXPORTER-Channel-Binding"


class Binding:
    def __init__(self, name, octets):
        self.name = name
        self.octets = octets


def of(sock, kind):
    """Of a server's SSLSocket.  kind: as it is; "wrong", as if there were two
    connections and somebody in between; "other", one that no client has."""
    if kind == "other":
        return Binding(b"x-other", b"?")
    if sock.version() == "TLSv1.3":
        name, octets = b"tls-exporter", exporter(sock)
    else:
        name, octets = b"tls-unique", sock.get_channel_binding("tls-unique")
    if kind == "wrong":
        octets = bytes(octet ^ 1 for octet in octets)
    return Binding(name, octets)


def exporter(sock):
    """Python's ssl has it not: OpenSSL is asked, for the SSL that stands behind
    an object's head and its weak reference to the socket."""
    head = object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)
    session = ctypes.c_void_p.from_address(id(sock._sslobj) + head)
    library = ctypes.CDLL("libssl.so.3")
    library.SSL_get_version.restype = ctypes.c_char_p
    if sys.implementation.name != "cpython" or \
            library.SSL_get_version(session) != b"TLSv1.3":
        raise RuntimeError("this Python hides its SSL elsewhere")
    octets = ctypes.create_string_buffer(32)
    if library.SSL_export_keying_material(
            session, octets, ctypes.c_size_t(32), LABEL,
            ctypes.c_size_t(len(LABEL)), None, ctypes.c_size_t(0), 0) != 1:
        raise RuntimeError("OpenSSL exports nothing")
    return octets.raw
