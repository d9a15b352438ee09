/* qp.h - encodes and decodes quoted-printable (RFC 2045 6.7).
 *
 * Text mode keeps CRLF as line end; a bare CR or LF is encoded.  Binary mode
 * encodes every CR and LF, so that the octets are preserved exactly; a soft
 * line break after an LF keeps it readable. Lines are at most 76; white space
 * before a line end, "From " at the start of a line and a lone dot are encoded,
 * so that relays do not change them.  Close ends an unfinished last line with a
 * soft break in binary mode and without a line end in text mode: the decoded
 * text is identical to the input. */
#ifndef CODEC_QP_H
#define CODEC_QP_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct qp {
	struct sink sink;
	bool binary;
	bool cr;    /* text: a CR that an LF may follow */
	bool holds; /* an octet is held until the next one is known */
	unsigned char held;
	unsigned char from; /* how much of "From" the line is so far */
	size_t column;	    /* octets of the line written so far */
	struct sink_room room;
};

void qp_init(struct qp *s, struct sink *next, bool binary);

/* A quoted-printable decoder (RFC 2045 6.7).
 *
 * Trailing white space is dropped, a line that ends in '=' is continued; an
 * invalid '=' is kept.  Line ends of the text are written as LF or CRLF,
 * encoded ones are not changed. */

#define UNQP_BLANKS 256 /* held at most: more at the end of a line are kept */

struct unqp {
	struct sink sink;
	bool lf; /* ends lines with LF alone */
	enum { UNQP_TEXT, UNQP_EQUALS, UNQP_HEX, UNQP_SOFT } state;
	bool cr;
	char hex;
	size_t blanks; /* held: the line may end after them */
	char held[UNQP_BLANKS];
	struct sink_room room;
};

void unqp_init(struct unqp *s, struct sink *next, bool lf);

#endif
