"""upstream - an SMTP server that does as it is told, in a thread.

	server = Upstream(script)

`script(at)` is called for each command and each whole message: `at.verb` is
"CONNECT", a command's or "END", `at.connection` counts from 1 and `at.mail`
the mails of that connection, from 0, `at.line` is the command.  It returns
None (the good answer), a reply ("550 no"; "" for none), or DROP.  The last
message of a connection is that for which `last(at)` is true.
"""

import socket
import threading

DROP = object()
OFFERS = ("PIPELINING", "CHUNKING", "8BITMIME", "SIZE")


class At:
    def __init__(self, connection):
        self.connection, self.mail, self.verb, self.line = connection, 0, "", ""


class Upstream:
    def __init__(self, script=lambda at: None, offers=OFFERS,
                 last=lambda at: False, tls=None):
        self.tls = tls      # an ssl.SSLContext: from the start
        self.script, self.offers, self.last = script, offers, last
        self.lock = threading.Condition()
        self.connections = self.quits = 0
        self.ended = 0      # connections
        self.taken = []     # (connection, the subject)
        self.hellos = []
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                number = self.connections
                self.open.append(client)
            threading.Thread(target=self.serve, args=(client, number),
                             daemon=True).start()

    def until(self, condition, seconds=120):
        with self.lock:
            if not self.lock.wait_for(lambda: condition(self), seconds):
                raise TimeoutError("upstream")

    def note(self, change):
        with self.lock:
            change()
            self.lock.notify_all()

    def say(self, client, at, good, before=lambda answer: None):
        answer = self.script(at)
        if answer is DROP:
            raise ConnectionError
        if answer is None:
            answer = good
        before(answer)
        if answer:
            client.sendall(answer.encode() + b"\r\n")
        return answer

    def serve(self, client, number):
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            self.talk(client, At(number))
        except OSError:
            pass
        client.close()
        self.note(lambda: setattr(self, "ended", self.ended + 1))

    def talk(self, client, at):
        lines = client.makefile("rb")
        at.verb = "CONNECT"
        self.say(client, at, "220 upstream ESMTP")
        is_open, people = False, 0
        for line in lines:
            at.line = line.decode().rstrip("\r\n")
            at.verb = at.line.split(" ")[0].upper()
            if at.verb == "EHLO":
                self.note(lambda: self.hellos.append(at.line.split()[1]))
                self.say(client, at, "250-upstream\r\n" + "".join(
                    f"250-{offer}\r\n" for offer in self.offers) +
                    "250 HELP")
            elif at.verb == "MAIL":
                is_open = self.say(client, at, "250 sender").startswith("2")
                people = 0
            elif at.verb == "RCPT":
                people += self.say(
                    client, at, "250 recipient" if is_open else "503 no"
                ).startswith("2")
            elif at.verb == "DATA":
                if self.say(client, at, "354 go on" if people else
                            "554 nobody")[:1] == "3":
                    content = []
                    for text in lines:
                        if text == b".\r\n":
                            break
                        content.append(text)
                    self.end(client, at, people, b"".join(content))
                    people = 0
            elif at.verb == "BDAT":
                content = lines.read(int(at.line.split()[1]))
                self.end(client, at, people, content)
                people = 0
            elif at.verb == "RSET":
                people = 0
                self.say(client, at, "250 forgotten")
            elif at.verb == "QUIT":
                self.note(lambda: setattr(self, "quits", self.quits + 1))
                self.say(client, at, "221 bye")
                return
            else:
                self.say(client, at, "502 what?")

    def end(self, client, at, people, content):
        subject = [line[9:].decode().strip() for line in content.split(b"\n")
                   if line.startswith(b"Subject: ")][0]
        at.verb, at.line = "END", subject

        def before(answer):
            if answer.startswith("2"):
                self.note(lambda: self.taken.append((at.connection, subject)))

        self.say(client, at, "250 taken" if people else "503 nobody", before)
        if self.last(at):
            raise ConnectionError
        at.mail += 1
