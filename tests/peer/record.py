"""What the server saw: the commands, the messages, the broken laws."""

import threading


class Mail:
    """One transaction, from MAIL to its end."""

    def __init__(self, sender, parameters):
        self.sender = sender
        self.parameters = parameters
        self.recipients = []        # accepted ones
        self.asked = []             # (address, first digit or None)
        self.body = bytearray()     # un-dotted, as far as it came
        self.began = False          # a body was due
        self.complete = False       # the dot or LAST came
        self.accepted = False       # and we said 2xx


class Conversation:
    """One connection."""

    def __init__(self):
        self.lines = []             # (text, tls): commands and markers
        self.talk = []              # both sides, for people
        self.mails = []
        self.clear = bytearray()    # all the client's bytes outside TLS
        self.proven = None          # (name, mechanism) after a 235
        self.round_trips = 0        # since MAIL, up to QUIT
        self.end = ""
        self.address = ""           # the client's

    def command(self, text, tls):
        self.lines.append((text, tls))
        self.talk.append("C: " + text)

    def marker(self, text, tls):
        self.lines.append((text, tls))
        self.talk.append("   " + text)


class Record:
    """All connections of one scenario.  Threads of one scenario share it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.conversations = []
        self.broken = []            # (law, what happened)
        self.proxied = []           # "host:port", as the proxy was asked
        self.faults = []            # errors of the peer itself

    def begin(self):
        conversation = Conversation()
        with self.lock:
            self.conversations.append(conversation)
        return conversation

    def broke(self, law, what):
        with self.lock:
            if (law, what) not in self.broken:
                self.broken.append((law, what))

    def lines(self):
        return [line for each in self.conversations for line in each.lines]

    def mails(self):
        return [mail for each in self.conversations for mail in each.mails]

    def accepted(self):
        return [mail for mail in self.mails() if mail.accepted]

    def clear(self):
        return b"".join(bytes(each.clear) for each in self.conversations)
