"""What cannot be better, whoever writes the program: the one table.

Each row is a pattern of the call that failed, one of what was then wrong, one
of what was said, and why that is so."""

import re

TOLERATED = [
    # call that failed, what is wrong, what was said, and the reason
    (r"", r"died: 127", r"error while loading shared libraries",
     "ld.so could not load what is linked: nothing of ours has run yet"),
    (r"\(before any handler\)", r"nothing was kept|died: (SIGSEGV|127)", r"",
     "the program had not begun: ld.so was at work"),
    (r"/queue/", r"sent twice", r"",
     "that the server has it could not be written down"),
    (r"/series/.*/done", r"a part was sent twice", r"",
     "the same for a series"),
    (r"(recvfrom|sendto|poll)\(", r"sent twice", r"may arrive twice",
     "the replies to all mails of a window are lost with their connection"),
    (r"read\(0<.* EIO", r"nothing was kept", r"cannot read standard input",
     "what cannot be read cannot be kept"),
    (r"files of \d+ octets", r"nothing was kept",
     r"could (be saved|not be saved completely).*File too large",
     "no file may be as large as the mail, wherever it lies"),
    (r"write\(2<", r"not a word", r"",
     "the call that failed is the one that would have said it"),
]


def tolerated(done):
    """The reason, or nothing."""
    for call, wrong, said, why in TOLERATED:
        if re.search(call, done.struck) and re.search(wrong, done.broken) \
                and re.search(said, done.err, re.S):
            return why
    return ""
