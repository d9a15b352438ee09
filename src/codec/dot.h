/* dot.h - the framing of DATA (RFC 5321 4.5.2).
 *
 * Input has CRLF line ends alone; a LF without its CR is ERROR_SOFTWARE, since
 * servers disagree about where such a line ends.  A dot is put before each
 * line that begins with one; close ends an unfinished line and writes
 * ".CRLF". */
#ifndef CODEC_DOT_H
#define CODEC_DOT_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct dot {
	struct sink sink;
	int state; /* how much of CRLF is before: 2 at a line's start */
};

void dot_init(struct dot *s, struct sink *next);

/* The content that follows DATA, out of its frame (RFC 5321 4.5.2).
 *
 * The reverse of `dot`, and stricter: CR LF . CR LF ends the content
 * and nothing else does, since what one server takes for an end and another
 * does not is how mail is smuggled into mail.  A bare CR or LF
 * is passed on, for a check of the content. */

struct undot {
	int state;
	bool is_done; /* the end was seen: no more input is accepted */
};

void undot_init(struct undot *u);
/* Takes octets up to the end of the content and returns how many; what they
 * stand for goes to the sink, which is not closed.  The sink's failure sticks
 * in its error, and the frame is followed all the same.  NULL drops them. */
size_t undot_feed(struct undot *u, const char *data, size_t n, struct sink *to);

/* Input that ends at a dot alone on its line.
 *
 * The habit of sendmail without -i and of mail at a terminal.  What came
 * before the dot's line is passed on as it is, the dot and all after it is
 * not; "." CRLF counts, and so does a dot that is the last octet of all. */

struct lonedot {
	struct sink sink;
	bool is_over; /* the dot was seen: nothing more is wanted */
	enum { LONEDOT_START, LONEDOT_TEXT, LONEDOT_DOT, LONEDOT_DOT_CR } state;
};

void lonedot_init(struct lonedot *s, struct sink *next);

#endif
