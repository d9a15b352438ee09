"""Servers as they are, and clocks: nobody sleeps, the clock is moved."""

import os
import time

import stand as stands
from proof import Skip, proof
from stand import CLOCK, Mail

MINUTE, HOUR, DAY = 60, 3600, 86400
RETRY, RETRY_MAX, LIFETIME = 5 * MINUTE, 4 * HOUR, 5 * DAY
TRIES_MIN = 5


def due(stand):
    done = stand.due()
    assert done.status == 0, f"--flush --due: {done}"
    return done


def tried(stand):
    """How often the server was asked about a recipient."""
    return len([each for each in stand.events("try")
                if each["to"] != stands.ME])


def step(stand, recipient, tries):
    """Nothing before its time, one try when it has come; how long it was to
    wait."""
    entry = stand.only_entry()
    assert entry.number(recipient, "tries") == tries, entry.recipients
    then = entry.number(recipient, "next")
    before = stand.clock
    count = tried(stand)
    stand.clock = then - 1
    due(stand)
    assert tried(stand) == count, f"try {tries + 1} came too early"
    stand.clock = then
    due(stand)
    return then - before


@proof("back-off: doubling, with jitter, up to its limit; given up at last")
def back_off(stand):
    mail = Mail(["busy@example.org"])
    stand.clock = CLOCK
    gaps = []
    with stand.sink("--fault", "rcpt:450:0:busy"):
        stand.put(mail)
        due(stand)
        assert tried(stand) == 1, "not tried at once"
        while stand.names("env"):
            gaps.append(step(stand, mail.to[0], len(gaps) + 1))
            assert tried(stand) == len(gaps) + 1, "not tried when it was due"
            assert len(gaps) < 100, "never given up"
            assert not stand.took(mail)
            # The notices are due at once.
            due(stand)
        age = stand.clock - CLOCK
    for number, gap in enumerate(gaps):
        base = min(RETRY * 2 ** number, RETRY_MAX)
        assert base <= gap <= base * 1.2 + 1, f"gap {number + 1}: {gap}"
    assert len({gap / min(RETRY * 2 ** number, RETRY_MAX)
                for number, gap in enumerate(gaps)}) > len(gaps) / 2, \
        f"no jitter: {gaps}"
    assert LIFETIME <= age <= LIFETIME + RETRY_MAX * 1.2 + 1, age
    assert sorted(len(each["to"]) for each in stand.notices()) == [1, 1], \
        "one warning of the delay, one notice of the failure"
    assert all(each["to"] == [stands.ME] for each in stand.notices())
    return [f"{len(gaps) + 1} tries in {age / DAY:.1f} days"]


@proof("a server that is down: tried until it is up, and then once")
def down(stand):
    stand.clock = CLOCK
    mail = Mail()
    done = stand.send(mail, "auto")
    assert done.status == 0 and "queue" in done.err, done
    for tries in range(1, 9):
        assert step(stand, mail.to[0], tries) <= RETRY_MAX * 1.2 + 1
    stand.clock = CLOCK + 4 * DAY
    due(stand)
    with stand.sink():
        stand.clock += HOUR
        due(stand)
        assert not stand.took(), "tried too early"
        stand.clock += DAY // 2
        due(stand)
    stand.expect_once([mail])
    assert not stand.names("env"), stand.show()


@proof("a server that is down for too long: the sender is told at home")
def down_for_ever(stand):
    stand.clock = CLOCK
    mail = Mail()
    stand.put(mail)
    for _ in range(12):
        due(stand)
        stand.clock += DAY // 2
        stand.check()
    assert not stand.took() and not stand.names("env"), stand.show()
    told = [each for each in stand.maildir() if mail.name.encode() in each and
            b"\nAction: failed" in each]
    assert len(told) == 1, f"{len(told)} notices"


@proof("greylisting: soon again, and then once")
def greylisting(stand):
    stand.clock = CLOCK
    mail = Mail(["one@example.org", "two@example.org"])
    with stand.sink("--greylist", "3"):
        done = stand.send(mail, "auto")
        assert done.status == 0, done
        for number in range(1, 4):
            gap = step(stand, mail.to[0], number)
            base = min(2 * MINUTE * 2 ** (number - 1), 15 * MINUTE)
            assert base <= gap <= base * 1.2 + 1, f"gap {number}: {gap}"
    stand.expect_once([mail])
    assert not stand.names("env"), stand.show()
    assert not stand.notices()


@proof("some are refused: each recipient on its own, never twice")
def some_refused(stand):
    stand.clock = CLOCK
    mail = Mail(["good@example.org", "busy@example.org", "never@example.org",
                 "fine@example.org"])
    with stand.sink("--fault", "rcpt:450:2:busy", "--fault",
                    "rcpt:550:0:never"):
        stand.put(mail)
        for _ in range(40):
            if not stand.names("env"):
                break
            due(stand)
            stand.check()
            stand.clock += 5 * MINUTE
    assert not stand.names("env"), stand.show()
    for recipient in "good", "busy", "fine":
        assert stand.arrived(mail, f"{recipient}@example.org") == 1
    assert stand.arrived(mail, "never@example.org") == 0
    tries = [each["to"] for each in stand.events("try")]
    assert tries.count("never@example.org") == 1, "asked again after a 550"
    assert tries.count("busy@example.org") == 3
    assert tries.count("good@example.org") == 1
    assert len(stand.notices()) == 1, "the sender was to be told once"


@proof("some are refused when it is sent: the good ones never get it twice")
def some_refused_at_once(stand):
    stand.clock = CLOCK
    mail = Mail(["good@example.org", "busy@example.org"])
    with stand.sink("--fault", "rcpt:450:2:busy"):
        done = stand.send(mail, "auto")
        assert done.status == 0, done
        entry = stand.only_entry()
        assert entry.state("busy@example.org") == "waiting"
        stand.drain()
    stand.expect_once([mail])


def every_fault(stand, faults, mails, clock=HOUR):
    """Queued, and run until the server has none left."""
    stand.clock = CLOCK
    for mail in mails:
        stand.put(mail)
    with stand.sink(*faults):
        for _ in range(60):
            if not stand.names("env"):
                break
            due(stand)
            stand.check()
            stand.clock += clock
    assert not stand.names("env"), stand.show()
    assert not [each for each in stand.notices()
                if each["at"] and "Undeliver" in (each["subject"] or "")], \
        "somebody was told of a failure"


@proof("dropped after the dot, and not taken: sent again, and then once")
def dropped(stand):
    mails = [Mail(), Mail()]
    every_fault(stand, ["--fault", "dot:drop:4"], mails)
    stand.expect_once(mails)


@proof("dropped after the dot, and taken: the same bytes each time")
def lost_reply(stand):
    mail = Mail()
    every_fault(stand, ["--fault", "dot:lose:2"], [mail])
    # arrived() compares bytes and Message-ID of all.
    assert stand.arrived(mail) == 3, "SMTP cannot know better"


@proof("421 and drops at each step: each mail once")
def closing(stand):
    for where in "greet", "ehlo", "mail", "rcpt", "data", "dot":
        for what in "421", "drop":
            mails = [Mail() for _ in range(3)]
            every_fault(stand, ["--fault", f"{where}:{what}:2"], mails)
            stand.expect_once(mails)


@proof("421 in the middle of a connection: the rest of the mails, once")
def enough(stand):
    mails = [Mail() for _ in range(10)]
    every_fault(stand, ["--most", "3"], mails)
    stand.expect_once(mails)


@proof("a server that refuses us, and not the mail: no failure of the mail")
def refuses_us(stand):
    for where in "greet", "ehlo":
        mail = Mail()
        stand.clock = CLOCK
        stand.put(mail)
        with stand.sink("--fault", f"{where}:554:0"):
            for _ in range(4):
                due(stand)
                stand.clock += DAY
            assert stand.only_entry().state(mail.to[0]) == "waiting"
        with stand.sink():
            stand.drain()
        stand.expect_once([mail])


@proof("a host that nobody knows, a log-in that is refused: it waits")
def trouble_on_the_way(stand):
    mail = Mail()
    stand.clock = CLOCK
    stand.put(mail)
    for lines in (["host no-such-host.invalid"], ["auth on", "user me",
                                                  "password x"]):
        stand.configure(*lines)
        with stand.sink():
            for _ in range(8):
                due(stand)
                stand.clock += DAY
        assert stand.only_entry().state(mail.to[0]) == "waiting"
    stand.configure()
    with stand.sink():
        stand.drain()
    stand.expect_once([mail])


@proof("one connection for the mails of one account")
def one_connection(stand):
    mails = [stand.put(Mail()) for _ in range(20)]
    with stand.sink():
        stand.drain()
    stand.expect_once(mails)
    count = len({each["connection"] for each in stand.took()})
    assert count == 1, f"{count} connections"


@proof("a slow server and two flushers: each mail once")
def tarpit(stand):
    mails = [stand.put(Mail()) for _ in range(20)]
    with stand.sink("--tarpit", "0.005"):
        runs = [stand.start("--flush") for _ in range(2)]
        for run in runs:
            assert run.wait(stands.PATIENCE) == 0
        stand.drain()
    stand.expect_once(mails)


@proof("connections that drop at random: each mail once")
def random_drops(stand):
    mails = [stand.put(Mail(lines=40)) for _ in range(30)]
    runs = 0
    with stand.sink("--random", "0.03", "--seed", "7", "--chunking"):
        while stand.names("env"):
            assert stand.flush().status == 0
            stand.check()
            runs += 1
            assert runs < 100, "still not all of them"
    stand.expect_once(mails)
    return [f"{runs} runs"]


@proof("a server that goes silent holds up its own account alone")
def silent(stand):
    other = stands.Ports.take()
    stand.configure("timeout 2", more=f"""account other
host 127.0.0.1
port {other}
tls off
auth off
from other@example.org""")
    stuck = stand.put(Mail())
    mails = [stand.put(Mail(sender="other@example.org")) for _ in range(3)]
    with stand.sink("--fault", "dot:stall:1"), \
         stands.Sink(other, stand.log, []):
        run = stand.start("--flush")
        try:
            stands.until(lambda: len(stand.took()) == 3,
                         "the others to arrive")
            stand.expect_once(mails)
            assert run.poll() is None, "the silence was not waited for"
            assert run.wait(stands.PATIENCE) == 0
        finally:
            run.poll() is None and run.kill()
        assert stand.arrived(stuck) == 0
        stand.check()
        stand.drain()
    stand.expect_once([stuck, *mails])


@proof("a mail that kills whoever tries it: put off, and the others go on")
def poison(stand):
    if not os.path.exists(stands.CRASH):
        raise Skip(f"{stands.CRASH} was not built")
    mails = [stand.put(Mail()) for _ in range(7)]
    with stand.sink():
        stand.program = stands.CRASH
        done = stand.flush(env={"MAILSEND_CRASH": "attempt-before-send:3"})
        stand.program = stands.MAILSEND
        assert done.status == 0, done
        stand.check()
        took = len(stand.took())
        assert took >= 4, f"only {took} of {len(mails)}: {done}"
        for entry in stand.entries().values():
            assert entry.recipients[0]["state"] == "waiting"
            assert int(entry.recipients[0]["next"]) > time.time()
        stand.drain()
    # Those that were on their way with it were taken, and nobody lived to
    # write that down.
    for mail in mails:
        assert 1 <= stand.arrived(mail) <= 2, f"{mail.name} to {mail.to}"


# ---- clocks

@proof("the clock is set back: what was to wait is due")
def set_back(stand):
    stand.clock = CLOCK
    mail = Mail()
    stand.put(mail)
    due(stand)                  # nobody is there
    assert stand.only_entry().number(mail.to[0], "tries") == 1
    stand.clock = CLOCK - 10 * DAY
    with stand.sink():
        due(stand)
    stand.expect_once([mail])


@proof("the clock is set back: the mail is not older than it is")
def set_back_busy(stand):
    stand.clock = CLOCK
    mail = Mail(["busy@example.org"])
    stand.put(mail)
    with stand.sink("--fault", "rcpt:450:0:busy"):
        due(stand)
        for days in (10, 20, 30, 5, 40, 50, 60):
            stand.clock = CLOCK - days * DAY
            due(stand)
            assert stand.only_entry().state(mail.to[0]) == "waiting"
    with stand.sink():
        stand.clock = CLOCK + HOUR
        stand.drain()
    stand.expect_once([mail])


@proof("the clock is set far forward: nothing is given up untried")
def set_forward(stand):
    stand.clock = CLOCK
    mail = Mail(["busy@example.org"])
    stand.put(mail)
    with stand.sink("--fault", "rcpt:450:0:busy"):
        due(stand)
        for tries in range(2, TRIES_MIN):
            stand.clock = CLOCK + tries * 3650 * DAY
            due(stand)
            entry = [each for each in stand.entries().values()
                     if each.values["kind"] == "mail"][0]
            assert entry.state(mail.to[0]) == "waiting", entry.recipients
            assert entry.number(mail.to[0], "tries") == tries
    stand.clock = CLOCK + HOUR  # and it is put right again
    with stand.sink():
        stand.drain()
    stand.expect_once([mail])
