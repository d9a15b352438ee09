#!/usr/bin/env python3
"""holds.py FILE [CLAIM...] - a message without defects, of which CLAIM is true.

    WHAT=VALUE   it is that; a line feed at the end does not count
    WHAT~REGEX   that is found in it
    -WHAT        it is not there
    ?REGEX       such a defect, which is the caller's own doing, may be there

WHAT is as in judge.py, and it is judge.py that looks.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import judge  # noqa: E402

CLAIM = re.compile(r"(-?)([^=~]+)(?:([=~])(.*))?", re.S)


def look_up(verdict, what):
    try:
        return str(judge.look_up(verdict, what))
    except (KeyError, StopIteration, IndexError, ValueError):
        return None


def complaint(verdict, claim):
    absent, what, how, wanted = CLAIM.fullmatch(claim).groups()
    if bool(absent) == bool(how):
        sys.exit(f"holds.py: not a claim: {claim}")
    value = look_up(verdict, what)
    if absent:
        return value is not None and f"{what} is there: {value!r}"
    if value is None:
        return f"{what} is not there"
    value = value.removesuffix("\n")
    if how == "=":
        true = value == wanted.removesuffix("\n")
    else:
        true = re.search(wanted, value, re.M)
    return not true and f"{what} is {value!r}, and not {how} {wanted!r}"


def main():
    with open(sys.argv[1], "rb") as file:
        verdict = judge.Judge(file.read(), False, False).verdict()
    pardoned = [c[1:] for c in sys.argv[2:] if c[0] == "?"]
    claims = [c for c in sys.argv[2:] if c[0] != "?"]
    found = [f"defect: {sentence}" for sentence in verdict["defects"]
             if not any(re.search(p, sentence) for p in pardoned)]
    found += filter(None, (complaint(verdict, c) for c in claims))
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    print(*found, sep="\n", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
