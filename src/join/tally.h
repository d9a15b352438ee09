/* tally.h - what became of the sets, for a person or as JSON. */
#ifndef JOIN_TALLY_H
#define JOIN_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "join/assemble.h"
#include "join/collect.h"

#define TALLY_MAX ((size_t)16 * 1024 * 1024)

/* The exit status, beyond those of a fault. */
enum { JOIN_COMPLETE = 0, JOIN_INCOMPLETE = 1, JOIN_CORRUPT = 2 };

struct tally {
	const struct assembly *assembly;
	const struct collect *collect;
	bool all;    /* sets of earlier runs too */
	bool is_dry; /* only looked at: a set that is READY is good */
};

/* Is it one to be told of? */
bool tally_tells(const struct tally *r, const struct set *set);
/* JOIN_CORRUPT before JOIN_INCOMPLETE; no set at all is incomplete. */
int tally_status(const struct tally *r);

/* "4,7-9"; "" when nothing is missing, or not known. */
const char *tally_missing(struct arena *a, const struct set *set,
			  unsigned *count);
/* `mailsend --resend SET --parts 4,7-9`, NULL where nobody could do that. */
const char *tally_resend(struct arena *a, const struct set *set);

/* A paragraph for each set. */
void tally_sets(const struct tally *r, struct buf *out);
/* A line for each set: id, format, parts, octets, name. */
void tally_list(const struct tally *r, struct buf *out);
/* One object; `failure` may be none. */
int tally_json(const struct tally *r, const struct fault *failure,
	       struct buf *out);

#endif
