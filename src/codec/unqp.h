/* unqp.h - quoted-printable read back (RFC 2045 6.7).
 *
 * White space at a line's end is no part of the text, a line that ends in '='
 * goes on; an '=' that means nothing stays as it is.  Line ends of the text
 * come out as LF or as CRLF, those that were encoded as they are. */
#ifndef CODEC_UNQP_H
#define CODEC_UNQP_H

#include <stdbool.h>

#include "flow/sink.h"

#define UNQP_BLANKS 256 /* held at most: more at a line's end stay */

struct unqp {
	struct sink sink;
	bool lf; /* ends lines with LF alone */
	enum { UNQP_TEXT, UNQP_EQUALS, UNQP_HEX, UNQP_SOFT } state;
	bool cr;
	char hex;
	size_t blanks; /* held: behind them may be the line's end */
	char held[UNQP_BLANKS];
	size_t filled;
	char room[1024];
};

void unqp_init(struct unqp *s, struct sink *next, bool lf);

#endif
