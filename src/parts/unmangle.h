/* unmangle.h - what is done to a text on its way, undone.
 *
 * A sink for a text with LF line ends.  A reply puts "> " before each line; a
 * gateway that passes texts through HTML writes "&lt;" for "<".  Whether that
 * is what happened the reader of the result has to know. */
#ifndef PARTS_UNMANGLE_H
#define PARTS_UNMANGLE_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

enum unmangle_how { UNMANGLE_QUOTED, UNMANGLE_HTML };

struct unmangle {
	struct sink sink;
	enum unmangle_how how;
	bool is_amid; /* of a line */
	size_t held;
	char room[8]; /* what may be a mark, so far */
};

void unmangle_init(struct unmangle *s, struct sink *next,
		   enum unmangle_how how);

#endif
