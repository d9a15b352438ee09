/* yield.h - the files that a set gives, put where they belong.
 *
 * Each is written beside its place (flow/atomic_file.h).  Only when all of them
 * are whole and synced do they get their names, and never over a file that is
 * there, unless it is the very same or the person insists; only regular files
 * are ever replaced. */
#ifndef JOIN_YIELD_H
#define JOIN_YIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "flow/digest.h"
#include "flow/sink.h"

#define YIELD_FILES_MAX 1000

/* Where to: one of the three. */
struct yield_place {
	const char *folder;
	const char *file;	  /* only for a set with one file */
	const char *const *spool; /* standard output, from a file here */
	const char *device; /* with spool: what is no regular file, instead */
};

struct yield_file;
struct yield {
	struct arena *arena;
	const struct yield_place *place;
	bool is_forced;
	struct fault *fault;
	struct yield_file *files; /* the newest first */
	size_t count;
	bool was_there; /* after commit: all of them were, just the same */
	bool is_unsafe; /* after commit: they are whole, and might be gone after
			   a power failure; a warning has said so */
};

void yield_init(struct yield *y, struct arena *a,
		const struct yield_place *place, bool is_forced,
		struct fault *f);
/* One file at a time; `name` is clean. */
int yield_begin(struct yield *y, const char *name, struct sink **to);
/* *size and the digest (DIGEST_HEX_SIZE) of it, where they are wanted. */
int yield_end(struct yield *y, uint64_t *size, char *sha256);
/* All get their names, or none: FAULT_CANTCREAT when another file is there. */
int yield_commit(struct yield *y);
/* After commit, or instead of it: what has no name yet is gone. */
void yield_free(struct yield *y);
/* The paths, in the order in which they were begun, from 0; NULL behind the
 * last. */
const char *yield_path(const struct yield *y, size_t index);

/* Takes away what a killed run may have left beside a file that has its name.
 * Is that name safe?  Else a warning says so. */
bool yield_tidy(struct arena *a, const struct yield_place *place,
		const char *name);
/* Is a file of this size and digest there? */
bool yield_is_there(struct arena *a, const struct yield_place *place,
		    const char *name, uint64_t size, const char *sha256);

#endif
