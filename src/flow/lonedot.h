/* lonedot.h - input that ends at a dot alone on its line.
 *
 * The habit of sendmail without -i and of mail at a terminal.  What came
 * before the dot's line is passed on as it is, the dot and all behind it is
 * not; "." CRLF counts, and so does a dot that is the last octet of all. */
#ifndef FLOW_LONEDOT_H
#define FLOW_LONEDOT_H

#include <stdbool.h>

#include "flow/sink.h"

struct lonedot {
	struct sink sink;
	bool is_over; /* the dot was seen: nothing more is wanted */
	enum { LONEDOT_START, LONEDOT_TEXT, LONEDOT_DOT, LONEDOT_DOT_CR } state;
};

void lonedot_init(struct lonedot *s, struct sink *next);

#endif
