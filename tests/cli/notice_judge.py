"""Judges notices by Python's email package, which shares nothing with them.

notice_judge.py CASE; NOTICE_FILTER names the program under test.  Runs in the
current folder, which is the test's own.
"""
import datetime
import email
import email.policy
import email.utils
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from judge import Judge  # noqa: E402

PROGRAM = os.environ["NOTICE_FILTER"]
CLOCK = 1700000000
MAIL = (b"Received: from here by there;\r\n\tMon, 13 Nov 2023 00:00:00 +0000\r\n"
        b"From: Alice <alice@example.org>\r\nTo: bob@example.net\r\n"
        b"Subject: =?utf-8?q?B=C3=BCro?=\r\n =?utf-8?q?_=26_more?= report\r\n"
        b"Message-ID: <m1@example.org>\r\nDate: Mon, 13 Nov 2023 00:00:00 "
        b"+0000\r\n\r\nHello\r\n.\r\nFrom here on\r\n-- \r\nend\r\n")
REPORT = "multipart/report"
STATUS = "message/delivery-status"
GLOBAL_STATUS = "message/global-delivery-status"


def run(*words):
    done = subprocess.run([PROGRAM, "queue", *words], capture_output=True,
                          check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def put_mail(data=MAIL, name="mail.eml"):
    with open(name, "wb") as file:
        file.write(data)
    return "file=" + name


def listed():
    """{id: (place, kind, states)}"""
    rows = (line.split(" ") for line in run("list").decode().splitlines())
    return {row[1]: (row[0], row[2], row[3]) for row in rows}


def notices():
    return sorted(name for name, row in listed().items() if row[1] != "mail")


def entry_of(name):
    pairs = run("show=" + name).decode().splitlines()
    return dict(pair.split("=", 1) for pair in pairs)


class Notice:
    """One notice, judged as a message and taken apart."""

    def __init__(self, name, utf8=False):
        self.raw = run("print=" + name)
        self.entry = entry_of(name)
        # a message/... that the parser does not know, it takes for a mail
        known = self.raw.replace(GLOBAL_STATUS.encode(),
                                 b"text/x-status; charset=utf-8")
        verdict = Judge(known, utf8, True).verdict()
        assert not verdict["defects"], verdict["defects"]
        self.message = email.message_from_bytes(
            self.raw, policy=email.policy.default)
        self.check_header()
        self.parts = list(self.message.iter_parts())
        words, self.status, self.mail = (self.parts + [None])[:3]
        assert words.get_content_type() == "text/plain"
        self.words = words.get_content()
        for line in self.words.splitlines():
            assert len(line) <= 78 or " " not in line.strip(), line
        self.type = self.status.get_content_type()
        self.about, *self.groups = self.read_groups()

    def check_header(self):
        m = self.message
        assert m.get_content_type() == REPORT
        assert m.get_param("report-type") == "delivery-status"
        assert m["Auto-Submitted"] == "auto-replied"
        assert len(m["From"].addresses) == 1
        assert self.entry["from"] == "<>"
        assert self.entry["message-id"] == m["Message-ID"]
        assert self.entry["8bit"] == str(int(max(self.raw) > 127))
        for name in ("Date", "From", "To", "Subject", "Message-ID"):
            assert len(m.get_all(name)) == 1, name
            assert (not m[name].defects
                    or not self.raw.split(b"\r\n\r\n")[0].isascii())

    def read_groups(self):
        if self.type == STATUS:
            groups = self.status.get_payload()
            for group in groups:
                assert group.get_payload() == "", group.as_string()
                assert not group.defects
        else:
            groups = [email.message_from_string(text + "\n",
                                                policy=email.policy.default)
                      for text in self.raw_status().split("\n\n")]
        return [{name.lower(): str(value).replace("\r\n", "").replace("\n", "")
                 for name, value in group.items()} for group in groups]

    def raw_status(self):
        """The octets: the parser takes message/global-... for a message."""
        boundary = self.message.get_boundary().encode()
        part = self.raw.split(b"--" + boundary)[2]
        text = part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
        return text.decode("utf-8").replace("\r\n", "\n").removesuffix("\n")

    def original(self):
        """What came back, as octets."""
        boundary = self.message.get_boundary().encode()
        part = self.raw.split(b"--" + boundary)[3]
        return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")


def only(utf8=False):
    names = notices()
    assert len(names) == 1, names
    return Notice(names[0], utf8)


def when(text):
    return email.utils.parsedate_to_datetime(text).timestamp()


def has_words(text, *words):
    flat = " ".join(text.split())
    for word in words:
        assert word in flat, (word, text)


# ---- cases

def single():
    run(put_mail(), "id=mail", "envid=X 1+y", "to=bob@example.net",
        "orcpt=rfc822;bob+2Bx@example.net", "waiting=carol@example.net",
        "put", "run")
    n = only()
    m = n.message
    assert m["To"] == "alice@example.org"
    assert m["From"].addresses[0].addr_spec == "alice@example.org"
    assert m["From"].addresses[0].display_name == "Mail Delivery System"
    assert "failed" in m["Subject"]
    assert m["Subject"].endswith("Büro & more report"), m["Subject"]
    assert m["In-Reply-To"] == m["References"] == "<m1@example.org>"
    assert m["Message-ID"].endswith("@example.org>")
    assert when(m["Date"]) == CLOCK
    assert n.type == STATUS
    assert n.about == {
        "reporting-mta": "dns; box.example.org",
        "original-envelope-id": "X 1+y",
        "arrival-date": n.about["arrival-date"],
        "x-mailsend-queue-id": "mail",
    }
    assert when(n.about["arrival-date"]) == CLOCK - 7200
    group, = n.groups
    assert group == {
        "original-recipient": "rfc822; bob+x@example.net",
        "final-recipient": "rfc822; bob@example.net",
        "action": "failed",
        "status": "5.1.1",
        "remote-mta": "dns; mx.example.net",
        "diagnostic-code": "smtp; 550 5.1.1 No such user here",
        "last-attempt-date": group["last-attempt-date"],
    }
    assert when(group["last-attempt-date"]) == CLOCK - 60
    has_words(n.words, "bob@example.net", "550 5.1.1 No such user here",
              "Büro & more report", "box.example.org", "mail")
    assert n.mail.get_content_type() == "message/rfc822"
    assert n.original() == MAIL
    assert listed()["mail"] == ("env", "mail", "tw")


def headers():
    run(put_mail(), "id=mail", "ret=hdrs", "to=bob@example.net", "put", "run")
    n = only()
    assert n.mail.get_content_type() == "text/rfc822-headers"
    header = n.mail.get_payload(decode=True)
    assert header == MAIL.split(b"\r\n\r\n")[0] + b"\r\n", header
    assert listed()["mail"] == ("failed", "mail", "t")
    has_words(n.words, "--print mail", "--retry mail", "--delete mail")


def gave_up():
    run(put_mail(), "gave-up=bob@example.net", "put", "run")
    n = only()
    group, = n.groups
    assert group["action"] == "failed"
    assert group["status"] == "4.4.7"
    assert group["diagnostic-code"] == "smtp; 451 4.3.2 Try again later"
    has_words(n.words, "42 tries")


def no_server_spoke():
    run(put_mail(), "to=bob@example.net", "reply=", "host=", "esc=",
        "text=the message is too large for every server", "put", "run")
    n = only()
    group, = n.groups
    assert group["status"] == "5.0.0"
    assert "remote-mta" not in group
    kind, text = group["diagnostic-code"].split("; ")
    assert kind == "x-mailsend"
    assert text == "the message is too large for every server"
    has_words(n.words, text)


def nasty_words():
    """What servers say, and what was written into the queue's files."""
    replies = ["550 5.1.1 caf\u00e9 \u2713 \U0001f4e6 closed", "550 " + "x" * 3000,
               "550 " + "word " * 600, "550 a\tb  c   d  ",
               '550 "quoted (paren "', "no code at all", "550", "5",
               "550-5.1.1 =?utf-8?q?x?= --", "421 .", "=", "--",
               "550 ;;; :: <<>>", "550 \u202e\u200bspoof"]
    words = []
    for i, reply in enumerate(replies):
        words += [f"to=user{i}@example.net", "reply=" + reply,
                  "host=" + ["/run/socket", "mx", "[2001:db8::1]", "1.2.3.4:25",
                             "h\u00f6st.example"][i % 5],
                  "esc=" + ["5.1.1", "4.2.2", "5.1", "5..1", "5.1.1111",
                            "5.7.26", "x", "55.1.1", "5.1.1 x"][i % 9]]
    run(put_mail(), *words, "put", "run")
    n = only()
    assert len(n.groups) == len(replies)
    for group in n.groups:
        assert re.fullmatch(r"5\.\d{1,3}\.\d{1,3}", group["status"]), group
        kind, _, text = group["diagnostic-code"].partition("; ")
        assert kind in ("smtp", "x-mailsend")
        assert text.isascii() and text.isprintable()
        assert group.get("remote-mta", "dns; x").startswith("dns; ")
    assert "remote-mta" not in n.groups[0]
    assert n.groups[2]["remote-mta"] == "dns; [2001:db8::1]"
    assert n.groups[3]["remote-mta"] == "dns; 1.2.3.4"
    has_words(n.words, "caf\u00e9 \u2713 \U0001f4e6 closed")


def odd_addresses():
    odd = ['"a b"@example.net', '"x\\"y"@example.net', "user@[192.0.2.1]",
           "root", "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".net",
           "o'neil+tag=x@example.net", "a" * 900 + "@example.net"]
    run(put_mail(), 'from="al ice"@example.org',
        *(f"to={one}" for one in odd), "put", "run")
    n = only()
    assert n.message["To"] == '"al ice"@example.org'
    got = [group["final-recipient"].partition("; ")[2] for group in n.groups]
    assert got[:6] == odd[:6], got
    assert len(got[6]) > 800


def odd_senders():
    for i, one in enumerate(["alice", "<>x", "a@b@c", "@example.org",
                             "alice@[192.0.2.1]", "a..b@example.org"]):
        run(put_mail(), f"id=mail{i}", f"from={one}", "to=bob@example.net",
            "put", "run")
        names = [name for name in notices() if name.startswith(f"mail{i}-")]
        n = Notice(names[0])
        assert n.message["From"].addresses
        assert n.entry["to"] == f"<{one}>"


def account():
    with open("config", "w", encoding="ascii") as file:
        file.write("account work\nhost mx.example.org\nfrom w@example.org\n"
                   "queue_notice headers\n")
    os.chmod("config", 0o600)
    os.environ["MAILSEND_CONFIG"] = os.path.abspath("config")
    run(put_mail(), "account=work", "to=bob@example.net", "put", "run")
    n = only()
    assert n.entry["account"] == "work"
    assert n.message["From"].addresses[0].addr_spec == "w@example.org"
    assert n.message["To"] == "alice@example.org"
    assert n.mail.get_content_type() == "text/rfc822-headers"


def subjects():
    cases = [(b"", ""), (b"Subject:\r\n", ""), (b"Subject: \xff\xfe\r\n", None),
             (b"Subject: " + b"long " * 2000 + b"\r\n", None),
             (b"Subject: " + b"x" * 5000 + b"\r\n", None),
             (b"Subject: =?utf-8?b?4pyT?=\r\n", "\u2713"),
             (b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n", None),
             (b"subject: two\r\n lines\r\n", "two lines")]
    for i, (field, want) in enumerate(cases):
        run(put_mail(b"X-First: 1\r\n" + field + b"\r\nbody\r\n"),
            f"id=mail{i}", f"from=user{i}@example.org", "to=bob@example.net",
            "ret=hdrs", "put", "run")
        name, = (name for name in notices() if name.startswith(f"mail{i}-"))
        n = Notice(name)
        assert "failed" in n.message["Subject"]
        assert "Bcc" not in n.message
        assert len(n.message["Subject"]) < 250
        if want is not None:
            assert n.message["Subject"].partition(": ")[2] == want
        assert "in-reply-to" not in n.message


def message_ids():
    """What is no msg-id does not get into References."""
    for i, one in enumerate(["<a@b>", "a@b", "<a b@c>", "<a@b> <c@d>",
                             "<\u00fc@b>", "<" + "a" * 1200 + "@b>", ""]):
        data = f"Message-ID: {one}\r\nSubject: x\r\n\r\nbody\r\n".encode()
        run(put_mail(data), f"id=mail{i}", f"from=u{i}@example.org",
            "to=bob@example.net", "ret=hdrs", "put", "run")
        name, = (name for name in notices() if name.startswith(f"mail{i}-"))
        n = Notice(name)
        assert (n.message["References"] == "<a@b>") == (i == 0)


def digest():
    for i in range(4):
        run(put_mail(), f"id=mail{i}", f"message-id=<m{i}@example.org>",
            f"envid=env{i}", f"arrived={CLOCK - 9000 - i}",
            *(f"to=user{j}@example.net" for j in range(i * 4 + 1)),
            "waiting=w@example.net", "put")
    run("run")
    n = only()
    assert len(n.parts) == 2
    assert "failed" in n.message["Subject"]
    assert "references" not in n.message
    assert n.about == {"reporting-mta": "dns; box.example.org"}
    assert len(n.groups) == 1 + 5 + 9 + 13
    for i in range(4):
        mine = [group for group in n.groups
                if group["x-mailsend-queue-id"] == f"mail{i}"]
        assert len(mine) == i * 4 + 1
        for j, group in enumerate(mine):
            assert group["final-recipient"] == f"rfc822; user{j}@example.net"
            assert group["x-original-message-id"] == f"<m{i}@example.org>"
            assert group["x-original-envelope-id"] == f"env{i}"
            assert when(group["x-original-arrival-date"]) == CLOCK - 9000 - i
    has_words(n.words, "4 of your mails", "queue id mail0", "queue id mail3",
              "mailq", "--print ID", "--delete ID")
    assert all(listed()[f"mail{i}"][2].strip("t") == "w" for i in range(4))


def digest_of_many():
    run(put_mail(), "to=bob@example.net", "copies=130", "run")
    n = only()
    assert len(n.groups) == 100
    has_words(n.words, "100 of your mails", "30 more")
    places = [row[0] for name, row in listed().items() if row[1] == "mail"]
    assert (places.count("failed"), places.count("env")) == (100, 30)


def recipients():
    run(put_mail(), *(f"to=user{i}@example.net" for i in range(1000)),
        "put", "run")
    n = only()
    assert len(n.groups) == 1000
    assert len({group["final-recipient"] for group in n.groups}) == 1000
    assert len(n.words) < 5000
    has_words(n.words, "and 980 more")


def utf8_address():
    run(put_mail(), "id=mail", "to=j\u00f6rg@example.net",
        "orcpt=utf-8;j\\x{F6}rg@example.net",
        "reply=550 5.1.1 k\u00f6nnen wir nicht", "to=bob@example.net",
        "put", "run")
    n = only(utf8=True)
    assert n.type == GLOBAL_STATUS
    assert n.message.get_param("report-type") == "delivery-status"
    assert n.status["Content-Transfer-Encoding"] == "8bit"
    first, second = n.groups
    assert first["final-recipient"] == "utf-8; j\u00f6rg@example.net"
    assert first["original-recipient"] == "utf-8; j\\x{F6}rg@example.net"
    assert first["diagnostic-code"].endswith("k\u00f6nnen wir nicht")
    assert second["final-recipient"] == "rfc822; bob@example.net"
    assert n.entry["utf8"] == "0"  # its own header is ASCII
    assert n.original() == MAIL


def utf8_sender_and_mail():
    data = MAIL.replace(b"Alice <alice@", "Alice <\u00e4lice@".encode())
    for ret in ("full", "hdrs"):
        run(put_mail(data), f"id={ret}", f"from=\u00e4lice-{ret}@example.org",
            "utf8", f"ret={ret}", "to=bob@example.net", "put", "run")
        name, = (name for name in notices() if name.startswith(ret))
        n = Notice(name, utf8=True)
        assert n.entry["utf8"] == "1"
        assert n.message["To"] == f"\u00e4lice-{ret}@example.org"
        assert n.mail.get_content_type() == (
            "message/global" if ret == "full" else "message/global-headers")
        assert n.mail["Content-Transfer-Encoding"] == "8bit"
        want = data if ret == "full" else data.split(b"\r\n\r\n")[0] + b"\r\n"
        assert n.original() == want


def eight_bit_mail():
    data = (b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
            b"charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + "Gr\u00fc\u00dfe\r\n".encode())
    run(put_mail(data), "8bit", "to=bob@example.net", "put", "run")
    n = only()
    assert n.mail.get_content_type() == "message/rfc822"
    assert n.mail["Content-Transfer-Encoding"] == "8bit"
    assert n.message["Content-Transfer-Encoding"] == "8bit"
    assert n.entry["8bit"] == "1" and n.entry["utf8"] == "0"
    assert n.original() == data


def boundaries():
    """A mail that is a report, and one without a last line end."""
    run(put_mail(), "id=mail", "to=bob@example.net", "put", "run")
    first = run("print=" + notices()[0])
    run(put_mail(first), "id=again", "from=other@example.org",
        "to=bob@example.net", "put", "run")
    name, = (name for name in notices() if name.startswith("again"))
    n = Notice(name)
    assert n.original() == first
    run(put_mail(MAIL.removesuffix(b"\r\n")), "id=noend",
        "from=third@example.org", "to=bob@example.net", "put", "run")
    name, = (name for name in notices() if name.startswith("noend"))
    assert Notice(name).original() == MAIL.removesuffix(b"\r\n")


def huge():
    """What comes back is never held in memory."""
    line = b"0123456789" * 7 + b"\r\n"
    data = MAIL + line * 300000
    run(put_mail(data), "id=mail", "ret=full", "to=bob@example.net", "put")
    with open(PROGRAM, "rb") as file:
        limit = "" if b"__asan" in file.read() else "ulimit -v 30000; "
    done = subprocess.run(["bash", "-c", limit + 'exec "$@"', "-", PROGRAM,
                           "queue", "run"], capture_output=True, check=False)
    assert done.stdout == b"made 1\n", done.stderr
    n = only()
    assert n.original() == data
    assert "mail" not in listed()


def delay():
    run(put_mail(), "id=mail", "waiting=bob@example.net", "esc=4.2.2",
        "reply=452 4.2.2 Mailbox full", "host=mx.example.net", "temporary",
        "to=no@example.net", "sent=yes@example.net", "put", "delay=mail")
    n = only()
    assert "delayed" in n.message["Subject"]
    assert n.message["References"] == "<m1@example.org>"
    group, = n.groups
    assert group["action"] == "delayed"
    assert group["status"] == "4.2.2"
    assert group["final-recipient"] == "rfc822; bob@example.net"
    assert when(group["will-retry-until"]) == CLOCK - 7200 + 5 * 86400
    assert n.mail.get_content_type() == "text/rfc822-headers"
    has_words(n.words, "bob@example.net", "452 4.2.2 Mailbox full",
              "5 days", "--delete mail")
    until = datetime.datetime.fromtimestamp(CLOCK - 7200 + 5 * 86400,
                                            datetime.timezone.utc)
    has_words(n.words, until.strftime("%d %b %Y"))
    assert entry_of("mail")["warned"] == "1"


def kept():
    run(put_mail(), "id=mail", "to=bob@example.net", "put", "run")
    name, = notices()
    raw = run("print=" + name)
    run("keep=" + name)
    assert not notices()
    folder = os.path.join(os.environ["TEST_HOME"], "Maildir", "new")
    file, = os.listdir(folder)
    with open(os.path.join(folder, file), "rb") as stream:
        got = stream.read()
    assert got.endswith(raw.replace(b"\r\n", b"\n"))
    m = email.message_from_bytes(got, policy=email.policy.default)
    assert m["Return-Path"] == "<>"
    assert m["Delivered-To"] == "alice@example.org"


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
