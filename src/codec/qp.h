/* qp.h - quoted-printable (RFC 2045 6.7).
 *
 * Text mode takes CRLF as a line's end and keeps it; a CR or LF that stands
 * alone is encoded.  Binary mode encodes every CR and LF, so that the octets
 * come back exactly; it breaks the line softly after an LF, for readers.
 * Lines are at most 76; white space before a line's end, "From " at a line's
 * start and a lone dot are encoded, so that no relay has a reason to touch
 * them.  Close ends a last unfinished line with a soft break in binary mode
 * and as it stands, without a line's end, in text mode: what decodes is what
 * came in. */
#ifndef CODEC_QP_H
#define CODEC_QP_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct qp {
	struct sink sink;
	bool binary;
	bool cr;    /* text: a CR whose LF may follow */
	bool holds; /* an octet is held until what follows is known */
	unsigned char held;
	unsigned char from; /* how much of "From" the line is so far */
	size_t column;	    /* octets of the line that are written */
	size_t filled;	    /* of room */
	char room[1024];
};

void qp_init(struct qp *s, struct sink *next, bool binary);

#endif
