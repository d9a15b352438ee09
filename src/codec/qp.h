/* qp.h - quoted-printable (RFC 2045 6.7).
 *
 * Text mode takes CRLF as a line's end and keeps it; a CR or LF that is
 * alone is encoded.  Binary mode encodes every CR and LF, so that the octets
 * come back exactly; it breaks the line softly after an LF, for readers.
 * Lines are at most 76; white space before a line's end, "From " at a line's
 * start and a lone dot are encoded, so that no relay has a reason to touch
 * them.  Close ends a last unfinished line with a soft break in binary mode
 * and as it is, without a line's end, in text mode: what decodes is what
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
	struct sink_room room;
};

void qp_init(struct qp *s, struct sink *next, bool binary);

/* Quoted-printable read back (RFC 2045 6.7).
 *
 * White space at a line's end is no part of the text, a line that ends in '='
 * goes on; an '=' that means nothing stays as it is.  Line ends of the text
 * come out as LF or as CRLF, those that were encoded as they are. */

#define UNQP_BLANKS 256 /* held at most: more at a line's end stay */

struct unqp {
	struct sink sink;
	bool lf; /* ends lines with LF alone */
	enum { UNQP_TEXT, UNQP_EQUALS, UNQP_HEX, UNQP_SOFT } state;
	bool cr;
	char hex;
	size_t blanks; /* held: after them may be the line's end */
	char held[UNQP_BLANKS];
	struct sink_room room;
};

void unqp_init(struct unqp *s, struct sink *next, bool lf);

#endif
