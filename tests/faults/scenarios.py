"""What is run, and what must be true of it whatever fails: each scenario has
a beginning, a command, and a judge who returns what became of the mail."""

import contextlib
import email
import email.policy
import gzip
import hashlib
import os
import random
import re
import signal
import smtplib
import subprocess
import time

import folder as truth
from plans import Plan
from queued import read_queue, read_letters
from world import ME, LIMIT, program

MAILSEND, MAILJOIN, MAILGET = map(program,
                                  ("mailsend", "mailjoin", "mailget"))


class Broken(Exception):
    """What must hold does not."""


def text_of(name, lines):
    """A text that is known at its end, larger than a pipe if need be."""
    return "".join(f"{name} {number} {'.' * (number % 60)}\n"
                   for number in range(lines)) + f"the end of {name}\n"


def lf(data):
    return data.replace(b"\r\n", b"\n")


def body_text(message):
    """The text/plain body of a message, decoded, with LF."""
    part = email.message_from_bytes(message, policy=email.policy.default)
    part = part.get_body(("plain",)) if part.is_multipart() else part
    return lf(part.get_payload(decode=True) or b"") if part else b""


def files_below(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(place, name)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


class Scenario:
    name = ""
    pipe = None                 # octets on standard input
    tidies = ["--flush"]        # what takes away what a killed run left
    statuses = ()               # that are no failure of ours

    def prepare(self, world):
        """The beginning, in a world that is laid."""

    def command(self, world):
        raise NotImplementedError

    def beside(self, world):
        """Somebody else who is at work meanwhile, or nobody."""
        del world

    def run(self, world, plan):
        return world.run(plan, self.command(world), self.pipe,
                         self.beside(world))

    def judge(self, world, done):
        """What became of it, in a word; Broken."""
        raise NotImplementedError

    # ---- what every judge looks at

    def good(self, world, *words, stdin=None):
        """A run in which nothing fails, to set the stage."""
        done = world.run(Plan(), words, stdin)
        assert done.status == 0, f"{words}: {done}"
        return done

    def leftovers(self, world):
        """Files that are nobody's."""
        home, queue = world.path("home"), world.queue
        for path in files_below(world.path("tmp")):
            yield path
        for problem in truth.problems(queue, rubbish=False):
            yield problem
        for path in files_below(home):
            name = os.path.basename(path)
            if re.search(r"^\.mailget|^\.mail|\.XXXXXX|\.lock$|\.tmp$|^\.mbox",
                         name) or \
                    os.path.basename(os.path.dirname(path)) == "tmp":
                yield path

    def tidy(self, world):
        """What a run left is taken away by a later one, two days on."""
        left = list(self.leftovers(world))
        if not left:
            return
        clock = int(time.time()) + 2 * 86400
        done = world.run(Later(clock), [MAILSEND, *self.tidies])
        left = list(self.leftovers(world))
        if left:
            raise Broken(f"left over for ever: {left}\n{done}")


class Later(Plan):
    """Nothing fails, and it is later."""

    def __init__(self, clock):
        self.clock = clock

    def environment(self, world):
        return {"MAILSEND_FROZEN": world.frozen(clock=self.clock)}


# ---- a mail

class Sending(Scenario):
    """A text by a pipe, to somebody."""

    text = text_of("sending", 2500)         # more than a pipe holds
    to = "ann@example.org", "bob@example.org"
    words = ()

    @property
    def pipe(self):
        return self.text.encode()

    def command(self, world):
        return [MAILSEND, "-s", f"fault {self.name}", *self.words, *self.to]

    def is_whole(self, message):
        return body_text(message) == self.pipe

    def at_server(self, world):
        """How often it came, and whether the last word on it was heard."""
        times, heard = dict.fromkeys(self.to, 0), True
        for message, recipients, _, known in world.peer.took():
            if not self.is_whole(message):
                raise Broken(f"the server took {len(message)} octets that "
                             "are not the message")
            for each in recipients:
                times[each] += 1
            heard = heard and known
        return times, heard

    def in_queue(self, world):
        """Of each recipient: waits."""
        waiting = set()
        for each in read_queue(world.queue):
            flaws = list(each.flaws())
            if flaws:
                raise Broken(f"queued and damaged: {flaws}")
            if not self.is_whole(each.message):
                raise Broken("queued is another text")
            waiting |= set(each.recipients("waiting"))
        return waiting

    def letters(self, world, done):
        """In the home, or where it is said to be instead."""
        told = re.findall(r"saved in (/\S+)", done.err)
        paths = {path for folder in ("home", "tmp")
                 for path in files_below(world.path(folder))
                 if "dead" in os.path.basename(path)} | set(told)
        found = [each for path in paths for each in read_letters(path)
                 if self.is_whole(each)]
        for path in told:           # of the one whom /etc/passwd names
            if not path.startswith(world.live):
                os.unlink(path)
        return found

    def beginning(self, world):
        """Who was ended while we still wrote keeps what came so far, and says
        that it is not all."""
        for one in read_letters(world.path("home", "dead.letter")):
            found = email.message_from_bytes(one, policy=email.policy.default)
            parts = [lf(part.get_payload(decode=True)).rstrip(b"\n")
                     for part in found.walk() if not part.is_multipart()]
            if found["X-Undelivered-Missing"] and \
                    any(self.pipe.startswith(part) for part in parts):
                return True
        return False

    def elsewhere(self, world):
        """Files in which the text stands whole, whatever else does."""
        found = []
        for folder in "home", "tmp":
            for path in files_below(world.path(folder)):
                if self.pipe in lf(read(path)):
                    found.append(path)
        return found

    def judge(self, world, done):
        times, heard = self.at_server(world)
        waiting = self.in_queue(world)
        letters = self.letters(world, done)
        took = {who for who, count in times.items() if count}
        twice = {who for who, count in times.items() if count > 1}
        if twice and not self.may_be_twice(done):
            raise Broken(f"sent twice to {twice}")
        if took & waiting and heard:
            raise Broken(f"{took & waiting}: delivered, and waits as well")
        if done.status == 0:
            self.judge_success(world, done, took | waiting, letters)
            return "queued" if waiting else "delivered"
        if took == set(self.to) and heard and not done.plan.signal:
            raise Broken("delivered, the server's 250 was heard, and the "
                         "status is another")
        if letters:
            if not any(self.is_message(each) for each in letters):
                raise Broken("the dead letter is not the message")
            return "kept"
        if waiting | took == set(self.to):
            return "queued" if waiting else "delivered"
        if done.plan.signal and self.beginning(world):
            return "kept"
        if self.elsewhere(world):
            raise Broken(f"kept, but not as a message: "
                         f"{self.elsewhere(world)}")
        raise Broken("nothing was kept" + (
            "" if done.drained else ", and the pipe is broken"))

    def judge_success(self, world, done, there, letters):
        del letters
        if there != set(self.to):
            raise Broken(f"status 0, and lost for {set(self.to) - there}")

    def may_be_twice(self, done):
        del done
        return False

    def is_message(self, letter):
        found = email.message_from_bytes(letter)
        return found["Subject"] == f"fault {self.name}"


class Direct(Sending):
    name = "direct"


class Never(Sending):
    """Without a queue: what fails is in the dead letter."""

    name = "never"
    text = text_of("never", 30)
    words = "--queue=never",


class Only(Sending):
    name = "only"
    words = "--queue=only",


class Small(Sending):
    name = "only-small"
    text = text_of("small", 8)
    words = "--queue=only",


class Background(Sending):
    """Who is told 0 has a mail that is queued or sent."""

    name = "background"
    words = "--queue=background",


class Attached(Sending):
    """The pipe is an attachment, beside a text from a file."""

    name = "attached"
    text = text_of("attached", 2500)
    words = "-i", "text", "-a", "-=pipe.txt"

    def prepare(self, world):
        with open(world.path("text"), "w", encoding="utf-8") as file:
            file.write("a text\n")

    def is_whole(self, message):
        found = email.message_from_bytes(message,
                                         policy=email.policy.default)
        return any(part.get_filename() == "pipe.txt" and
                   lf(part.get_payload(decode=True)) == self.pipe
                   for part in found.walk())


class Enclosed(Sending):
    """A file that is read as it is sent, beside a text by a pipe."""

    name = "enclosed"
    text = text_of("enclosed", 30)
    content = hashlib.shake_128(b"enclosed").digest(300000)
    words = "-a", "file.bin"

    def prepare(self, world):
        with open(world.path("file.bin"), "wb") as file:
            file.write(self.content)

    def is_whole(self, message):
        """Of what could not be read the text is kept, and it says so."""
        found = email.message_from_bytes(message,
                                         policy=email.policy.default)
        files = [part.get_payload(decode=True) for part in found.walk()
                 if part.get_filename() == "file.bin"]
        return body_text(message) == self.pipe and (
            files == [self.content] or
            not files and bool(found["X-Undelivered-Missing"]))


class Refused(Sending):
    """The server wants none of it: the dead letter."""

    name = "refused"
    to = "never@example.org",



class Local(Sending):
    """Without a server: one's own Maildir."""

    name = "maildir"
    to = "alice",
    text = text_of("maildir", 500)

    def prepare(self, world):
        with open(world.path("config"), "w", encoding="utf-8"):
            pass

    def run(self, world, plan):
        return world.run(As(plan, "alice"), self.command(world), self.pipe)

    def at_server(self, world):
        times = 0
        for place in "new", "cur":
            folder = world.path("home", "Maildir", place)
            for path in files_below(folder):
                if not self.is_whole(read(path)):
                    raise Broken(f"{path} is not the message")
                times += 1
        return {"alice": times}, True

    def in_queue(self, world):
        """Here it is qualified."""
        return {who.partition("@")[0] for who in super().in_queue(world)}

    def leftovers(self, world):
        """Maildir's tmp is left to its own rule: 36 hours, by anybody."""
        return [path for path in super().leftovers(world)
                if "/Maildir/tmp/" not in path]


class As(Plan):
    """Another plan, with a user of a known name and home."""

    def __init__(self, plan, user):
        self.plan, self.user = plan, user
        self.signal = plan.signal

    def words(self, world):
        return self.plan.words(world)

    def environment(self, world):
        return {**self.plan.environment(world), "MAILSEND_FROZEN":
                world.frozen(user=self.user, uid=os.getuid(),
                             home=world.path("home"))}

    def follow(self, process):
        self.plan.follow(process)

    def struck(self, world):
        return self.plan.struck(world)


# ---- the queue is run

class Flush(Scenario):
    """One that goes, one that nobody takes, of which its sender hears, one
    that is to wait."""

    name = "flush"
    mails = {
        "good": ("ann@example.org",),
        "never": ("never@example.org",),
        "mixed": ("bob@example.org", "later@example.org"),
    }

    @staticmethod
    def text(kind):
        return text_of(f"flush-{kind}", 60)

    def prepare(self, world):
        for kind, to in self.mails.items():
            self.good(world, MAILSEND, "--queue=only", "-s", kind, *to,
                      stdin=self.text(kind).encode())

    def command(self, world):
        return [MAILSEND, "--flush"]

    def judge(self, world, done):
        kept = self.judge_now(world, done)
        # Whatever failed: the next run goes on as if nothing was.
        again = world.run(Plan(), self.command(world))
        if again.status != 0:
            raise Broken(f"the next run: {again}")
        self.judge_now(world, again)
        took = self.count(world)
        for who in "ann@example.org", "bob@example.org", "notice":
            if not took.get(who):
                raise Broken(f"lost: {who}\n{again}")
        return "kept" if kept or done.status else "delivered"

    def judge_now(self, world, done):
        took = self.count(world)
        heard = all(known for _, _, _, known in world.peer.took())
        more = [who for who, count in took.items() if count > 1]
        if more and heard and not done.plan.signal:
            raise Broken(f"sent twice: {more}")
        waiting = set()
        for each in read_queue(world.queue):
            if list(each.flaws()):
                raise Broken(f"damaged: {list(each.flaws())}")
            if b"Content-Type: multipart/report" in each.message:
                waiting.add("notice")
            else:
                waiting |= set(each.states)
        if done.status not in (0, None) and done.status > 0 and \
                not done.err.strip():
            raise Broken(f"status {done.status} without a word")
        for kind, to in self.mails.items():
            for who in to:
                there = took.get(who) or who in waiting
                if kind == "never":
                    there = there or took.get("notice") or \
                        "notice" in waiting
                if not there:
                    raise Broken(f"{who} is lost")
        bad = truth.listing(os.path.join(world.queue, "bad"))
        if bad:
            raise Broken(f"set aside: {bad}")
        return bool({"ann@example.org", "bob@example.org"} & waiting)

    def count(self, world):
        took = {}
        for message, recipients, sender, _ in world.peer.took():
            if sender == "":
                took["notice"] = took.get("notice", 0) + 1
                continue
            kind = email.message_from_bytes(message)["Subject"]
            if body_text(message) != self.text(kind).encode():
                raise Broken(f"{kind} is not whole")
            for who in recipients:
                took[who] = took.get(who, 0) + 1
        # One that could not be sent is in its sender's mailbox.
        for path in files_below(world.path("home", "Maildir", "new")):
            if b"Content-Type: multipart/report" in read(path):
                took.setdefault("notice", 1)
        return took


# ---- a file in parts

class Split(Scenario):
    """A pipe that is sent in parts: sent, or there for --resume."""

    name = "split"
    content = random.Random(7).randbytes(45000)
    pipe = content
    words = ()

    def command(self, world):
        return [MAILSEND, "--split", "20k", "-s", "parts", "-a", "-=file.bin",
                *self.words, "ann@example.org"]

    def arrived(self, world):
        """Is the file whole at the receiver's?"""
        box = world.path("box")
        os.makedirs(box, exist_ok=True)
        seen = {}
        for message, _, _, known in world.peer.took():
            key = email.message_from_bytes(message)["Message-ID"]
            digest = hashlib.sha256(message).hexdigest()
            if seen.setdefault(key, digest) != digest:
                raise Broken(f"{key} is not the same each time")
            with open(os.path.join(box, digest), "wb") as file:
                file.write(message)
        for each in read_queue(world.queue):
            if list(each.flaws()):
                raise Broken(f"damaged: {list(each.flaws())}")
            with open(os.path.join(box, each.name), "wb") as file:
                file.write(each.message)
        if not os.listdir(box):
            return False
        out = world.path("joined")
        subprocess.run(["rm", "-rf", out, world.path("joining")], check=True)
        os.mkdir(out)
        env = {**world.environment(), "XDG_STATE_HOME": world.path("joining")}
        subprocess.run([MAILJOIN, "-o", out, box], env=env, check=False,
                       stdin=subprocess.DEVNULL, capture_output=True)
        return read(os.path.join(out, "file.bin")) == self.content

    def copies(self, world):
        times = {}
        for message, _, _, _ in world.peer.took():
            key = email.message_from_bytes(message)["Message-ID"]
            times[key] = times.get(key, 0) + 1
        return max(times.values(), default=0)

    def judge(self, world, done):
        whole = self.arrived(world)
        if done.status == 0:
            if not whole:
                raise Broken("status 0, and a part is missing")
            return "delivered"
        told = re.search(r"--resume[ =]([0-9a-f]{32})", done.err)
        if not told:
            return self.judge_without(world, done, whole)
        again = world.run(Plan(), [MAILSEND, "--resume", told[1]])
        if again.status != 0:
            raise Broken(f"--resume: {again}")
        if not self.arrived(world):
            raise Broken(f"not whole after --resume: {again}")
        heard = all(known for _, _, _, known in world.peer.took())
        if self.copies(world) > 1 and heard and not done.plan.signal:
            raise Broken("a part was sent twice")
        return "kept"

    def judge_without(self, world, done, whole):
        """Nothing to resume was told of."""
        if whole:
            if done.plan.signal:
                return "delivered"
            raise Broken("all parts went, and the status is another")
        letters = [each for path in files_below(world.path("home"))
                   if "dead" in os.path.basename(path)
                   for each in read_letters(path)]
        for letter in letters:
            found = email.message_from_bytes(letter,
                                             policy=email.policy.default)
            if any(part.get_payload(decode=True) == self.content
                   for part in found.walk() if not part.is_multipart()):
                return "kept"
        for path in files_below(world.path("home")):
            if self.content in read(path):
                raise Broken(f"kept in {path}, but not told how to go on")
        raise Broken("nothing was kept" + (
            "" if done.drained else ", and the pipe is broken"))


# ---- what came

class Join(Scenario):
    name = "mailjoin"
    content = random.Random(8).randbytes(45000)

    def prepare(self, world):
        self.good(world, MAILSEND, "--split", "20k", "-s", "parts", "-a",
                  "-=file.bin", "ann@example.org", stdin=self.content)
        world.peer.settle()
        os.mkdir(world.path("box"))
        os.mkdir(world.path("out"))
        for number, (message, *_) in enumerate(world.peer.took()):
            with open(world.path("box", f"{number}.eml"), "wb") as file:
                file.write(message)

    def command(self, world):
        return [MAILJOIN, "-o", world.path("out"), world.path("box")]

    def judge(self, world, done):
        result = self.judge_file(world, done)
        again = world.run(Plan(), self.command(world))
        if again.status != 0 or \
                read(world.path("out", "file.bin")) != self.content:
            raise Broken(f"the next run: {again}")
        return result

    def judge_file(self, world, done):
        names = os.listdir(world.path("out"))
        path = world.path("out", "file.bin")
        whole = read(path) == self.content
        if os.path.exists(path) and not whole:
            raise Broken(f"file.bin has {os.path.getsize(path)} octets")
        if done.status == 0:
            if not whole:
                raise Broken(f"status 0, and no file: {names}")
            return "delivered"
        if whole and not done.plan.signal:
            raise Broken("the file is there, and the status is another")
        return "kept"

    def leftovers(self, world):
        yield from super().leftovers(world)
        for name in os.listdir(world.path("out")):
            if name != "file.bin":
                yield world.path("out", name)

    def tidy(self, world):
        """The next run of its own kind has been; or a later one."""
        if not list(self.leftovers(world)):
            return
        world.run(Later(int(time.time()) + 2 * 86400), self.command(world))
        left = list(self.leftovers(world))
        if left:
            raise Broken(f"left over after two more runs: {left}")


def letter(number):
    return (f"From: bob@example.org\nTo: me@example.org\n"
            f"Subject: letter {number}\nDate: Mon, 30 Nov 2026 10:00:0{number}"
            f" +0000\nMessage-ID: <{number}@example.org>\n\n" +
            text_of(f"letter-{number}", 20 + number)).encode()


class Fetch(Scenario):
    name = "fetch"
    count = 4

    def prepare(self, world):
        for place in "cur", "new", "tmp":
            os.makedirs(world.path("box", place))
        for number in range(self.count):
            with open(world.path("box", "cur" if number % 2 else "new",
                                 f"{number}.host" + ":2,S" * (number % 2)),
                      "wb") as file:
                file.write(letter(number))
        os.mkdir(world.path("out"))

    def command(self, world):
        return [MAILGET, world.path("box"), "fetch", world.path("out")]

    def found(self, world):
        wanted = {lf(letter(number)) for number in range(self.count)}
        found = set()
        for path in files_below(world.path("out")):
            if os.path.basename(path).startswith(".mailget"):
                continue
            data = lf(read(path))
            if data not in wanted:
                raise Broken(f"{path} is no message")
            found.add(data)
        return len(found)

    def judge(self, world, done):
        now = self.found(world)
        if done.status == 0 and now != self.count:
            raise Broken(f"status 0, and {now} of {self.count}")
        again = world.run(Plan(), self.command(world))
        if again.status != 0 or self.found(world) != self.count:
            raise Broken(f"the next run: {again}")
        if done.status == 0:
            return "delivered"
        if now == self.count and not done.plan.signal:
            raise Broken("all are there, and the status is another")
        return "kept"

    def leftovers(self, world):
        yield from super().leftovers(world)
        for path in files_below(world.path("out")):
            if os.path.basename(path).startswith("."):
                yield path

    tidy = Join.tidy


class Delete(Scenario):
    """A message goes from an mbox, the others do not."""

    name = "delete"
    count = 4

    def prepare(self, world):
        with open(world.path("mbox"), "wb") as file:
            for number in range(self.count):
                file.write(b"From bob Mon Nov 30 10:00:00 2026\n" +
                           letter(number) + b"\n")

    def command(self, world):
        return [MAILGET, "--yes", world.path("mbox"), "delete", "2"]

    def judge(self, world, done):
        kept = [lf(each) for each in read_letters(world.path("mbox"))]
        others = [letter(number) for number in range(self.count)
                  if number != 1]
        if kept not in (others, [letter(number)
                                 for number in range(self.count)]):
            raise Broken(f"{len(kept)} messages, not as they were")
        gone = kept == others
        if done.status == 0 and not gone:
            raise Broken("status 0, and it is there")
        if done.status != 0 and gone and not done.plan.signal:
            raise Broken("it is gone, and the status is another")
        again = world.run(Plan(), [MAILGET, "--yes", world.path("mbox"),
                                   "delete", "last"])
        if again.status != 0:
            raise Broken(f"the next run: {again}")
        if len(read_letters(world.path("mbox"))) != len(kept) - 1:
            raise Broken(f"the next run deleted otherwise: {again}")
        return "delivered" if gone else "kept"

    def leftovers(self, world):
        for name in os.listdir(world.live):
            if name.startswith(".mbox") or name.startswith("mbox."):
                yield world.path(name)

    tidy = Join.tidy


# ---- for other programs

class Serve(Scenario):
    """Two mails by SMTP: what gets a 250 is sent or queued."""

    name = "serve"
    mails = 2

    def command(self, world):
        return [MAILSEND, "--serve", "127.0.0.1:0"]

    @staticmethod
    def text(number):
        return text_of(f"serve-{number}", 400)

    def beside(self, world):
        return lambda process, done: self.be_client(world, process, done)

    def be_client(self, world, process, done):
        end = time.monotonic() + LIMIT
        done.taken = []
        while process.poll() is None and time.monotonic() < end:
            found = re.search(r"listening on .*:(\d+)", done.err)
            if found:
                for number in range(self.mails):
                    if self.send(int(found[1]), number):
                        done.taken.append(number)
                break
            time.sleep(0.003)
        for pid in server_of(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def send(self, port, number):
        text = (f"From: {ME}\r\nTo: ann@example.org\r\n"
                f"Subject: serve {number}\r\n\r\n" +
                self.text(number).replace("\n", "\r\n"))
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=120) as client:
                client.sendmail(ME, ["ann@example.org"], text)
        except (smtplib.SMTPException, OSError):
            return False
        return True

    def judge(self, world, done):
        took, waiting = {}, set()
        for message, _, _, known in world.peer.took():
            number = self.number(message)
            took.setdefault(number, []).append(known)
        for each in read_queue(world.queue):
            if list(each.flaws()):
                raise Broken(f"damaged: {list(each.flaws())}")
            waiting.add(self.number(each.message))
        for number in done.taken:
            if number not in took and number not in waiting:
                raise Broken(f"mail {number} had a 250 and is lost")
        for number, all_of_it in took.items():
            if (len(all_of_it) > 1 or number in waiting) and all(all_of_it):
                raise Broken(f"mail {number} is sent twice")
        if done.status not in (0, None) and done.status > 0 and \
                not done.err.strip():
            raise Broken(f"status {done.status} without a word")
        if len(done.taken) == self.mails:
            return "queued" if waiting else "delivered"
        return "refused"

    def number(self, message):
        found = email.message_from_bytes(message)["Subject"] or ""
        if not re.fullmatch(r"serve \d", found) or body_text(message) != \
                self.text(int(found[6:])).encode():
            raise Broken(f"another message: {found!r}")
        return int(found[6:])


# ---- a job

class Job(Scenario):
    """One that fails: its status, and the mail about it.  Whatever fails is
    ours, not the job's."""

    name = "run"
    lines = 20
    statuses = 6, 126, 127, 129, 130, 143
    words = ()

    def output(self):
        return text_of(self.name, self.lines)

    def prepare(self, world):
        with open(world.path("lines"), "w", encoding="utf-8") as file:
            file.write(self.output())

    def command(self, world):
        return [MAILSEND, "--run", "--lock", "--every", "1d", "--name", "job",
                *self.words, "ann@example.org", "--",
                "env", "-u", "LD_PRELOAD", "sh", "-c",
                f": >{world.path('ran')}; cat {world.path('lines')}; exit 6"]

    def run(self, world, plan):
        plan.spares_others = True
        return super().run(world, plan)

    def leftovers(self, world):
        """The lock of its state stays."""
        return [path for path in super().leftovers(world)
                if not path.endswith("/run/job.lock")]

    def is_mail(self, message):
        """About this job, and with its output, or the words why not."""
        found = email.message_from_bytes(message, policy=email.policy.default)
        if found["X-Mailsend-Run"] != "job":
            return False
        text = body_text(message).decode()
        parts = [lf(gunzip(part.get_payload(decode=True)))
                 for part in found.walk() if part.get_filename()]
        return f"the end of {self.name}" in text or "Note: " in text or \
            "killed by" in text or self.output().encode() in parts

    def mails(self, world):
        """What there is of it: at the server, in the queue, in a letter."""
        sent = [message for message, *_ in world.peer.took()]
        queued = []
        for each in read_queue(world.queue):
            if list(each.flaws()):
                raise Broken(f"queued and damaged: {list(each.flaws())}")
            queued.append(each.message)
        kept = [each for folder in ("home", "tmp", "spare")
                for path in files_below(world.path(folder))
                if "dead" in os.path.basename(path)
                for each in read_letters(path)]
        return {word: list(filter(self.is_mail, found)) for word, found in
                (("delivered", sent), ("queued", queued), ("kept", kept))}

    def judge(self, world, done):
        ran = os.path.exists(world.path("ran"))
        sign = done.plan.signal
        mails = self.mails(world)
        if sign and done.status == -sign and not ran:
            return self.judge_next(world, "refused")
        if ran and done.status not in (6, 128 + sign):
            raise Broken(f"the job ended with 6, and the status is "
                         f"{done.status}")
        if done.status == 0:
            raise Broken("it was not run, and the status is 0")
        for word, found in mails.items():
            if len(found) > 1 and not ("refused" in done.err or
                                       "may arrive twice" in done.err):
                raise Broken(f"{len(found)} mails {word}")
        there = [word for word, found in mails.items() if found]
        if not there and not done.err.strip():
            raise Broken("no mail, and not a word of that")
        return self.judge_next(world, there[0] if there else "refused")

    def judge_next(self, world, verdict):
        """Nothing holds it up, and it is known what was before."""
        again = world.run(Plan(), self.command(world))
        if again.status != 6:
            raise Broken(f"the next run: {again}")
        return verdict


class LargeJob(Job):
    """Its output is attached, compressed."""

    name = "run-large"
    lines = 8000


class SplitJob(Job):
    """Its output goes in several mails."""

    name = "run-split"
    lines = 2000
    words = "--split", "20k", "--compress", "none"

    def is_mail(self, message):
        """The first, which has the text."""
        return super().is_mail(message) and \
            b"\nStatus: " in body_text(message)


def gunzip(data):
    """What it was, if it is compressed."""
    if data[:2] != b"\x1f\x8b":
        return data
    return gzip.decompress(data)


def server_of(pid):
    """The program's own process, which may be strace's child."""
    children = read(f"/proc/{pid}/task/{pid}/children").split()
    if read(f"/proc/{pid}/comm").strip() != b"strace":
        return [pid]
    return [int(word) for word in children]


ALL = [Direct(), Never(), Only(), Small(), Background(), Attached(),
       Enclosed(), Refused(), Local(), Flush(), Split(), Join(), Fetch(), Delete(),
       Serve(), Job(), LargeJob(), SplitJob()]
