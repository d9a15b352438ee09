"""The figures as text: lines while it runs, and a page of tables."""

import datetime
import os
import platform
import statistics

from scenarios import SCENARIOS

INTRODUCTION = """\
# What a mail costs

`make bench` wrote this page: mailsend beside other programs that send mail,
each with the same bytes, in one run, in turn. [README.md](README.md) describes
how it is measured. A program is listed only where all it was given has arrived.

Time and CPU are medians in milliseconds, with the fastest and the slowest
round. The factor is that of the median to the reference. CPU and memory are
the client's, with all that it starts, not the server's, which is on the same
machine. Flights: how often the client waited for the server, TLS handshakes not
counted. Octets: how many were read and written by system calls for each that is
attached. Instructions are in millions.
"""


def machine():
    cpu = ""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
    system = ""
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("PRETTY_NAME="):
                system = line.partition("=")[2].strip().strip('"')
    return {"cpu": cpu, "processors": os.cpu_count(), "system": system,
            "kernel": platform.release().partition("-")[0],
            "load": round(os.getloadavg()[0], 1),
            "date": datetime.date.today().isoformat()}


def values(result, what):
    return [one[what] for one in result.get("rounds", ()) if what in one]


def median(results, scenario, peer, what):
    """None where it was not measured."""
    found = values(results["scenarios"].get(scenario, {}).get(peer, {}), what)
    return statistics.median(found) if found else None


def count(results, scenario, peer, what):
    return results["scenarios"].get(scenario, {}).get(peer, {}).get(
        "counts", {}).get(what)


def milliseconds(seconds):
    number = seconds * 1000
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}"


def spread(found):
    return (f"{milliseconds(statistics.median(found))} "
            f"({milliseconds(min(found))}–{milliseconds(max(found))})")


def factor(number):
    return f"{number:.0f}" if number >= 10 else f"{number:.2f}"


def cells(scenario, results, peer):
    """What the table has of a peer, by the column's name."""
    result = results[peer]
    row = {}
    for what, name in ("wall", "time"), ("cpu", "CPU"):
        found = values(result, what)
        if not found:
            continue
        row[name] = spread(found)
        held = values(results.get(scenario.reference, {}), what)
        if held:
            row[name + " ×"] = factor(statistics.median(found) /
                                      statistics.median(held))
    memory = values(result, "memory")
    if memory:
        row["MB"] = f"{statistics.median(memory) / 1000:.1f}"
    if scenario.mails > 100:
        taken = statistics.median(values(result, "wall"))
        row["a second"] = f"{scenario.mails / taken:.0f}"
    counts = result.get("counts", {})
    if "flights" in counts:
        row["flights"] = str(counts["flights"])
        row["connections"] = str(counts["connections"])
    if "c" in scenario.counts and "calls" in counts:
        row["system calls"] = str(counts["calls"])
    if scenario.attached and "octets" in counts:
        row["octets"] = f"{counts['octets'] / scenario.attached:.2f}"
    if "s" in scenario.counts and "syncs" in counts:
        row["syncs"] = str(counts["syncs"])
    if "instructions" in counts:
        row["instructions"] = f"{counts['instructions'] / 1e6:.2f}"
    return row


def measured(results):
    return [peer for peer in results if values(results[peer], "wall")]


def lines(scenario, results):
    """For who waits."""
    for peer in measured(results):
        row = cells(scenario, results, peer)
        yield f"{peer:16}" + ", ".join(f"{name} {value}" for name, value in
                                       row.items())


def table(scenario, results):
    peers = measured(results)
    rows = {peer: cells(scenario, results, peer) for peer in peers}
    names = []
    for row in rows.values():
        names += [name for name in row if name not in names]
    if all(row.get("connections", "1") == "1" for row in rows.values()):
        names = [name for name in names if name != "connections"]
    yield f"## {scenario.title}\n"
    yield "| | " + " | ".join(names) + " |"
    yield "|---|" + "---:|" * len(names)
    for peer, row in rows.items():
        words = [row.get(name, "") for name in names]
        if peer == "mailsend":
            peer, words = "**mailsend**", [f"**{word}**" if word else ""
                                           for word in words]
        yield f"| {peer} | " + " | ".join(words) + " |"
    yield ""
    if scenario.reference in rows:
        yield f"The reference is {scenario.reference}."
    failed = [peer for peer in results if "failure" in results[peer]]
    if failed:
        yield f"Not delivered, and left out: {', '.join(failed)}."
    yield ""


# ---- what was aimed at

def ratio(over, under):
    return over / under if over and under else None


def aims(results):
    """Sentence, figure, the limit, and whether less is better."""
    def wall(scenario, peer="mailsend"):
        return median(results, scenario, peer, "wall")

    def cpu(scenario, peer):
        return median(results, scenario, peer, "cpu")

    def instructions(scenario, peer):
        return count(results, scenario, peer, "instructions")

    yield ("20 mails over 50 ms, times one mail",
           ratio(wall("far-many"), wall("far")), 1.15, True)
    yield ("20 MB in 27 mails over 50 ms, times one mail",
           ratio(wall("far-parts"), wall("far-file")), 1.2, True)
    yield ("queued mails sent in a second",
           ratio(1000, wall("flush")), 3900, False)
    yield ("new connections to `--serve` in a second",
           ratio(1000, wall("serve")), 1000, False)
    for name, title in (("large", "100 MB attached"),
                        ("large-tls", "100 MB attached, TLS")):
        yield (f"{title}: CPU, times plain sockets",
               ratio(cpu(name, "mailsend"), cpu(name, "plain sockets")), 1.5,
               True)
    for name, title in (("start", "`--help`"), ("small", "1 kB"),
                        ("login", "1 kB, TLS and login"),
                        ("mb", "1 MB attached")):
        yield (f"{title}: instructions, times curl",
               ratio(instructions(name, "mailsend"),
                     instructions(name, "curl")), 1.0, True)


def aim_table(results):
    yield "## Aims\n"
    yield "| | measured | aim | |"
    yield "|---|---:|---:|---|"
    for sentence, figure, limit, is_less in aims(results):
        if figure is None:
            continue
        is_met = figure <= limit if is_less else figure >= limit
        number = f"{figure:.0f}" if figure > 100 else f"{figure:.2f}"
        yield (f"| {sentence} | {number} | {'≤' if is_less else '≥'} {limit} |"
               f" {'met' if is_met else 'not met'} |")
    yield ""


def page(results):
    where = results["machine"]
    made = [INTRODUCTION]
    made.append(f"{where['date']}, {where['system']}, Linux "
                 f"{where['kernel']}, {where['processors']} × {where['cpu']}, "
                 f"load {where['load']} at the start.")
    versions = [version if len(version) < 50 else version.partition(" (")[0]
                for version in results["versions"].values()
                if not version.startswith("tests/")]
    made.append("Versions: " + "; ".join(versions) + ".\n")
    if results["missing"]:
        made.append(f"Not here: {', '.join(results['missing'])}.\n")
    made.append("![Time and CPU as factors to mailsend's](results.svg)\n")
    made += aim_table(results)
    for scenario in SCENARIOS:
        if scenario.name in results["scenarios"]:
            made += table(scenario, results["scenarios"][scenario.name])
    return "\n".join(made).rstrip() + "\n"
