"""What a proof is: a function that is given a stand, and a sentence."""

import collections

Proof = collections.namedtuple("Proof", "name function is_long")
PROOFS = []


class Skip(Exception):
    """It cannot be proved here, and why."""


def proof(name, is_long=False):
    """The function raises what does not hold, and returns what is to be said
    of it: lines, or nothing.  A long one is begun before the others."""
    def add(function):
        PROOFS.append(Proof(name, function, is_long))
        return function
    return add
