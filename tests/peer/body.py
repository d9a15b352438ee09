"""Take a message off the wire: DATA with its dots, or BDAT by count.

Both hand on large pieces as they come and keep nothing, so a message of any
size passes in constant memory.
"""

END = b"\r\n.\r\n"
HELD = len(END) - 1


class DotReader:
    """Un-dot what follows a 354 (RFC 5321, 4.5.2).

    Only CRLF ends a line here, so a client that leaves a bare LF before a
    dot is seen to have done so and smuggles nothing."""

    def __init__(self):
        # What was not handed on yet.  The line end before the first byte
        # is pretended, so that a dot there is seen like any other.
        self.held = b"\r\n"
        self.first = True
        self.done = False
        self.rest = b""             # what came after the dot

    def feed(self, data):
        """Return the part of the message that is now certain."""
        data = self.held + data
        end = data.find(END)
        if end >= 0:
            self.done = True
            self.rest = data[end + len(END):]
            out, self.held = data[:end + 2], b""
        else:
            # The tail may be the beginning of the end mark or of a dot.
            keep = hold_from(data)
            out, self.held = data[:keep], data[keep:]
        out = out.replace(b"\r\n.", b"\r\n")
        if self.first and out:
            self.first = False
            out = out[2:]
        return out


def hold_from(data):
    """Where the longest tail of data begins that END could begin with."""
    for size in range(min(HELD, len(data)), 0, -1):
        if END.startswith(data[-size:]):
            return len(data) - size
    return len(data)
