/* cut.h - the top of a message: its header and so many lines of its body.
 *
 * Takes CRLF lines; what follows the last line that is wanted is dropped, and
 * is_over then tells that nothing more is needed. */
#ifndef STORE_CUT_H
#define STORE_CUT_H

#include <stdbool.h>

#include "flow/sink.h"

struct cut {
	struct sink sink;
	unsigned lines; /* of the body, that are still wanted */
	bool is_over;
	bool has_header, in_body;
	size_t column; /* octets of the line at hand that are no line end */
};

void cut_init(struct cut *s, struct sink *next, unsigned lines);

#endif
