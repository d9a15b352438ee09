/* undot.h - the content that follows DATA, out of its frame (RFC 5321 4.5.2).
 *
 * The other way of `dot`, and the stricter one: CR LF . CR LF ends the content
 * and nothing else does, since what one server takes for an end and another
 * does not is how mail is smuggled into mail.  A CR or LF that stands alone
 * is passed on for whoever judges the content. */
#ifndef CODEC_UNDOT_H
#define CODEC_UNDOT_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct undot {
	int state;
	bool is_done; /* the end was seen: nothing more is taken */
};

void undot_init(struct undot *u);
/* Takes octets up to the end of the content and returns how many; what they
 * stand for goes to the sink, which is not closed.  The sink's failure sticks
 * in its error, and the frame is followed all the same.  NULL drops them. */
size_t undot_feed(struct undot *u, const char *data, size_t n, struct sink *to);

#endif
