"""Two hundred senders and four flushers at once."""

import fcntl
import os
import threading

from proof import proof
from stand import PATIENCE, Mail, until

SENDERS = 200
FLUSHERS = 4


def flush_on(stand, over, failed):
    """One flusher after another, until there is nothing more to come."""
    while True:
        last = over.is_set()
        done = stand.flush()
        if done.status != 0:
            failed.append(str(done))
        if last or failed:
            return


@proof(f"{SENDERS} senders and {FLUSHERS} flushers at once: each mail once")
def crowd(stand):
    over, failed = threading.Event(), []
    hows = ("only", "auto", "background", "only")
    mails = [Mail(lines=9000 if number % 20 == 0 else 5)
             for number in range(SENDERS)]
    with stand.sink():
        flushers = [threading.Thread(target=flush_on,
                                     args=(stand, over, failed))
                    for _ in range(FLUSHERS)]
        for flusher in flushers:
            flusher.start()
        senders = []
        # All wait at a gate, and go at once.
        stand.before = ["flock", "--shared", "--no-fork", stand.path("gate")]
        with open(stand.path("gate"), "w", encoding="utf-8") as gate, \
             open(os.devnull, "w", encoding="utf-8") as nowhere:
            fcntl.flock(gate, fcntl.LOCK_EX)
            for number, mail in enumerate(mails):
                how = hows[number % len(hows)]
                with mail.open() as text:
                    senders.append(stand.start(
                        *stand.arguments(mail, how), stdin=text,
                        stderr=nowhere))
            assert all(sender.poll() is None for sender in senders)
            stand.before = []
        for mail, sender in zip(mails, senders):
            mail.status = sender.wait(PATIENCE)
        over.set()
        for flusher in flushers:
            flusher.join()
        until(lambda: not stand.processes(), "all to have ended")
        stand.drain()
    assert not failed, failed[0]
    refused = [mail.name for mail in mails if mail.status != 0]
    assert not refused, f"did not exit with 0: {refused}"
    stand.check()
    stand.expect_once(mails)
    left = [stand.names(place) for place in ("env", "msg", "failed", "bad")]
    assert not any(left), f"left in the queue: {left}"
    connections = len({each["connection"] for each in stand.took()})
    return [f"{SENDERS} mails over {connections} connections"]
