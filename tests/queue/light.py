"""`--queue=only' in a script's inner loop: what it does not do."""

import re
import shutil

from proof import Skip, proof
from stand import Mail

# What it costs in time stands in tests/bench: other work beside us changes it.
# Of the whole process, the loader's among them.
SYSTEM_CALLS = 200


def strace(stand, mail, *options):
    if not shutil.which("strace"):
        raise Skip("strace is not here")
    log = stand.path("strace.log")
    stand.before = ["strace", "-f", "-o", log, *options]
    stand.put(mail)
    stand.before = []
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read()


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
    count = len(re.findall(r"^\d+ +f\w*sync\(", calls, re.M))
    # The message, its folder, the entry, its folder.
    assert count == 4, f"{count} syncs\n{calls}"
