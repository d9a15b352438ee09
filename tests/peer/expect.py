"""The statements of an `expect' block.

Each returns None when it holds, else a sentence.  A pattern is a text in
which `*' stands for anything, or /a regular expression/.
"""

import email
import email.policy
import json
import os
import re

import laws


def pattern(text):
    """A compiled pattern for a whole line."""
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return re.compile("(?:.*?)" + text[1:-1] + ".*", re.DOTALL)
    return re.compile(".*".join(re.escape(part) for part in text.split("*")),
                      re.DOTALL)


def matches(text, line):
    return bool(pattern(text).fullmatch(line))


# -- outputs and messages -------------------------------------------------

def subject_bytes(play, name):
    if name == "stdout":
        return play.stdout
    if name == "stderr":
        return play.stderr
    if name == "sent":
        return b"".join(bytes(mail.body) for mail in play.record.mails())
    what, found = {
        "letter": lambda: ("dead letters", play.letters()),
        "queued": lambda: ("queued mails",
                           [mail.message for mail in play.queue()]),
        "entry": lambda: ("queued mails",
                          [mail.entry for mail in play.queue()]),
        "mail": lambda: ("accepted mails", [bytes(mail.body) for mail in
                                            play.record.accepted()]),
    }[name]()
    if len(found) != 1:
        raise Missing(f"{len(found)} {what}, not one")
    return found[0]


class Missing(Exception):
    pass


def check_subject(play, node):
    raw = subject_bytes(play, node.keyword)
    verb, _, rest = node.rest.partition(" ")
    rest = play.expand(rest)
    if verb == "text":
        raw = laws.text_of(parse(raw)).encode()
        verb, _, rest = rest.partition(" ")
    test = TESTS[verb]
    return test(play, raw, rest, play.expand(node.literal()))


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def shown(raw):
    return repr(raw[:300].decode("utf-8", "replace"))


def test_has(play, raw, rest, block):
    return None if rest.encode() in raw else f"not in {shown(raw)}"


def test_lacks(play, raw, rest, block):
    return f"it is in {shown(raw)}" if rest.encode() in raw else None


def test_matches(play, raw, rest, block):
    text = raw.decode("utf-8", "replace")
    return None if re.search(rest, text, re.MULTILINE) else \
        f"does not match {shown(raw)}"


def test_is(play, raw, rest, block):
    if rest == "empty":
        return f"it is {shown(raw)}" if raw else None
    wanted = play.input.decode("utf-8", "replace") if rest == "input" \
        else block
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return None if laws.same_text(text, wanted) else f"it is {shown(raw)}"


def test_header(play, raw, rest, block):
    name, _, wanted = rest.partition(": ")
    values = [str(value) for value in parse(raw).get_all(name, [])]
    if any(matches(wanted, value) for value in values):
        return None
    return f"{name} is {values}"


def test_no_header(play, raw, rest, block):
    values = parse(raw).get_all(rest, [])
    return f"{rest} is {values}" if values else None


def test_attachment(play, raw, rest, block):
    """NAME FILE: an attachment of that name has that file's bytes."""
    name, _, path = rest.partition(" ")
    with open(os.path.join(play.home, path), "rb") as file:
        wanted = file.read()
    for part in parse(raw).walk():
        if part.get_filename() == name:
            got = part.get_payload(decode=True)
            return None if got == wanted else \
                f"{len(got)} octets differ from the file's {len(wanted)}"
    return "there is no such attachment"


def test_json(play, raw, rest, block):
    """PATH: PATTERN; the path's steps are names and numbers."""
    path, _, wanted = rest.partition(": ")
    try:
        value = json.loads(raw)
        for step in path.split("."):
            value = value[int(step)] if step.isdigit() else value[step]
    except (ValueError, LookupError, TypeError) as error:
        return f"{type(error).__name__} {error} in {shown(raw)}"
    text = value if isinstance(value, str) else json.dumps(value)
    return None if matches(wanted, text) else f"it is {text!r}"


TESTS = {"has": test_has, "lacks": test_lacks, "matches": test_matches,
         "is": test_is, "json": test_json, "header": test_header,
         "no-header": test_no_header, "attachment": test_attachment}


# -- the conversation -----------------------------------------------------

def check_commands(play, node):
    verb, _, rest = node.rest.partition(" ")
    rest = play.expand(rest)
    lines = [text for text, _ in play.record.lines()]
    if verb == "has":
        return None if any(matches(rest, line) for line in lines) \
            else "none of them"
    if verb == "lack":
        found = [line for line in lines if matches(rest, line)]
        return f"there is {found[0]!r}" if found else None
    if verb == "count":
        number, _, rest = rest.partition(" ")
        count = sum(matches(rest, line) for line in lines)
        return None if count == int(number) else f"{count} times"
    return in_order(play.expand(node.literal()).splitlines(), lines)


def in_order(wanted, lines):
    """All the lines, in order; `? PATTERN' may be left out."""
    at = 0
    for want in wanted:
        if not want.strip():
            continue
        optional = want.startswith("? ")
        want = want[2:] if optional else want
        if at < len(lines) and matches(want, lines[at]):
            at += 1
        elif not optional:
            there = repr(lines[at]) if at < len(lines) else "the end"
            return f"wanted {want!r}, there was {there}"
    return f"then there was {lines[at]!r}" if at < len(lines) else None


def check_layer(wanted_tls):
    def check(play, node):
        verbs = node.rest.split()[1:]
        for verb in verbs:
            seen = [tls for text, tls in play.record.lines()
                    if text.split(" ")[0].upper() == verb]
            if not seen:
                return f"there was no {verb}"
            if any(tls != wanted_tls for tls in seen):
                return f"{verb} came {'outside' if wanted_tls else 'in'} TLS"
        return None
    return check


def check_exit(play, node):
    allowed = [int(code) for code in node.rest.split("|")]
    return None if play.exit in allowed else f"it was {play.exit}"


def check_mails(play, node):
    count = len(play.record.accepted())
    return None if count == int(node.rest) else f"{count} were accepted"


def check_waits(play, node):
    """STATE ADDRESS...: those in the queue, in the entries' order."""
    state, *wanted = play.expand(node.rest).split()
    got = [address for mail in play.queue()
           for address in mail.recipients(state)]
    return None if got == wanted else f"it was {got}"


def check_queue_size(play, node):
    count = len(play.queue())
    return None if count == int(node.rest) else f"there are {count}"


def check_no_body(play, node):
    count = sum(len(mail.body) for mail in play.record.mails())
    return f"{count} octets came" if count else None


def check_recipients(play, node):
    got = [address for mail in play.record.accepted()
           for address in mail.recipients]
    return None if got == play.expand(node.rest).split() else f"it was {got}"


def check_sender(play, node):
    got = [mail.sender for mail in play.record.mails()]
    wanted = play.expand(node.rest)
    return None if got and all(matches(wanted, one) for one in got) \
        else f"it was {got}"


def check_round_trips(play, node):
    most = int(node.rest.split()[1])
    count = max((each.round_trips for each in play.record.conversations),
                default=0)
    if not count:
        return "no transaction was brought to its end with QUIT"
    return None if count <= most else f"{count} of them"


def check_connections(play, node):
    count = len(play.record.conversations)
    return None if count == int(node.rest) else f"there were {count}"


def check_came_from(play, node):
    got = {each.address for each in play.record.conversations}
    return None if got == {node.rest} else f"it was {got}"


def check_authenticated(play, node):
    got = [each.proven for each in play.record.conversations if each.proven]
    wanted = tuple(play.expand(node.rest).split())
    return None if got == [wanted] else f"it was {got}"


def check_proxied(play, node):
    wanted = play.expand(node.rest)
    return None if play.record.proxied == [wanted] \
        else f"it was {play.record.proxied}"


def check_file(play, node):
    name, verb, *rest = play.expand(node.rest).split(" ", 2)
    path = os.path.join(play.home, name)
    there = os.path.exists(path)
    if verb == "absent":
        return "it is there" if there else None
    if not there:
        return "it is absent"
    if verb == "mode":
        mode = os.stat(path).st_mode & 0o7777
        return None if mode == int(rest[0], 8) else f"it is {mode:04o}"
    if verb in TESTS:
        return TESTS[verb](play, laws.read(path), " ".join(rest),
                           play.expand(node.literal()))
    return None


def check_seconds(play, node):
    most = float(node.rest.split()[1]) * play.patience
    return None if play.seconds <= most else f"it took {play.seconds:.1f}"


SUBJECTS = ("stdout", "stderr", "mail", "letter", "sent", "queued", "entry")
COUNTED = r"<= \d+(\.\d+)?"
STATEMENTS = {
    "exit": (check_exit, r"\d+(\|\d+)*"),
    "commands": (check_commands, r"are|(has|lack) .+|count \d+ .+"),
    "tls": (check_layer(True), r"at( [A-Z]+)+"),
    "clear": (check_layer(False), r"at( [A-Z]+)+"),
    "mails": (check_mails, r"\d+"),
    "in-queue": (check_queue_size, r"\d+"),
    "queue-has": (check_waits, r"(waiting|failed)( \S+)+"),
    "no-body": (check_no_body, ""),
    "sender": (check_sender, ".+"),
    "recipients": (check_recipients, ".+"),
    "round-trips": (check_round_trips, r"<= \d+"),
    "came-from": (check_came_from, r"[0-9.]+"),
    "connections": (check_connections, r"\d+"),
    "authenticated": (check_authenticated, r"\S+ \S+"),
    "proxied": (check_proxied, ".+"),
    "file": (check_file,
             r"\S+ (exists|absent|mode [0-7]+|(has|lacks|matches) .+"
             r"|is( empty| input)?)"),
    "seconds": (check_seconds, COUNTED),
    "waive": (lambda play, node: None, r"\S+( \S+)*"),
}
SUBJECT_SYNTAX = (r"(text )?((has|lacks|matches) .+|is( empty| input)?)"
                  r"|json \S+: .+|header [^:\s]+: .+|no-header \S+"
                  r"|attachment \S+ \S+")


def check_syntax(node):
    """Refuse a statement that could never hold, or never fail."""
    if node.keyword in SUBJECTS:
        syntax = SUBJECT_SYNTAX
    elif node.keyword in STATEMENTS:
        syntax = STATEMENTS[node.keyword][1]
    else:
        raise node.error(f"expect knows no `{node.keyword}'")
    if not re.fullmatch(syntax, node.rest):
        raise node.error(f"`{node.text}' is not how `{node.keyword}' is said")
    takes_block = node.rest == "are" or node.rest.split(" ")[-1:] == ["is"]
    if takes_block != bool(node.below):
        raise node.error("a block is " + ("due" if takes_block else
                                          "not due") + " here")
    if node.keyword == "waive":
        for name in node.rest.split():
            if name not in laws.LAWS:
                raise node.error(f"no law `{name}'")
    found = re.search(r"matches (.+)$|/(.+)/$", node.rest)
    if found:
        try:
            re.compile(found[1] or found[2])
        except re.error as error:
            raise node.error(f"the regular expression: {error}")


def check_all(play):
    """All that did not hold, as sentences."""
    problems = []
    for node in play.dialogue.expects:
        check = check_subject if node.keyword in SUBJECTS \
            else STATEMENTS[node.keyword][0]
        try:
            problem = check(play, node)
        except Missing as missing:
            problem = str(missing)
        if problem:
            line = node.where.rpartition(":")[2]
            problems.append(f"line {line}: {node.text}: {problem}")
    waived = {name for node in play.dialogue.expects
              if node.keyword == "waive" for name in node.rest.split()}
    problems += [f"law {law} ({laws.LAWS[law]}): {what}"
                 for law, what in laws.check_outcome(play)
                 if law not in waived]
    return problems
