/* boundary.h - looks for a line that would be read as a boundary.
 *
 * A sink that ends a chain and keeps nothing.  Lines end at LF. */
#ifndef MAIL_BOUNDARY_H
#define MAIL_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct boundary_search {
	struct sink sink;
	const char *boundary; /* without the "--" before it */
	bool found;	      /* a line that begins with both */
	/* running state */
	size_t matched;
	bool in_line; /* past the place where it could stand */
};

/* The boundary is borrowed. */
void boundary_search_init(struct boundary_search *s, const char *boundary,
			  struct error *f);
/* What is put next begins a line. */
void boundary_search_line(struct boundary_search *s);

#endif
