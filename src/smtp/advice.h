/* advice.h - what a server means by its "no", and what to do about it.
 *
 * One table of replies that are seen in the wild: by code, enhanced code, words
 * and the provider's host names.  The first row that fits is taken, so the more
 * particular stand first; there is none for a "no" that explains itself.
 *
 * `why` and `way_out` are clauses without a capital and a stop, `settings` the
 * names of those that the way out is about, with blanks. */
#ifndef SMTP_ADVICE_H
#define SMTP_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct advice {
	const char *name;  /* for programs: "gmail-app-password" */
	int code;	   /* 0: any */
	const char *esc;   /* whole, or a class that ends in a dot; NULL: any */
	const char *words; /* one of these, '|' between; NULL: any */
	const char *hosts; /* ... or a domain above the server's; NULL: any */
	const char *why, *way_out;
	const char *settings; /* "" where none would help */
	bool is_sure;	      /* enough to be said without being asked */
};

/* Ends with a NULL name. */
extern const struct advice advice_rows[];

/* `text` is the reply's, `host` the server's name or NULL.  NULL: nothing is
 * known of it. */
const struct advice *advice_find(int code, const char *esc, const char *text,
				 const char *host);
/* The same for a fault in which a reply stands. */
const struct advice *advice_of(const struct fault *f, const char *host);

#endif
