"""A SOCKS5 or HTTP proxy that leads every connection to the peer.

What it was asked for is recorded, so a scenario sees that the name was left
to the proxy to look up.
"""

import select
import socket
import struct
import threading


class Proxy:
    def __init__(self, kind, port, record):
        self.kind = kind
        self.target = port
        self.record = record
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()

    def finish(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            with client:
                greet = socks5 if self.kind == "socks5" else http
                self.record.proxied.append(greet(client))
                with socket.create_connection(
                        ("127.0.0.1", self.target)) as onward:
                    relay(client, onward)
        except OSError:
            pass


def take(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("the client went away")
        data += more
    return data


def socks5(client):
    """RFC 1928 without authentication; returns "host:port"."""
    _, count = take(client, 2)
    take(client, count)
    client.sendall(b"\5\0")
    _, _, _, kind = take(client, 4)
    if kind == 1:
        host = socket.inet_ntoa(take(client, 4))
    elif kind == 3:
        host = take(client, take(client, 1)[0]).decode()
    else:
        host = socket.inet_ntop(socket.AF_INET6, take(client, 16))
    port = struct.unpack("!H", take(client, 2))[0]
    client.sendall(b"\5\0\0\1\x7f\0\0\1" + struct.pack("!H", port))
    return f"{host}:{port}"


def http(client):
    """CONNECT (RFC 9110, 9.3.6); returns "host:port"."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += take(client, 1)
    target = head.split()[1].decode()
    client.sendall(b"HTTP/1.1 200 OK\r\nVia: 1.1 proxy.example\r\n\r\n")
    return target


def relay(one, other):
    while True:
        for sock in select.select([one, other], [], [])[0]:
            data = sock.recv(65536)
            if not data:
                return
            (other if sock is one else one).sendall(data)
