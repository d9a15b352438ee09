"""What a proof is: a function that is given a stand, and a sentence."""

import collections

Proof = collections.namedtuple("Proof", "name function")
PROOFS = []


class Skip(Exception):
    """It cannot be proved here, and why."""


def proof(name):
    """The function raises what does not hold, and returns what is to be said
    of it: lines, or nothing."""
    def add(function):
        PROOFS.append(Proof(name, function))
        return function
    return add
