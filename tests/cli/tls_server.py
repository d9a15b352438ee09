#!/usr/bin/env python3
"""tls_server.py CERT KEY END - a server whose TLS ends behind its certificate.

TLS 1.2 on a port of its own, whose number is the first line of standard
output.  The client gets the server's whole first flight, the certificate in
it, and then END: `close` of the connection, or an `alert`.  It serves until
standard input ends.
"""

import socket
import ssl
import sys
import threading


def serve(context, sock, end):
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(inward, outward, server_side=True)
    while not outward.pending:
        octets = sock.recv(4096)
        if not octets:
            return
        inward.write(octets)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
    sock.sendall(outward.read())
    sock.recv(4096)         # the client's answer: its certificate was good
    if end == "alert":      # fatal, internal_error
        sock.sendall(b"\x15\x03\x03\x00\x02\x02\x50")
    sock.close()


def main():
    cert, key, end = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=serve, args=(context, sock, end),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
