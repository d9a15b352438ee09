/* summary.h - the result for each set, as text or as JSON. */
#ifndef JOIN_SUMMARY_H
#define JOIN_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "join/assemble.h"
#include "join/collect.h"

#define SUMMARY_MAX ((size_t)16 * 1024 * 1024)

/* Exit statuses in addition to those of errors. */
enum { JOIN_COMPLETE = 0, JOIN_INCOMPLETE = 1, JOIN_CORRUPT = 2 };

struct summary {
	const struct assembly *assembly;
	const struct collect *collect;
	bool all;    /* include sets of earlier runs */
	bool is_dry; /* dry run: a set that is READY counts as success */
};

/* Is the set reported? */
bool summary_tells(const struct summary *r, const struct set *set);
/* JOIN_CORRUPT has precedence over JOIN_INCOMPLETE; no set at all is
 * incomplete. */
int summary_status(const struct summary *r);

/* A paragraph for each set. */
void summary_sets(const struct summary *r, struct buf *out);
/* A line for each set: id, format, parts, octets, name. */
void summary_list(const struct summary *r, struct buf *out);
/* One object; `failure` may be unset. */
int summary_json(const struct summary *r, const struct error *failure,
		 struct buf *out);

#endif
