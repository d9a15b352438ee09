/* dot.h - the framing of DATA (RFC 5321 4.5.2).
 *
 * Input has only CRLF line ends; an LF without CR is ERROR_SOFTWARE, since
 * servers disagree about where such a line ends.  A dot is put before each line
 * that begins with one; close ends an unfinished line and writes ".CRLF". */
#ifndef CODEC_DOT_H
#define CODEC_DOT_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct dot {
	struct sink sink;
	int state; /* how much of CRLF precedes: 2 at the start of a line */
};

void dot_init(struct dot *s, struct sink *next);

/* Decodes the content that follows DATA (RFC 5321 4.5.2).
 *
 * The reverse of `dot`, and stricter: only CR LF . CR LF ends the content, to
 * prevent SMTP smuggling.  A bare CR or LF is passed on, for a check of the
 * content. */

struct undot {
	int state;
	bool is_done; /* the end was seen: no more input is accepted */
};

void undot_init(struct undot *u);
/* Takes octets up to the end of the content and returns how many; the decoded
 * octets go to the sink, which is not closed.  After a failure of the sink,
 * which stays in its error, decoding continues to the end.  NULL drops the
 * octets. */
size_t undot_feed(struct undot *u, const char *data, size_t n, struct sink *to);

/* Input that ends at a dot alone on its line.
 *
 * As in sendmail without -i and in mail at a terminal.  What precedes the line
 * with the dot is passed on unchanged, the rest is dropped; "." CRLF counts,
 * and so does a dot as the last octet of the input. */

struct lonedot {
	struct sink sink;
	bool is_over; /* the dot was seen: no more input is needed */
	enum { LONEDOT_START, LONEDOT_TEXT, LONEDOT_DOT, LONEDOT_DOT_CR } state;
};

void lonedot_init(struct lonedot *s, struct sink *next);

#endif
