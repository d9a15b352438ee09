"""What cannot be better, whoever writes the program: the one table.

Each row is a pattern of the call that failed, one of what was then wrong, one
of what was said, and why that is so."""

import re

TOLERATED = [
    # call that failed, what is wrong, what was said, and the reason
    (r"", r"died: 127", r"error while loading shared libraries",
     "ld.so could not load what is linked: nothing of ours has run yet"),
    (r"\(before any handler\)", r"nothing was kept", r"",
     "the program had not begun: ld.so was at work"),
    (r"write\(2<", r"not a word", r"",
     "the call that failed is the one that would have said it"),
]


def tolerated(done):
    for call, wrong, said, _ in TOLERATED:
        if re.search(call, done.struck) and re.search(wrong, done.broken) \
                and re.search(said, done.err):
            return True
    return False
