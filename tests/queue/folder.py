"""The truth table of src/queue/queue.h, judged without the program.

An entry is read by its form alone: lines of a name and a value, the
recipients each with indented lines of its own, `end' behind them.
"""

import hashlib
import os
import re
import stat

NAME = re.compile(r"[0-9a-z-]{1,23}")


class Torn(Exception):
    """Not an entry as the queue writes it."""


class Entry:
    def __init__(self, data):
        if not data.endswith(b"\nend\n"):
            raise Torn(f"no end: {data[-80:]!r}")
        self.values, self.recipients = {}, []
        for line in data.decode("utf-8").splitlines()[:-1]:
            name, _, value = line.strip().partition(" ")
            if line[0].isspace():
                if not self.recipients:
                    raise Torn(f"indented before any recipient: {line!r}")
                self.recipients[-1][name] = value
            elif name == "to":
                self.recipients.append({"to": value})
            elif name in self.values and name != "set":
                raise Torn(f"twice: {line!r}")
            else:
                self.values[name] = value

    def recipient(self, address):
        for each in self.recipients:
            if each["to"].strip("<>") == address:
                return each
        raise AssertionError(f"no {address} among {self.recipients}")

    def state(self, address):
        return self.recipient(address).get("state", "waiting")

    def number(self, address, name):
        return int(self.recipient(address).get(name, 0))


def body(path):
    """The digest of a message's body, as the sink has it."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read().partition(b"\r\n\r\n")[2]
                              ).hexdigest()


def listing(path):
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def modes(queue):
    for folder, folders, files in os.walk(queue):
        yield folder, stat.S_IMODE(os.stat(folder).st_mode), 0o700
        for name in files:
            path = os.path.join(folder, name)
            yield path, stat.S_IMODE(os.lstat(path).st_mode), 0o600
        del folders


def problems(queue, rubbish=True):
    """What breaks the table, a sentence each.  With `rubbish' a message
    without an entry is none: the hour in which it is taken away may come."""
    if not os.path.isdir(queue):
        return
    for path, mode, wanted in modes(queue):
        if mode != wanted:
            yield f"{path} has mode {mode:o}"
    env, failed, msg = (listing(os.path.join(queue, name))
                        for name in ("env", "failed", "msg"))
    for place, names in ("env", env), ("failed", failed):
        for name in names:
            path = os.path.join(queue, place, name)
            if not NAME.fullmatch(name):
                yield f"{path}: what is that"
            try:
                with open(path, "rb") as file:
                    entry = Entry(file.read())
            except (Torn, UnicodeDecodeError) as error:
                yield f"{path}: {error}"
                continue
            if name not in msg:
                yield f"{path} has no message"
                continue
            size = os.stat(os.path.join(queue, "msg", name)).st_size
            if size != int(entry.values.get("size", -1)):
                yield f"{path}: its message has {size} octets"
    if listing(os.path.join(queue, "bad")):
        yield f"bad: {listing(os.path.join(queue, 'bad'))}"
    if not rubbish:
        for name in set(msg) - set(env) - set(failed):
            yield f"msg/{name} has no entry"
        for name in listing(os.path.join(queue, "tmp")):
            yield f"tmp/{name} is left"
