"""What is measured: a row for each task.

`counts` are what is counted in a run of its own, since the counting takes time:
f flights (round trips that the client waited for), c system calls, o octets
that these carry across the border of the kernel, s syncs, i instructions.
`reference` is whose time and CPU stand for 1 in the table.  `shown` is what the
chart has of it, if anything, under the name `label`.
"""

import dataclasses

MB = 1000000


@dataclasses.dataclass(frozen=True)
class Way:
    """How the server is reached."""
    tls: bool = False           # STARTTLS and AUTH PLAIN
    far: bool = False           # over a relay, 50 ms there and back


PLAIN, TLS, FAR = Way(), Way(tls=True), Way(far=True)


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    task: str                   # a method of peers.Peer
    counts: str = ""
    way: Way = PLAIN
    people: int = 1
    mails: int = 1
    attached: int = 0           # octets
    split: int = 0              # no mail is larger
    rounds: int = 3
    reference: str = "curl"
    shown: str = ""             # cpu or wall
    label: str = ""


SCENARIOS = [
    Scenario("start", "Start: `--help`", "start", "ci", rounds=7,
             shown="cpu", label="Start (--help)"),
    Scenario("small", "1 kB", "text", "fci", rounds=7),
    Scenario("login", "1 kB, STARTTLS and AUTH", "text", "fci", TLS,
             rounds=7, shown="cpu", label="1 kB, TLS and login"),
    Scenario("people", "1 kB to 20 recipients", "text", "fc", people=20),
    Scenario("mb", "1 MB attached", "attach", "fcoi", attached=MB, rounds=5,
             reference="plain sockets"),
    Scenario("mb-tls", "1 MB attached, TLS", "attach", "fco", TLS,
             attached=MB, rounds=5, reference="plain sockets"),
    Scenario("large", "100 MB attached", "attach", attached=100 * MB,
             reference="plain sockets"),
    Scenario("large-tls", "100 MB attached, TLS", "attach", "", TLS,
             attached=100 * MB, reference="plain sockets", shown="cpu",
             label="100 MB attached, TLS"),
    Scenario("pipe", "100 MB attached from a pipe", "pipe",
             attached=100 * MB),
    Scenario("far", "1 kB over 50 ms", "text", "", FAR),
    Scenario("far-many", "20 mails of 1 kB over 50 ms", "many", "f", FAR,
             mails=20, shown="wall",
             label="20 mails over a 50 ms line"),
    Scenario("far-file", "20 MB attached over 50 ms", "attach", "", FAR,
             attached=20 * MB),
    Scenario("far-parts", "20 MB in 27 mails over 50 ms", "parts", "f", FAR,
             attached=20 * MB, split=MB, mails=27,
             reference="mpack + msmtp", shown="wall",
             label="20 MB in 27 mails over a 50 ms line"),
    Scenario("enqueue", "1 kB into the queue", "enqueue", "cosi", rounds=11,
             reference="dma", shown="cpu", label="A mail into the queue"),
    Scenario("flush", "1000 queued mails sent", "flush", "fcs", mails=1000,
             reference="dma", shown="wall", label="1000 queued mails sent"),
    Scenario("serve", "1000 connections to a server", "serve", mails=1000,
             rounds=5, reference="sink"),
]
