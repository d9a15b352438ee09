#!/usr/bin/env python3
"""Prove that the peer catches a wrong client, and a wrong dialogue file.

Each case is a dialogue, played by the peer against a small client
(clients.py).  A case names what the peer has to complain of; none means that
it must be content.
"""

import sys

sys.dont_write_bytecode = True

import os
import re
import subprocess
import tempfile

from clients import BODY

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = "\t.one\n\t..two\n\tthree\n"

# -- the cases ------------------------------------------------------------

CASES = []


def case(name, client_name, complaint, server="", expect="", text=TEXT,
         exit_code="0", more=""):
    """complaint: words of the peer's complaint, or None if content."""
    run = client_name if " " in client_name else (
        f"{{python}} {{peerdir}}/clients.py {client_name} "
        "{port} '{ca}'")
    parts = [more]
    if server:
        parts.append("server\n" + indent(server))
    parts.append("run " + run)
    if text:
        parts.append("input\n" + text.rstrip("\n"))
    parts.append("expect\n" + indent(f"exit {exit_code}\n" + expect))
    CASES.append((name, "\n".join(part for part in parts if part) + "\n",
                  complaint))


def indent(text):
    return "\n".join("\t" + line for line in text.strip("\n").split("\n"))


TLS = "tls starttls\nauth PLAIN LOGIN CRAM-MD5"
QUIET = "waive loss kept"

case("a good client in the clear", "good-plain", None,
     expect="mails 1\nrecipients ann@example.org\nmail text is input\n"
     "mail header Subject: Hello\nmail no-header Bcc\n"
     "commands are\n\tehlo *\n\tmail FROM:<me@example.org> size=*\n"
     "\trcpt TO:<ann@example.org>\n\tdata\n\t(body)\n\tquit")
case("a good client, STARTTLS", "good-starttls", None, TLS,
     "tls at AUTH MAIL\nclear at STARTTLS\nauthenticated {user} CRAM-MD5")
case("a good client, implicit TLS", "good-implicit", None,
     "tls implicit\nauth PLAIN", "tls at AUTH MAIL EHLO")
case("LOGIN is checked", "good-starttls", None, "tls starttls\nauth LOGIN",
     "authenticated {user} LOGIN")
case("a client certificate and EXTERNAL", "good-client-cert", None,
     "tls implicit\nclient-cert require\nauth EXTERNAL",
     "authenticated me@example.org EXTERNAL")
case("no client certificate", "good-implicit", "exit 0: it was",
     "tls implicit\nclient-cert require\nauth PLAIN", "waive kept")
case("some are refused", "good-partial", None,
     "on RCPT bob@*: reply 550 5.1.1 no such user",
     "recipients ann@example.org\nwaive kept", exit_code="79")
case("a reply in pieces", "good-plain", None, "chop 1 3 2")
case("one byte at a time in TLS", "good-implicit", None,
     "tls implicit\nauth PLAIN\nchop 1 every 0.0001")
case("CRAM-MD5 right", "cram", None, "auth CRAM-MD5",
     "waive clear-auth loss", text=None)
case("CRAM-MD5 wrong", "cram", "exit 0: it was 77",
     "auth CRAM-MD5\nlogin me@example.org other", QUIET + " clear-auth",
     text=None)
case("XOAUTH2 right", "bearer", None, "auth XOAUTH2",
     "waive clear-auth loss secret", text=None)
case("XOAUTH2 wrong", "bearer", "exit 0: it was 77",
     "auth XOAUTH2\nlogin me@example.org other", QUIET + " clear-auth",
     text=None)
case("AUTH in the clear", "clear-login", "law clear-auth", "auth PLAIN",
     "waive secret")
case("the password in the clear", "clear-login", "law secret", "auth PLAIN",
     "waive clear-auth")
case("the password on standard output", "chatter", "law secret")
case("AUTH was not in TLS", "clear-login", "AUTH came outside TLS",
     "auth PLAIN", "tls at AUTH\nwaive clear-auth secret")
case("another text", "other-text", "law intact")
case("another text, asked for", "other-text", "mail text is",
     expect="mail text is\n\tother\nwaive intact")
case("sent twice", "twice", "law once", expect="connections 2")
case("two connections with a mail each", "twice", "law connections",
     expect="waive once")
case("a second connection after one that failed", "second-try", None,
     "on EHLO #1: drop", "mails 1")
case("exit 0 though refused", "liar", "law loss",
     "on RCPT: reply 550 5.1.1 no", QUIET.replace("loss ", ""))
case("exit 0 and the 250 never came", "liar", "law loss", "on end: drop")
case("exit 75 though accepted", "alarmed", "law alarm",
     exit_code="75", expect="waive kept")
case("nothing kept", "careless", "law kept", "on MAIL: reply 451 no",
     exit_code="75")
case("kept", "keeper", None, "on MAIL: reply 451 no", "letter text is input",
     exit_code="75")
case("kept for all to read", "keeper-for-all", "mode is 644",
     "on MAIL: reply 451 no", exit_code="75")
case("half kept", "keeper-of-half", "law intact", "on MAIL: reply 451 no",
     exit_code="75")
case("too slow", "sleeper", "still running", more="limit 0.3")
case("the exit", "good-plain", "exit 75: it was 0", exit_code="75")
case("the certificate is not looked at", "no-certificate-check",
     "exit 77: it was 0", "tls implicit\ncert wrong-name", exit_code="77")
for kind in ("wrong-name", "expired", "not-yet", "self-signed",
             "unknown-ca"):
    case(f"smtplib refuses {kind}", "good-implicit", None,
         f"tls implicit\ncert {kind}\nauth PLAIN", "waive kept\n"
         "stderr has certificate verify failed", exit_code="1")
case("an old TLS is refused", "good-implicit", None,
     "tls implicit\ntls-max 1.1\nauth PLAIN", "waive kept", exit_code="1")
case("lock-step, counted", "lock-step", None, expect="round-trips <= 4")
case("lock-step is too much", "lock-step", "round-trips <= 3: 4 of them",
     expect="round-trips <= 3")
case("pipelined, counted", "pipelined", None, expect="round-trips <= 2")
case("pipelined is too much for one", "pipelined",
     "round-trips <= 1: 2 of them", expect="round-trips <= 1")
case("chunked, counted", "chunked", None, expect="round-trips <= 1\n"
     "commands count 1 BDAT*")
case("two chunks", "two-chunks", None, expect="commands count 2 BDAT*")
case("pipelining not offered", "pipelined", "PIPELINING was not offered",
     "without PIPELINING")
case("BDAT not offered", "chunked", "BDAT without CHUNKING",
     "without CHUNKING")
case("the body before the 354", "data-in-a-hurry", "more came with DATA")
case("dots not stuffed", "not-dotted", "law intact")
case("a bare LF", "bare-lf", "law crlf", text=None)
case("commands that end with LF", "lf-commands", "law crlf",
     expect=QUIET, text=None)
case("8-bit not announced", "eight-bit", "law eight-bit", text=None,
     expect="waive defects")
case("a long line", "long-line", "law length", text=None)
case("DSN not offered", "dsn", "RET without DSN", "without DSN", QUIET,
     text=None)
case("DSN offered", "dsn", None, "", QUIET, text=None)
case("SIZE= too small", "small-size", "law size")
case("a body for nobody", "stubborn", "law nobody",
     "without CHUNKING\non RCPT: reply 550 5.1.1 no\non DATA: reply 354 go",
     QUIET, text=None)
case("no body, but there was one", "good-plain", "no-body",
     expect="no-body")
case("no EHLO", "no-ehlo", "law order", expect=QUIET, text=None)
case("UTF-8 without SMTPUTF8", "utf8", "law offered", expect=QUIET,
     text=None)
case("a CR in an address", "injected", "law crlf", expect=QUIET, text=None)
case("both ends blocked", "deaf", "still running",
     "eager\nbuffers 2048\non RCPT:\n\treply 250-{x*900}\n"
     "\treply 250 2.1.5 ok", more="limit 2", text=None)
case("an injected reply arrives before TLS", "injectable", None,
     "tls starttls\non STARTTLS:\n"
     "\traw 220 go\\r\\n250 evil\\r\\n\n\tstarttls",
     QUIET, text=None, exit_code="76")
case("a drop amid the message", "keeper", None,
     "on body 10: drop", exit_code="75")
case("a reset amid the message", "keeper", None,
     "on body 10: reset", exit_code="75")
case("accepted, and the line ends with it", "lock-step", None,
     "on end:\n\tdefault\n\tdrop")
case("half a 250 is none", "liar", "law loss",
     "on end:\n\traw 250 2.0.0 que\n\tdrop")
case("QUIT behind a pipelined DATA", "hasty-quit", "more came with DATA",
     expect=QUIET, text=None)
case("RCPT after a refused MAIL", "stubborn", "law order",
     "offer nothing\non MAIL: reply 550 5.7.1 no", QUIET, text=None)
case("UTF-8 in the header", "utf8-header", "law eight-bit", expect="waive "
     "defects", text=None)
case("a drop at a verb", "keeper", None, "on RCPT: drop",
     "commands lack DATA\nno-body", exit_code="75")
case("the second recipient", "good-partial", None,
     "on RCPT #2: reply 452 4.5.3 too many",
     "recipients ann@example.org\nwaive kept", exit_code="79")
case("the header's pattern", "good-plain", "Subject is ['Hello']",
     expect="mail header Subject: Hell")
case("JSON", "printf '%s' '{\"a\":[{\"b\":5}]}'", None, "",
     "stdout json a.0.b: 5\nwaive loss", text=None)
case("JSON that is otherwise", "printf '%s' '{\"a\":[{\"b\":5}]}'",
     "it is '5'", "", "stdout json a.0.b: 6\nwaive loss", text=None)
case("a command's pattern", "good-plain", "none of them",
     expect="commands has RCPT TO:<ann>")
case("the order of the commands", "good-plain", "wanted 'rcpt*'",
     expect="commands are\n\t*\n\trcpt*\n\tmail*\n\tdata\n\t(body)\n\tquit")
case("a command too many", "good-plain", "then there was 'quit'",
     expect="commands are\n\t*\n\tmail*\n\trcpt*\n\tdata\n\t(body)")
case("swaks is content", "command -v swaks >/dev/null || exit 0; "
     "swaks --server 127.0.0.1:{port} --from me@example.org "
     "--to ann@example.org --body hello --pipeline", None, "", QUIET,
     text=None)
case("vary, one right and one wrong", "good-plain", "1 passed, 1 failed",
     "on RCPT: reply {answer}", exit_code="{code}", expect=QUIET,
     more="vary answer | code\n\t250 2.1.5 ok | 0\n\t550 5.1.1 no | 0")

# What cannot be read: (the file, words of the complaint).
WRONG_FILES = [
    ("run true\n", "no `exit'"),
    ("expect\n\texit 0\n", "no `run'"),
    ("runn true\n", "unknown keyword `runn'"),
    ("run true\nrun true\n", "a second run"),
    ("  run true\n", "one tab"),
    ("\trun true\n", "below nothing"),
    ("server\n\ttsl none\n", "server knows no `tsl'"),
    ("server\n\ttls maybe\n", "tls is one of"),
    ("server\n\ton RCTP bob\n", "on POINT"),
    ("server\n\ton greeting: drop\n", "no point"),
    ("server\n\ton RCPT: dorp\n", "no action `dorp'"),
    ("server\n\ton RCPT: drop now\n", "drop takes no argument"),
    ("server\n\ton RCPT:\n", "without an action"),
    ("server\n\ton RCPT: wait long\n", "is no number"),
    ("server\n\ton body: drop\n", "on body BYTES"),
    ("server\n\ton RCPT: raw a\\qb\n", "unknown escape"),
    ("server\n\twithout PIPELNING\n", "was not offered"),
    ("server\n\tauth PLIAN\n", "no mechanism"),
    ("server\n\tchop 0\n", "chop SIZE"),
    ("run true\nexpect\n\texit zero\n", "is not how"),
    ("run true\nexpect\n\texits 0\n", "expect knows no `exits'"),
    ("run true\nexpect\n\texit 0\n\tmail header Subject\n", "is not how"),
    ("run true\nexpect\n\texit 0\n\tcommands are\n", "a block is due"),
    ("run true\nexpect\n\texit 0\n\t\tx\n", "a block is not due"),
    ("run true\nexpect\n\texit 0\n\twaive gravity\n", "no law"),
    ("run true\nexpect\n\texit 0\n\tstderr matches (\n", "regular"),
    ("run mailsend {prot}\nexpect\n\texit 0\n", "unknown variable {prot}"),
    ("let port 25\n", "cannot be a variable"),
    ("vary a | b\n\t1\n", "1 cells for 2"),
    ("file ../x\n", "below the home"),
    ("file x rw\n", "no octal mode"),
    ("input twice\n", "input knows no"),
    ("input\ninput\n", "a second input"),
]


def peer(*words):
    done = subprocess.run([os.path.join(HERE, "peer"), *words],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def judge(output, status, complaint):
    if complaint is None:
        return status == 0
    return status != 0 and complaint in output


def test_dialogues(folder, report):
    for number, (name, text, complaint) in enumerate(CASES, 1):
        with open(os.path.join(folder, f"{number:03}.smtp"), "w") as file:
            file.write(text)
    _, output = peer("-j4", folder)
    if "\n1.." not in "\n" + output:
        report("the dialogues are read", False, output)
        return
    for number, (name, text, complaint) in enumerate(CASES, 1):
        own = of_dialogue(output, f"{number:03}")
        bad = len(re.findall("^not ok ", own, re.MULTILINE))
        fine = len(re.findall("^ok ", own, re.MULTILINE))
        if "passed," in (complaint or ""):
            good = complaint == f"{fine} passed, {bad} failed"
        elif complaint is None:
            good = own.startswith("ok ") and not bad
        else:
            good = bad == 1 and complaint in own
        report(name, good, own)


def of_dialogue(output, name):
    """The lines of the summary that speak of this dialogue."""
    kept, ours = [], False
    for line in output.splitlines():
        if line.startswith(("ok ", "not ok ")):
            title = line.partition(" - ")[2]
            ours = title == name or title.startswith(name + " [")
        elif not line.startswith("#"):
            ours = False
        if ours:
            kept.append(line)
    return "\n".join(kept)


def test_files(folder, report):
    path = os.path.join(folder, "wrong.smtp")
    for text, complaint in WRONG_FILES:
        with open(path, "w") as file:
            file.write(text)
        status, output = peer(path)
        report(f"refused: {complaint}", status == 1 and complaint in output
               and "Traceback" not in output, output)


def test_body(report):
    """The dot reader, in pieces of every size."""
    from body import DotReader
    for wire, wanted in (
            (b".\r\n", b""), (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n.\r\n", b".\r\n"), (b".a\r\n.\r\n", b"a\r\n"),
            (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
            (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
            (b"a\r\r\n.\r\n", b"a\r\r\n"),
            (b"\r\n.\r\n", b"\r\n"), (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n")):
        for size in (1, 2, 3, 7, 1000):
            reader, got = DotReader(), b""
            data = wire + b"QUIT"
            while data and not reader.done:
                got += reader.feed(data[:size])
                data = data[size:]
            report(f"un-dot {wire!r} by {size}", reader.done and
                   got == wanted and reader.rest + data == b"QUIT", repr(got))


def test_serve(folder, report):
    """--serve takes a mail into a Maildir, byte for byte."""
    box = os.path.join(folder, "box")
    status, output = peer("--serve", "--maildir", box, "--", "sh", "-c",
                          f"{sys.executable} {HERE}/clients.py "
                          "good-starttls $PEER_PORT $PEER_CA")
    names = os.listdir(os.path.join(box, "new"))
    text = b""
    if names:
        with open(os.path.join(box, "new", names[0]), "rb") as file:
            text = file.read()
    report("--serve keeps a mail", status == 0 and len(names) == 1 and
           text.endswith(BODY) and not os.listdir(os.path.join(box, "tmp")),
           output)


def main():
    passed = failed = 0

    def report(name, good, output):
        nonlocal passed, failed
        passed += bool(good)
        failed += not good
        if not good:
            print(f"not ok - {name}\n" + indent(output.strip()))
    test_body(report)
    with tempfile.TemporaryDirectory() as folder:
        test_files(folder, report)
    with tempfile.TemporaryDirectory() as folder:
        test_dialogues(folder, report)
    with tempfile.TemporaryDirectory() as folder:
        test_serve(folder, report)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
