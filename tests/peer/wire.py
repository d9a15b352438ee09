"""One connection, as the server holds it.

Replies are held back until the peer would have to wait for input: that is
how pipelining servers do it, and it makes a round trip countable.  A round
trip is one flush of replies that the client has to take before it goes on.
"""

import select
import socket
import ssl
import struct
import time

READ = 256 * 1024
LINE_MAX = 64 * 1024


class Gone(Exception):
    """The client closed or broke the connection."""


class Over(Exception):
    """The script ended the connection."""


class Wire:
    def __init__(self, sock, chop=(), pace=0.0, eager=False, stop=None):
        self.sock = sock
        self.tls = False
        self.input = bytearray()
        self.output = bytearray()
        self.chop = list(chop)
        self.pace = pace
        self.eager = eager
        self.stop = stop            # threading.Event: the scenario is over
        self.round_trips = 0
        self.ended = False
        self.most = READ            # take so much at a time
        self.grace = 0.0            # wait so long for the rest of a flight
        self.clear = None           # bytearray: all that came in the clear
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fill(self):
        """Wait for input, after having sent what was held back."""
        if self.output and not self.pending(self.grace):
            self.flush()
            self.round_trips += 1
        if not self.input and not self.take():
            raise Gone("end of file")

    def more(self):
        """fill(), when there is a part of a line already."""
        part, self.input = self.input, bytearray()
        try:
            self.fill()
        finally:
            self.input[:0] = part

    def take(self):
        """Add what comes to the input; False at its end."""
        try:
            data = b"" if self.ended else self.sock.recv(self.most)
        except BlockingIOError:
            return True
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except (OSError, ValueError) as error:
            raise Gone(str(error))
        if self.clear is not None and not self.tls:
            self.clear += data
        self.input += data
        self.ended = not data
        return bool(data)

    def pending(self, seconds=0.0):
        """Whether there is input that nobody has to wait for."""
        if self.input or self.ended:
            return bool(self.input)
        try:
            if not (self.tls and self.sock.pending()) and \
                    not select.select([self.sock], [], [], seconds)[0]:
                return False
            # Readable may be no more than the end, or TLS's own talk.
            self.sock.setblocking(False)
            try:
                self.take()
            finally:
                self.sock.setblocking(True)
        except (OSError, ValueError, Gone):
            self.ended = True
        return bool(self.input)

    def read_line(self):
        """One line with its LF, whatever stands before it."""
        start = 0
        while True:
            end = self.input.find(b"\n", start)
            if end >= 0:
                line = bytes(self.input[:end + 1])
                del self.input[:end + 1]
                return line
            if len(self.input) > LINE_MAX:
                raise Gone("a line without end")
            start = len(self.input)
            self.more()

    def read_some(self, most=READ):
        if not self.input:
            self.fill()
        if len(self.input) <= most:
            data, self.input = bytes(self.input), bytearray()
            return data
        data = bytes(self.input[:most])
        del self.input[:most]
        return data

    def put(self, data):
        self.output += data
        if self.eager:
            self.flush()

    def flush(self):
        data, self.output = bytes(self.output), bytearray()
        if not data:
            return
        try:
            if not self.chop:
                self.sock.sendall(data)
                return
            turn = 0
            while data:
                size = self.chop[turn % len(self.chop)]
                self.sock.sendall(data[:size])
                data = data[size:]
                turn += 1
                time.sleep(self.pace)
        except (OSError, ValueError) as error:
            raise Gone(str(error))

    def start_tls(self, context):
        self.flush()
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True,
                                            do_handshake_on_connect=False)
            self.sock.do_handshake()
        except (OSError, ValueError) as error:
            self.linger()
            raise Gone(f"TLS handshake: {error}")
        self.tls = True

    def linger(self):
        """Read to the end before closing: input left unread would make a
        reset of it, and the client might never see our alert."""
        try:
            raw_shutdown(self.sock)
            while socket.socket.recv(self.sock, READ):
                pass
        except (OSError, ValueError):
            pass

    def drop(self):
        self.flush()
        self.linger()
        raise Over("drop")

    def reset(self):
        self.flush()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.close()
        raise Over("reset")

    def silence(self):
        self.output.clear()
        while True:
            self.fill()
            self.input.clear()

    def stall(self):
        self.flush()
        self.stop.wait()
        raise Over("stall")

    def endless(self, line):
        block = line * (1 + 16384 // len(line))
        while not self.stop.is_set():
            self.put(block)
            self.flush()
        raise Over("endless")

    def drip(self, seconds, text):
        self.flush()
        while not self.stop.is_set():
            for byte in text:
                self.put(bytes([byte]))
                self.flush()
                if self.stop.wait(seconds):
                    break
        raise Over("drip")

    def end_tls(self):
        """TLS's own goodbye, whose answer is not awaited."""
        if not self.tls:
            return
        try:
            self.sock.setblocking(False)
            self.sock.unwrap()
        except (OSError, ValueError):
            pass

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def kill(self):
        """From another thread: wake whoever waits on this connection."""
        try:
            raw_shutdown(self.sock, socket.SHUT_RDWR)
        except (OSError, ValueError):
            pass


def raw_shutdown(sock, how=socket.SHUT_WR):
    """End the TCP stream below TLS, without a close_notify."""
    if isinstance(sock, ssl.SSLSocket):
        socket.socket.shutdown(sock, how)
    else:
        sock.shutdown(how)
