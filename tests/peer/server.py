"""The SMTP server: a good one, but for what the script says.

A *point* is a moment at which the server is due to act: the greeting, a
command, the end of a message (points.py).  At each point the first rule of
the script that fits takes over; without one the good server's answer is
given.  The state (was MAIL accepted? which recipients were?) follows from
the replies that were really sent, so a lying script stays consistent.
"""

import fnmatch
import re
import select
import socket
import subprocess
import threading

import auth
import binding
import laws
from body import DotReader
from dialogue import expand, to_bytes, unescape
from record import Mail
from wire import Gone, Over, Wire


class Script:
    """The rules, and how often each point has been reached."""

    def __init__(self, behaviour, values):
        self.behaviour = behaviour
        self.values = values
        self.counts = {}
        self.lock = threading.Lock()

    def find(self, point, argument, tls):
        with self.lock:
            for rule in self.behaviour.rules:
                if fits(rule, point, argument, tls) and self.due(rule):
                    return rule
        return None

    def due(self, rule):
        """Count per rule, so that `#2 GLOB' is the second that fits."""
        if rule.number is None:
            return True
        self.counts[rule] = self.counts.get(rule, 0) + 1
        return self.counts[rule] == rule.number

    def expand(self, text):
        return expand(text, self.values)


def fits(rule, point, argument, tls):
    if rule.point != point or rule.point == "body":
        return False
    if rule.layer and (rule.layer == "in-tls") != tls:
        return False
    return rule.glob is None or \
        fnmatch.fnmatchcase(argument.lower(), rule.glob.lower())


class Session:
    """One connection, served."""

    def __init__(self, server, sock):
        self.server = server
        self.behaviour = server.behaviour
        self.script = server.script
        self.record = server.record
        self.log = server.record.begin()
        self.log.address = sock.getpeername()[0]
        self.wire = Wire(sock, self.behaviour.chop, self.behaviour.pace,
                         self.behaviour.eager, server.stopping)
        self.wire.clear = self.log.clear if server.lawful else None
        self.wire.most = self.behaviour.buffers or self.wire.most
        self.wire.grace = server.grace
        self.laws = laws.Watch(self) if server.lawful else laws.Blind()
        self.code = None            # first digit of the last reply sent
        self.mail = None
        self.body_rules = []
        self.greeted = self.over = False
        self.caps = []              # offered by the last EHLO
        self.listing = None
        self.exchange = None        # an AUTH under way
        self.peer_name = None

    def run(self):
        try:
            self.serve()
        except Gone as gone:
            self.log.end = str(gone)
        except Over as over:
            self.log.end = f"the script: {over}"
        except Exception as error:      # a bug here must not look green
            self.record.faults.append(f"{type(error).__name__}: {error}")
            if self.server.debug:
                raise
        finally:
            self.abandon_mail()
            self.log.talk.append(f"   [{self.log.end or 'closed'}]")
            self.wire.close()

    def serve(self):
        if self.behaviour.tls == "implicit":
            self.act("tls", "", self.start_tls)
        self.act("connect", "", lambda: self.reply(
            "220 peer.example ESMTP"))
        while not self.over:
            line = self.wire.read_line()
            self.command(line)

    # -- replies ----------------------------------------------------------

    def reply(self, line):
        self.log.talk.append("S: " + printable(line))
        self.note(line)
        self.wire.put(to_bytes(line) + b"\r\n")

    def note(self, line):
        """The last line of a reply decides; a `250-' leaves it open."""
        if line[:3].isdigit() and line[3:4] != "-":
            self.code = line[0]
        if self.listing is not None:
            self.listing.append(line[4:].strip())

    def raw(self, text):
        text = unescape(text)
        self.log.talk.append("S: " + printable(text))
        for line in text.split("\n")[:-1]:     # half a line says nothing
            self.note(line)
        self.wire.put(to_bytes(text))

    def act(self, point, argument, default):
        """Do what the script says here, else the default."""
        self.code = None
        rule = self.script.find(point, argument, self.wire.tls)
        if rule is None:
            default()
        else:
            self.perform(rule.actions, default)

    def perform(self, actions, default):
        wire = self.wire
        for name, argument in actions:
            text = self.script.expand(argument)
            if name == "reply":
                self.reply(text)
            elif name == "raw":
                self.raw(text)
            elif name == "default":
                default()
            elif name == "wait":
                wire.flush()
                if wire.stop.wait(float(text)):
                    raise Over("the scenario is over")
            elif name == "sh":
                wire.flush()
                subprocess.run(["/bin/sh", "-c", text], check=True,
                               cwd=self.script.values["home"],
                               stdin=subprocess.DEVNULL)
            elif name == "starttls":
                self.start_tls()
            else:
                self.log.talk.append(f"S: ({name})")
                self.perform_last(name, text)

    def perform_last(self, name, text):
        """The actions that do not come back."""
        wire = self.wire
        if name == "endless":
            wire.endless(to_bytes(text) + b"\r\n")
        elif name == "drip":
            seconds, _, text = text.partition(" ")
            wire.drip(float(seconds), to_bytes(unescape(text)))
        else:
            getattr(wire, name)()   # drop, reset, silence, stall

    # -- commands ---------------------------------------------------------

    def command(self, line):
        if self.exchange is not None:
            self.auth_answer(line)
            return
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        self.log.command(text, self.wire.tls)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        self.laws.command(line, verb, argument)
        handler = getattr(self, "do_" + verb.lower(), None) \
            if re.fullmatch("[A-Z]+", verb) else None
        if handler:
            handler(argument)
        else:
            scripted = any(rule.point == verb
                           for rule in self.behaviour.rules)
            self.act(verb if scripted else "*", argument, lambda: self.reply(
                "502 5.5.1 unknown command"))

    def do_ehlo(self, argument):
        self.abandon_mail()
        self.listing = []               # what we are about to offer
        self.act("EHLO", argument, self.offer)
        self.greeted = self.code == "2"
        self.caps = self.listing[1:] if self.greeted else []
        self.listing = None

    def offer(self):
        lines = ["peer.example at your service",
                 *self.behaviour.offers(self.wire.tls)]
        for line in lines[:-1]:
            self.reply("250-" + line)
        self.reply("250 " + lines[-1])

    def do_helo(self, argument):
        self.abandon_mail()
        self.caps = []
        self.act("HELO", argument, lambda: self.reply("250 peer.example"))
        self.greeted = self.code == "2"

    def do_starttls(self, argument):
        self.act("STARTTLS", argument, self.accept_starttls)

    def accept_starttls(self):
        if self.behaviour.tls != "starttls" or self.wire.tls:
            self.reply("502 5.5.1 no STARTTLS here")
            return
        self.reply("220 2.0.0 go ahead")
        self.act("tls", "", self.start_tls)

    def start_tls(self):
        self.wire.flush()
        if self.wire.input:
            self.record.broke("pipelining", "input before the TLS handshake")
            self.wire.input.clear()
        self.wire.start_tls(self.server.tls_context())
        self.log.marker("(tls)", True)
        self.greeted = False
        self.caps = []
        self.peer_name = certificate_name(self.wire.sock)

    def do_noop(self, argument):
        self.act("NOOP", argument, lambda: self.reply("250 2.0.0 ok"))

    def do_rset(self, argument):
        self.abandon_mail()
        self.act("RSET", argument, lambda: self.reply("250 2.0.0 reset"))

    def do_quit(self, argument):
        self.log.round_trips = self.wire.round_trips
        self.act("QUIT", argument, lambda: self.reply("221 2.0.0 bye"))
        try:
            self.wire.flush()
        except Gone:
            pass                        # nobody has to wait for the 221
        self.wire.end_tls()
        self.over = True
        self.log.end = "after QUIT"

    # -- AUTH -------------------------------------------------------------

    def do_auth(self, argument):
        self.act("AUTH", argument, lambda: self.begin_auth(argument))
        if self.code == "3" and self.exchange is None:
            self.exchange = (argument.split(" ")[0], None)

    def begin_auth(self, argument):
        mechanism, _, initial = argument.partition(" ")
        mechanism = mechanism.upper()
        if mechanism not in self.behaviour.mechanisms or \
                not auth.is_known(mechanism):
            self.reply("504 5.5.4 no such mechanism")
            return
        if self.log.proven or self.mail:
            self.reply("503 5.5.1 not now")
            return
        try:
            steps = auth.begin(
                mechanism, self.behaviour.user, self.behaviour.password,
                initial.encode() if initial else None, self.peer_name,
                auth.Way(self.behaviour.signs, self.binding()))
            self.auth_step(mechanism, steps, None)
        except auth.Malformed:
            self.reply("501 5.5.2 that is no base64")

    def binding(self):
        if not self.wire.tls or not any(
                name.endswith("-PLUS") for name in self.behaviour.mechanisms):
            return None
        return binding.of(self.wire.sock, self.behaviour.binds)

    def auth_step(self, mechanism, steps, answer):
        self.exchange = None
        try:
            challenge = steps.send(answer)
        except StopIteration as result:
            self.auth_end(mechanism, result.value)
            return
        self.exchange = (mechanism, steps)
        self.reply("334 " + auth.encode(challenge).decode())

    def auth_answer(self, line):
        mechanism, steps = self.exchange
        self.exchange = None
        answer = line.rstrip(b"\r\n")
        self.log.command("(auth) " + answer.decode("latin-1"), self.wire.tls)
        try:
            data = auth.decode(answer)
            if steps is None:           # the script began this exchange
                self.auth_end(mechanism, None)
            else:
                self.auth_step(mechanism, steps, data)
        except auth.Cancelled:
            self.reply("501 5.7.0 cancelled")
        except auth.Malformed:
            self.reply("501 5.5.2 that is no base64")

    def auth_end(self, mechanism, name):
        if name is None:
            self.reply("535 5.7.8 wrong credentials")
            return
        self.act("auth-end", mechanism, lambda: self.reply(
            "235 2.7.0 welcome"))
        if self.code == "2":
            self.log.proven = (name.decode(), mechanism)

    # -- the transaction --------------------------------------------------

    def do_mail(self, argument):
        if not self.log.mails:
            self.log.round_trips = 0
            self.wire.round_trips = 0
        address, parameters = path_of(argument)
        mail = Mail(address, parameters)
        self.laws.mail(mail, argument)
        self.act("MAIL", address, lambda: self.accept_mail(mail))
        if self.code == "2":
            self.mail = mail

    def accept_mail(self, mail):
        size = mail.parameters.get("SIZE", "")
        most = self.behaviour.size()
        if self.mail:
            self.reply("503 5.5.1 one at a time")
        elif not self.greeted:
            self.reply("503 5.5.1 EHLO first")
        elif self.behaviour.mechanisms and not self.log.proven and \
                self.behaviour.auth_in != "never":
            self.reply("530 5.7.0 authentication required")
        elif most and size.isdigit() and int(size) > most:
            self.reply(f"552 5.3.4 more than {most} octets")
        else:
            self.reply("250 2.1.0 sender ok")

    def do_rcpt(self, argument):
        address, parameters = path_of(argument)
        self.laws.rcpt(address, parameters, argument)
        self.act("RCPT", address, self.accept_rcpt)
        if self.mail:
            self.mail.asked.append((address, self.code))
            if self.code == "2":
                self.mail.recipients.append(address)

    def accept_rcpt(self):
        self.reply("250 2.1.5 recipient ok" if self.mail
                   else "503 5.5.1 MAIL first")

    def do_data(self, argument):
        self.act("DATA", argument, self.accept_data)
        if self.code != "3":
            return
        mail = self.mail or Mail("", {})
        mail.began = True
        reader = DotReader()
        sink = self.server.open_sink(mail)
        self.body_begin(mail)
        while not reader.done:
            data = self.wire.read_some()
            sink.write(reader.feed(data))
            self.body_fault(data)
        self.wire.input[:0] = reader.rest
        self.log.marker("(body)", self.wire.tls)
        self.finish_mail(mail, sink)

    def accept_data(self):
        if not self.mail:
            self.reply("503 5.5.1 MAIL first")
        elif not self.mail.recipients:
            self.reply("554 5.5.1 no valid recipients")
        else:
            self.reply("354 go on, end with a dot")

    def do_bdat(self, argument):
        words = argument.split()
        if not words or not words[0].isdigit():
            self.reply("501 5.5.4 BDAT SIZE [LAST]")
            return
        last = len(words) == 2 and words[1].upper() == "LAST"
        mail = self.mail or Mail("", {})
        good = bool(mail.recipients)
        if not mail.began:
            mail.began = True
            mail.sink = self.server.open_sink(mail)
            self.body_begin(mail)
        left = int(words[0])
        while left:
            data = self.wire.read_some(left)
            left -= len(data)
            mail.sink.write(data)
            self.body_fault(data)
        self.laws.bdat()
        if not last:
            self.act("BDAT", argument, lambda: self.reply(
                "250 2.0.0 so far so good" if good
                else "503 5.5.1 no valid recipients"))
        else:
            self.finish_mail(mail, mail.sink, "BDAT LAST")

    def body_begin(self, mail):
        self.body_count = 0
        self.body_rules = sorted(
            (rule for rule in self.behaviour.rules if rule.point == "body"),
            key=lambda rule: rule.bytes)

    def body_fault(self, data):
        self.body_count += len(data)
        while self.body_rules and \
                self.body_count >= self.body_rules[0].bytes:
            rule = self.body_rules.pop(0)
            self.perform(rule.actions, lambda: None)

    def finish_mail(self, mail, sink, how="DATA"):
        """The message is here: judge it."""
        mail.complete = True
        self.laws.message(mail)
        try:
            self.act("end", how, lambda: self.accept_message(mail, sink))
        finally:                        # the script may end the line here
            mail.accepted = self.code == "2" and bool(mail.recipients)
            if mail.accepted:
                sink.keep()
            else:
                sink.forget()
            self.log.mails.append(mail)
            self.mail = None

    def accept_message(self, mail, sink):
        most = self.behaviour.size()
        if not mail.recipients:
            self.reply("554 5.5.1 no valid recipients")
        elif most and sink.size > most:
            self.reply(f"552 5.3.4 more than {most} octets")
        else:
            self.reply(f"250 2.0.0 queued as {sink.name()}")

    def abandon_mail(self):
        if self.mail:
            self.log.mails.append(self.mail)
            if getattr(self.mail, "sink", None):
                self.mail.sink.forget()
        self.mail = None


class Memory:
    """Where a scenario's message goes: into its own record."""

    def __init__(self, mail):
        self.mail = mail
        self.size = 0

    def write(self, data):
        self.size += len(data)
        self.mail.body += data

    def name(self):
        return "PEER1"

    def keep(self):
        pass

    def forget(self):
        pass


class Server:
    """Listens on loopback, one thread for each connection."""

    def __init__(self, behaviour, values, record, certificates,
                 open_sink=Memory, port=0, host="127.0.0.1"):
        self.behaviour = behaviour
        self.record = record
        self.script = Script(behaviour, values)
        self.certificates = certificates
        self.open_sink = open_sink
        self.stopping = threading.Event()
        self.grace = 0.0
        self.debug = False
        self.lawful = True
        self.forgetful = False      # keep no record: a server for days
        self.sessions = []
        self.threads = []
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if behaviour.buffers:
            for which in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.listener.setsockopt(socket.SOL_SOCKET, which,
                                         behaviour.buffers)
            # Small segments keep the client's own buffer small too; on
            # loopback it would else take megabytes.
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG,
                                     536)
        self.listener.bind((host, port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.waker, self.woken = socket.socketpair()

    def tls_context(self):
        return self.certificates.context(
            self.behaviour.cert, self.behaviour.client_cert,
            self.behaviour.tls_max)

    def start(self):
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while True:
            ready = select.select([self.listener, self.woken], [], [])[0]
            if self.listener in ready:
                self.admit(self.listener.accept()[0])
            elif self.woken in ready:
                return                  # and the backlog is empty

    def admit(self, sock):
        session = Session(self, sock)
        thread = threading.Thread(target=session.run, daemon=True)
        if self.forgetful:
            self.record.conversations.clear()
        else:
            self.sessions.append(session)
            self.threads.append(thread)
        thread.start()

    def finish(self, patience=2.0):
        """The client has ended: take what it left, then stop."""
        self.waker.send(b"x")
        self.acceptor.join()
        self.listener.close()
        for thread in self.threads:
            if not self.stopping.is_set():
                thread.join(patience)
            if thread.is_alive():
                self.stopping.set()
                for session in self.sessions:
                    session.wire.kill()
                thread.join(5)
        self.waker.close()
        self.woken.close()


def path_of(argument):
    """The address and the parameters of MAIL and RCPT."""
    found = re.match(r"(?:FROM|TO):\s*<(.*?)>(?:\s+(.*))?$", argument,
                     re.IGNORECASE)
    if not found:
        return argument, {}
    parameters = {}
    for word in (found[2] or "").split():
        name, _, value = word.partition("=")
        parameters[name.upper()] = value
    return found[1], parameters


def certificate_name(sock):
    certificate = sock.getpeercert() or {}
    for entry in certificate.get("subject", ()):
        for name, value in entry:
            if name == "commonName":
                return value.encode()
    return None


def printable(text):
    text = text.encode("unicode_escape", "replace").decode() \
        if not text.isprintable() else text
    return text if len(text) < 200 else text[:200] + f"... ({len(text)})"
