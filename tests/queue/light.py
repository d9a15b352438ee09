"""`--queue=only' in a script's inner loop: what it does not do.  And mails that
are sent together: what is done once for all of them."""

import os
import re
import shutil

from proof import Skip, proof
from stand import Mail

# What it costs in time stands in tests/bench: other work beside us changes it.
# Of the whole process, the loader's among them.
SYSTEM_CALLS = 200


def traced(stand, command, *options):
    """What strace has of what command() runs."""
    if not shutil.which("strace"):
        raise Skip("strace is not here")
    log = stand.path("strace.log")
    stand.before = ["strace", "-f", "-o", log, *options]
    command()
    stand.before = []
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read()


def strace(stand, mail, *options):
    return traced(stand, lambda: stand.put(mail), *options)


def count_syncs(calls):
    return len(re.findall(r"^\d+ +f\w*sync\(", calls, re.M))


@proof("queue=only loads no libcurl, asks no network, starts nobody")
def loads_nothing(stand):
    calls = strace(stand, Mail(), "-e", "trace=openat,open,socket,connect,"
                   "clone,clone3,fork,vfork,execve")
    assert "mailsend" in calls and "openat" in calls, calls
    for word in ("libcurl", "libssl", "libcrypto", "libmagic", "libidn2",
                 "AF_INET", "resolv.conf"):
        assert word not in calls, f"{word} is in\n{calls}"
    # The calls themselves: a folder may have such a name.
    assert not re.search(r"^\d+ +(clone3?|v?fork)\(", calls, re.M), calls
    assert calls.count("execve(") == 1, calls


@proof("queue=only makes few system calls")
def few_calls(stand):
    stand.put(Mail())           # the folders are made once
    calls = strace(stand, Mail())
    count = len(re.findall(r"^\d+ +\w+\(", calls, re.M))
    assert count > 20, calls
    assert count <= SYSTEM_CALLS, f"{count} system calls\n{calls}"
    return [f"{count} system calls, at most {SYSTEM_CALLS}"]


@proof("queue=only syncs what it must, and nothing twice")
def syncs(stand):
    stand.put(Mail())
    calls = strace(stand, Mail(), "-e", "trace=fsync,fdatasync,syncfs,sync")
    count = count_syncs(calls)
    # The message, its folder, the entry, its folder.
    assert count == 4, f"{count} syncs\n{calls}"


SYNCS = "-e", "trace=fsync,fdatasync,syncfs,sync"


@proof("a run of the queue: one sync for the mails that were sent together")
def run_syncs(stand):
    mails = [stand.put(Mail()) for _ in range(15)]
    with stand.sink():
        count = count_syncs(traced(stand, stand.flush, *SYNCS))
        stand.expect_once(mails)
    # A loaded machine may find some answered before the last was begun.
    assert 1 <= count <= 8, f"{count} syncs for 15 mails"
    return [f"{count} for 15 mails"]


@proof("a series: one sync of the journal for the mails that were sent together")
def series_syncs(stand):
    stand.configure("queue never")
    box = stand.path("box")
    os.mkdir(box)
    for number in range(15):
        with open(os.path.join(box, f"{number:02}"), "w",
                  encoding="utf-8") as file:
            file.write(f"To: ops@example.org\nSubject: {number}\n\nHello.\n")
    with stand.sink():
        count = count_syncs(traced(
            stand, lambda: stand.run("--batch", box), *SYNCS))
        assert len(stand.took()) == 15
    # Six for the journal itself, and what it is complete by.
    assert count <= 15, f"{count} syncs for 15 mails"
    return [f"{count} for 15 mails"]
