#!/usr/bin/env python3
"""imap_random MAILGET FIRST LAST - IMAP servers that use what RFC 3501 lets
them, one for each seed.

Messages and the items of each come in any order (7.4.2), others' news at any
time (7).  The program under test fetches, lists and deletes what is there; it
is given MAILSEND_CONFIG and a state by the caller.  A line for each seed that
went wrong, and status 1."""

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading

VALIDITY = 9


class Message:
    def __init__(self, chance, uid):
        self.uid = uid
        self.deleted = chance.random() < 0.1
        lines = [f"Subject: number {uid}", f"X-Fill: {'x' * chance.randrange(60)}", ""]
        lines += [chance.choice(["* 1 FETCH (UID 7 BODY[] {5}", ")", "m4 OK",
                                 "text", "* BYE", ".", "{12}"])
                  for _ in range(chance.choice([0, 1, 5, 400]))]
        self.text = "\r\n".join(lines + [""]).encode()
        self.head = self.text[:self.text.index(b"\r\n\r\n") + 4]

    def grow(self, kilobytes):
        """More than a client lets pass of what it has not asked for."""
        self.text += (b"x" * 62 + b"\r\n") * 16 * kilobytes


class Box:
    """The folder, and a server's habits."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        count = self.chance.choice([1, 2, 3, 10, 33, 70])
        uids = sorted(self.chance.sample(range(1, 500), count))
        self.messages = [Message(self.chance, uid) for uid in uids]
        if seed % 20 == 7:
            self.chance.choice(self.messages).grow(18 * 1024)
        self.news = self.chance.choice([0, 0.1, 0.6])
        self.shuffles = self.chance.random() < 0.7
        self.uid_last = self.chance.choice([0, 0.5, 1])
        self.gone = []

    def wanted(self):
        return [m for m in self.messages if not m.deleted]

    def someone(self):
        """What nobody asked for."""
        chance, count = self.chance, len(self.messages)
        number = chance.randrange(count) + 1 if count else 1
        flags = chance.choice(["", r"\Seen", r"\Answered $Junk"])
        if count and self.messages[number - 1].deleted:
            flags += r" \Deleted"
        flags = flags.strip()
        uid = self.messages[number - 1].uid if count else 1
        lines = [f"{count} EXISTS", f"{chance.randrange(3)} RECENT",
                 r"FLAGS (\Seen \Deleted $Junk)", "OK [ALERT] soon {30}",
                 "OK still here", 'LIST () "/" {5}\r\nINBOX',
                 "NO the disk is \"nearly full {9}"]
        if count:
            lines += [f"{number} FETCH (FLAGS ({flags}))",
                      f"{number} FETCH (UID {uid} FLAGS ({flags}))",
                      f"{number} FETCH (FLAGS ({flags}) UID {uid})"]
        return f"* {chance.choice(lines)}\r\n".encode()

    def expunge(self):
        """Others' deletions are carried out, in between."""
        for number, message in enumerate(self.messages, 1):
            if message.deleted and message not in self.gone:
                del self.messages[number - 1]
                return f"* {number} EXPUNGE\r\n".encode()
        return b""


class Session:
    def __init__(self, box, connection):
        self.box = box
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.file = connection.makefile("rb")

    def say(self, data):
        chance = self.box.chance
        while chance.random() < self.box.news:
            data += self.box.someone()
        self.socket.sendall(data)

    def items(self, items):
        """UID first, or last, or anywhere."""
        chance = self.box.chance
        chance.shuffle(items)
        if chance.random() < self.box.uid_last:
            items.sort(key=lambda item: item.startswith(b"UID"))
        return b" ".join(items)

    def answer(self, message, words):
        items = [b"UID %d" % message.uid]
        flags = rb"FLAGS (\Deleted)" if message.deleted else rb"FLAGS (\Seen)"
        if "RFC822.SIZE" in words:
            items += [b"RFC822.SIZE %d" % len(message.text), flags]
        elif self.box.chance.random() < 0.3:
            items += [flags]
        part = re.search(r"BODY\.PEEK\[(.*?)\](?:<(\d+)\.(\d+)>)?", words)
        if part:
            data = message.head if part[1] else message.text
            name = f"BODY[{part[1]}]"
            if part[2]:
                data = data[int(part[2]):int(part[2]) + int(part[3])]
                name += f"<{part[2]}>"
            items.append(b"%s {%d}\r\n%s" % (name.encode(), len(data), data))
        number = self.box.messages.index(message) + 1
        self.say(b"* %d FETCH (%s)\r\n" % (number, self.items(items)))

    def chosen(self, words):
        chosen = set()
        for one in words.split(","):
            first, _, last = one.partition(":")
            top = 10 ** 9 if last == "*" else int(last or first)
            chosen |= {m.uid for m in self.box.messages
                       if int(first) <= m.uid <= top}
        return [m for m in self.box.messages if m.uid in chosen]

    def uid(self, verb, words):
        box = self.box
        chosen, _, rest = words.partition(" ")
        messages = self.chosen(chosen)
        if verb == "FETCH":
            if box.shuffles:
                box.chance.shuffle(messages)
            for message in messages:
                self.answer(message, rest)
        elif verb == "STORE":
            for message in messages:
                message.deleted = rest.startswith("+")
                box.gone.append(message)
        elif verb == "EXPUNGE":
            for message in [m for m in messages if m.deleted]:
                number = box.messages.index(message) + 1
                del box.messages[number - 1]
                self.say(b"* %d EXPUNGE\r\n" % number)

    def command(self, verb, words):
        box = self.box
        if verb == "CAPABILITY":
            self.say(b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n")
        elif verb in ("EXAMINE", "SELECT"):
            lines = [b"* %d EXISTS\r\n" % len(box.messages),
                     b"* 0 RECENT\r\n", b"* FLAGS (\\Seen)\r\n",
                     b"* OK [UIDVALIDITY %d] x\r\n" % VALIDITY]
            box.chance.shuffle(lines)
            for line in lines:
                self.say(line)
        elif verb == "UID":
            self.uid(*words.split(" ", 1))
            if box.chance.random() < 0.2:
                self.say(box.expunge())
        elif verb == "LOGOUT":
            self.say(b"* BYE\r\n")

    def run(self):
        self.say(b"* OK hello\r\n")
        for line in self.file:
            tag, verb, *words = line.decode().rstrip("\r\n").split(" ", 2)
            self.command(verb, words[0] if words else "")
            self.say(f"{tag} OK {'[READ-WRITE] ' * (verb == 'SELECT')}done\r\n"
                     .encode())
            if verb == "LOGOUT":
                return


class Server(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.box = None

    def run(self):
        while True:
            connection = self.socket.accept()[0]
            try:
                Session(self.box, connection).run()
            except OSError:
                pass
            connection.close()


class Trial:
    def __init__(self, mailget, server, seed):
        self.mailget = mailget
        self.url = f"imap://localhost:{server.socket.getsockname()[1]}"
        self.seed = seed
        self.box = server.box = Box(seed)
        self.wanted = {m.uid: m.text for m in self.box.wanted()}

    def get(self, *words):
        done = subprocess.run([self.mailget, "--tls", "off", *words], capture_output=True,
                              check=False)
        if done.returncode:
            raise AssertionError(f"{words}: status {done.returncode}: "
                                 f"{done.stderr.decode().strip()}")
        return done.stdout.decode()

    def same(self, what, found, wanted):
        if found != wanted:
            raise AssertionError(f"{what}: {found}, not {wanted}")

    def run(self):
        shutil.rmtree("kept", ignore_errors=True)
        listed = self.get(self.url, "list")
        self.same("listed", sorted(map(int, re.findall(r"number (\d+)",
                                                       listed))),
                  sorted(self.wanted))
        if not self.wanted:
            return
        self.get(self.url, "fetch", "kept")
        self.same("fetched", sorted(os.listdir("kept")),
                  sorted(f"{VALIDITY}.{uid}.eml" for uid in self.wanted))
        for uid, text in self.wanted.items():
            with open(f"kept/{VALIDITY}.{uid}.eml", "rb") as file:
                self.same(f"message {uid}", file.read(),
                          text.replace(b"\r\n", b"\n"))
        others = {m.uid for m in self.box.messages if m.deleted}
        self.get("--yes", self.url, "delete", "1")
        self.same("left", {m.uid for m in self.box.messages} - others,
                  set(sorted(self.wanted)[1:]))


def main():
    mailget, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = Server()
    server.start()
    wrong = 0
    for seed in range(first, last + 1):
        try:
            Trial(mailget, server, seed).run()
        except AssertionError as error:
            wrong += 1
            print(f"seed {seed}: {str(error)[:600]}")
    print(f"{last - first + 1 - wrong} of {last - first + 1} mailboxes")
    sys.exit(bool(wrong))


main()
