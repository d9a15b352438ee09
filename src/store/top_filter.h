/* top_filter.h - the top of a message: its header and so many lines of its
 * body.
 *
 * Takes CRLF lines; what follows the last line that is wanted is dropped, and
 * is_over then tells that nothing more is needed. */
#ifndef STORE_TOP_FILTER_H
#define STORE_TOP_FILTER_H

#include <stdbool.h>

#include "flow/sink.h"

struct top_filter {
	struct sink sink;
	unsigned lines; /* of the body, that are still wanted */
	bool is_over;
	bool has_header, in_body;
	size_t column; /* octets of the line at hand that are no line end */
};

void top_filter_init(struct top_filter *s, struct sink *next, unsigned lines);

#endif
