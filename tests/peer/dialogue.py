"""Read a dialogue file: one scenario, or one for each row of its `vary` table.

A file is lines of `keyword rest`; whatever is indented by a tab below a line
belongs to it.  The indented lines are either statements again (server,
expect) or text to be taken as it stands (run, input, file, `is`).
tests/dialogue/README.md describes the language; this file is its grammar.
Everything that can be wrong in a file is found here, before anything runs.
"""

import os
import re

import expect
from points import ACTIONS, MECHANISMS, POINTS

BUILTIN = {
    "host", "port", "home", "user", "password", "ca", "bundle", "client_cert",
    "client_key", "fingerprint", "fingerprint_sha1", "dead_port",
    "proxy_port", "python", "peerdir",
}
CERTS = ("good", "wrong-name", "expired", "not-yet", "self-signed",
         "unknown-ca", "good-rsa", "forged", "forged-rsa",
         "forged-with-key-id", "flipped", "flipped-rsa")
DEFAULT_CAPS = ["PIPELINING", "SIZE 52428800", "8BITMIME",
                "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8", "CHUNKING"]
# {name}, {text*count}; not ${name}, which is the shell's.
BRACES = re.compile(r"(?<!\$)\{(?:([a-z][a-z0-9_]*)|([^{}*]+)\*(\d+))\}")


class DialogueError(Exception):
    pass


class Node:
    """One statement, with the lines that are indented below it."""

    def __init__(self, where, text):
        self.where = where
        self.text = text
        self.below = []         # (line number, text less one tab)
        self.keyword, _, rest = text.partition(" ")
        self.rest = rest.strip()

    def statements(self):
        return read_nodes(self.below, self.where.rpartition(":")[0])

    def literal(self):
        return "".join(text + "\n" for _, text in self.below)

    def error(self, message):
        return DialogueError(f"{self.where}: {message}")


class Rule:
    """`on POINT [#N] [in-tls|in-clear] [GLOB]: actions`"""

    def __init__(self, point, number, layer, glob, actions):
        self.point = point      # a name of POINTS, a verb, or "*"
        self.number = number    # None, or the how-manieth time it counts
        self.layer = layer      # None, "in-tls" or "in-clear"
        self.glob = glob        # None, or of the address or the argument
        self.actions = actions  # [(name, argument)]
        self.bytes = 0          # "body" only: after so many


class Behaviour:
    """How the server is to behave; as it is made, it is a good server."""

    def __init__(self):
        self.tls = "none"
        self.cert = "good"
        self.tls_max = None
        self.client_cert = None
        self.caps = list(DEFAULT_CAPS)
        self.mechanisms = []
        self.auth_in = None     # None: in TLS if there is any, else in clear
        self.user, self.password = "me@example.org", "s3cr3t-Pa55"
        self.signs = "right"    # its end of SCRAM: right, wrong or none
        self.binds = "right"    # SCRAM to TLS: right, wrong or other
        self.chop, self.pace = [], 0.001
        self.eager = False
        self.buffers = 0
        self.proxy = None
        self.rules = []

    def size(self):
        for cap in self.caps:
            if cap.upper().startswith("SIZE ") and cap[5:].isdigit():
                return int(cap[5:])
        return 0

    def offers_auth(self, tls):
        if not self.mechanisms:
            return False
        where = self.auth_in or ("clear" if self.tls == "none" else "tls")
        return where == "both" or where == ("tls" if tls else "clear")

    def offers(self, tls):
        """The EHLO lines for this layer."""
        caps = list(self.caps)
        if self.tls == "starttls" and not tls:
            caps.append("STARTTLS")
        if self.offers_auth(tls):
            caps.append("AUTH " + " ".join(self.mechanisms))
        return caps


class Dialogue:
    def __init__(self, path, name):
        self.path = path
        self.name = name
        self.lets = {}
        self.behaviour = Behaviour()
        self.script = None      # text for sh
        self.input = None       # text; None is an empty standard input
        self.input_escaped = False
        self.files = []         # (name, mode, text)
        self.env = {}
        self.expects = []
        self.limit = 240.0

    def uses_tls(self):
        return self.behaviour.tls != "none"


def expand(text, values):
    """Replace {name} and {text*count}."""
    def one(found):
        name, piece, count = found.groups()
        if name is None:
            return unescape(piece) * int(count)
        return str(values[name])
    return BRACES.sub(one, text)


def unescape(text):
    r"""\r \n \t \0 \\ and \xHH; \xHH above 7f is that byte (surrogate)."""
    plain = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}

    def one(found):
        if found[1]:
            byte = bytes([int(found[1], 16)])
            return byte.decode("utf-8", "surrogateescape")
        if found[2] not in plain:
            raise ValueError("unknown escape \\" + found[2])
        return plain[found[2]]
    return re.sub(r"\\(?:x([0-9a-fA-F]{2})|(.))", one, text)


def to_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def load(path):
    """Return the dialogues of a file: one, or one for each row of `vary`."""
    folder = os.path.dirname(os.path.abspath(path))
    lines = read_lines(path)
    before = os.path.join(folder, "defaults")
    base = read_lines(before) if os.path.exists(before) else []
    name = os.path.basename(path).rpartition(".")[0] or os.path.basename(path)
    rows = vary_rows(lines, path)
    dialogues = []
    for label, values in rows or [("", {})]:
        made = Dialogue(path, f"{name} [{label}]" if label else name)
        fill(made, read_nodes(base, before), before)
        fill(made, read_nodes(put_in(lines, values), path), path)
        finish(made, path)
        dialogues.append(made)
    return dialogues


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return list(enumerate(file.read().split("\n"), 1))


def read_nodes(lines, path):
    nodes = []
    blanks = []
    for number, text in lines:
        where = f"{path}:{number}"
        if text.startswith("\t"):
            if not nodes:
                raise DialogueError(f"{where}: indented, but below nothing")
            nodes[-1].below += blanks + [(number, text[1:])]
            blanks = []
        elif not text.strip():
            blanks.append((number, ""))
        elif text.startswith("#"):
            blanks = []
        elif text[0] == " ":
            raise DialogueError(f"{where}: indent with one tab, not spaces")
        else:
            blanks = []
            nodes.append(Node(where, text.rstrip()))
    return nodes


def vary_rows(lines, path):
    """The rows of the file's `vary` table, as (label, {name: value})."""
    rows = []
    for node in read_nodes(lines, path):
        if node.keyword != "vary":
            continue
        if rows:
            raise node.error("a second vary table")
        names = [name.strip() for name in node.rest.split("|")]
        for name in names:
            if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in BUILTIN:
                raise node.error(f"`{name}' cannot name a column")
        for number, text in node.below:
            if not text.strip() or text.startswith("#"):
                continue
            cells = [cell.strip() for cell in
                     re.split(r"(?:^|\s)\|(?=\s|$)", text)]
            if len(cells) != len(names):
                raise DialogueError(f"{path}:{number}: {len(cells)} cells "
                                    f"for {len(names)} columns")
            rows.append((" ".join(cells[:2])[:60].strip(),
                         dict(zip(names, cells))))
        if not rows:
            raise node.error("vary without a row")
    return rows


def put_in(lines, values):
    for name, value in values.items():
        mark = "{" + name + "}"
        lines = [(n, text.replace(mark, value)) for n, text in lines]
    return lines


def fill(made, nodes, path):
    for node in nodes:
        reader = TOP.get(node.keyword)
        if not reader:
            raise node.error(f"unknown keyword `{node.keyword}'")
        reader(made, node)


def finish(made, path):
    if made.script is None:
        raise DialogueError(f"{path}: no `run'")
    if not any(each.keyword == "exit" for each in made.expects):
        raise DialogueError(f"{path}: expects no `exit'")
    known = BUILTIN | set(made.lets)

    def check(where, text):
        for found in BRACES.finditer(text):
            if found[1] and found[1] not in known:
                raise DialogueError(f"{where}: unknown variable {found[0]}")
    check(path, made.script)
    check(path, made.input or "")
    for value in made.lets.values():
        check(path, value)
    for name, mode, text in made.files:
        check(path, text)
    for value in made.env.values():
        check(path, value)
    for node in made.expects:
        check(node.where, node.text)
        check(node.where, node.literal())
    for rule in made.behaviour.rules:
        for _, argument in rule.actions:
            check(path, argument)


def read_let(made, node):
    name, _, value = node.rest.partition(" ")
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in BUILTIN:
        raise node.error(f"`{name}' cannot be a variable")
    made.lets[name] = value.strip()


def read_run(made, node):
    if made.script is not None:
        raise node.error("a second run")
    if bool(node.rest) == bool(node.below):
        raise node.error("run takes a line or a block")
    made.script = node.rest or node.literal()


def read_input(made, node):
    if made.input is not None:
        raise node.error("a second input")
    made.input = node.literal()
    for word in node.rest.split():
        if word == "escaped":
            made.input_escaped = True
            try:
                unescape(made.input)
            except ValueError as error:
                raise node.error(str(error))
        elif word == "no-newline":
            made.input = made.input[:-1]
        else:
            raise node.error(f"input knows no `{word}'")


def read_file(made, node):
    words = node.rest.split()
    if len(words) not in (1, 2) or words[0].startswith(("/", "..")):
        raise node.error("file NAME [MODE], below the home folder")
    try:
        mode = int(words[1], 8) if len(words) == 2 else 0o600
    except ValueError:
        raise node.error(f"`{words[1]}' is no octal mode")
    made.files.append((words[0], mode, node.literal()))


def read_env(made, node):
    name, equals, value = node.rest.partition("=")
    if not equals:
        raise node.error("env NAME=VALUE")
    made.env[name] = value


def read_limit(made, node):
    made.limit = number_of(node, node.rest)


def read_expect(made, node):
    for each in node.statements():
        expect.check_syntax(each)
        made.expects.append(each)


def number_of(node, text):
    try:
        return float(text)
    except ValueError:
        raise node.error(f"`{text}' is no number")


def choice_of(node, choices):
    if node.rest not in choices:
        raise node.error(f"{node.keyword} is one of {', '.join(choices)}")
    return node.rest


def read_server(made, node):
    behaviour = made.behaviour
    for each in node.statements():
        if each.keyword == "on":
            behaviour.rules.append(read_rule(each))
        elif each.keyword in SERVER:
            SERVER[each.keyword](behaviour, each)
        else:
            raise each.error(f"server knows no `{each.keyword}'")


def split_caps(node):
    caps = [cap.strip() for cap in node.rest.split(",")]
    if not all(caps) and node.rest != "nothing":
        raise node.error("capabilities, with commas between")
    return [] if node.rest == "nothing" else caps


def keyword_of(cap):
    return cap.split(" ")[0].upper()


def set_offer(behaviour, node):
    behaviour.caps = split_caps(node)


def set_with(behaviour, node):
    for cap in split_caps(node):
        behaviour.caps = [old for old in behaviour.caps
                          if keyword_of(old) != keyword_of(cap)] + [cap]


def set_without(behaviour, node):
    for cap in split_caps(node):
        left = [old for old in behaviour.caps if keyword_of(old) != cap]
        if left == behaviour.caps:
            raise node.error(f"`{cap}' was not offered")
        behaviour.caps = left


def set_auth(behaviour, node):
    for name in node.rest.split():
        if name not in MECHANISMS and not name.startswith("X-"):
            raise node.error(f"no mechanism `{name}'")
    behaviour.mechanisms = node.rest.split()


def set_login(behaviour, node):
    words = node.rest.split(" ", 1)
    if len(words) != 2:
        raise node.error("login USER PASSWORD")
    behaviour.user, behaviour.password = words


def set_chop(behaviour, node):
    sizes, _, pace = node.rest.partition(" every ")
    try:
        behaviour.chop = [int(size) for size in sizes.split()]
    except ValueError:
        behaviour.chop = []
    if not behaviour.chop or min(behaviour.chop) < 1:
        raise node.error("chop SIZE... [every SECONDS]")
    if pace:
        behaviour.pace = number_of(node, pace)


def setter(field, convert):
    def put(behaviour, node):
        setattr(behaviour, field, convert(node))
    return put


def flag(node):
    if node.rest:
        raise node.error(f"{node.keyword} takes no argument")
    return True


SERVER = {
    "tls": setter("tls", lambda n: choice_of(
        n, ("none", "starttls", "implicit"))),
    "cert": setter("cert", lambda n: choice_of(n, CERTS)),
    "tls-max": setter("tls_max", lambda n: choice_of(
        n, ("1.0", "1.1", "1.2", "1.3"))),
    "client-cert": setter("client_cert", lambda n: choice_of(
        n, ("ask", "require"))),
    "auth-in": setter("auth_in", lambda n: choice_of(
        n, ("clear", "tls", "both", "never"))),
    "proxy": setter("proxy", lambda n: choice_of(n, ("socks5", "http"))),
    "buffers": setter("buffers", lambda n: int(number_of(n, n.rest))),
    "eager": setter("eager", flag),
    "offer": set_offer, "with": set_with, "without": set_without,
    "auth": set_auth, "login": set_login, "chop": set_chop,
    "scram-signature": setter("signs", lambda n: choice_of(
        n, ("right", "wrong", "none"))),
    "scram-binding": setter("binds", lambda n: choice_of(
        n, ("right", "wrong", "other"))),
}
TOP = {
    "vary": lambda made, node: None, "let": read_let, "run": read_run,
    "input": read_input, "file": read_file, "env": read_env,
    "limit": read_limit, "server": read_server, "expect": read_expect,
}


def read_rule(node):
    found = re.fullmatch(r"(.+?):(?:\s+(.*))?", node.rest)
    if not found:
        raise node.error("on POINT [#N] [in-tls|in-clear] [GLOB]: ACTION")
    words = found[1].split()
    point = words.pop(0)
    if point not in POINTS and not re.fullmatch(r"[A-Z]+|\*", point):
        raise node.error(f"no point `{point}'")
    rule = Rule(point, None, None, None, [])
    if point == "body":
        if not words or not words[0].isdigit():
            raise node.error("on body BYTES: ACTION")
        rule.bytes = int(words.pop(0))
    if words and re.fullmatch(r"#\d+", words[0]):
        rule.number = int(words.pop(0)[1:])
    if words and words[0] in ("in-tls", "in-clear"):
        rule.layer = words.pop(0)
    rule.glob = " ".join(words) or None
    steps = [Node(node.where, found[2])] if found[2] else []
    steps += node.statements()
    if not steps:
        raise node.error("a rule without an action")
    for step in steps:
        rule.actions.append(read_action(step))
    return rule


def read_action(step):
    kind = ACTIONS.get(step.keyword)
    if kind is None:
        raise step.error(f"no action `{step.keyword}'")
    argument = step.text[len(step.keyword) + 1:]
    if kind == "nothing" and argument:
        raise step.error(f"{step.keyword} takes no argument")
    if kind == "seconds":
        number_of(step, argument)
    if kind == "drip":
        number_of(step, argument.partition(" ")[0])
    if kind in ("text", "escaped", "drip") and not argument:
        raise step.error(f"{step.keyword} says what?")
    if kind == "escaped":
        try:
            unescape(argument)
        except ValueError as error:
            raise step.error(str(error))
    return step.keyword, argument
