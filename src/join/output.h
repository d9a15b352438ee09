/* output.h - the files that a set gives, put where they belong.
 *
 * Each is written beside its place (flow/atomic_file.h).  Only when all of them
 * are whole and synced do they get their names, and never over a file that is
 * there, unless it is the very same or the person insists; only regular files
 * are ever replaced. */
#ifndef JOIN_OUTPUT_H
#define JOIN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/digest.h"
#include "flow/sink.h"

#define JOIN_OUTPUT_FILES_MAX 1000

/* Where to: one of the three. */
struct join_output_place {
	const char *directory;
	const char *file;	  /* only for a set with one file */
	const char *const *spool; /* standard output, from a file here */
	const char *device; /* with spool: what is no regular file, instead */
};

struct join_output_file;
struct join_output {
	struct arena *arena;
	const struct join_output_place *place;
	bool is_forced;
	struct error *error;
	struct join_output_file *files; /* the newest first */
	size_t count;
	bool was_there; /* after commit: all of them were, just the same */
	bool is_unsafe; /* after commit: they are whole, and might be gone after
			   a power failure; a warning has said so */
};

void join_output_init(struct join_output *y, struct arena *a,
		      const struct join_output_place *place, bool is_forced,
		      struct error *f);
/* One file at a time; `name` is clean. */
int join_output_begin(struct join_output *y, const char *name,
		      struct sink **to);
/* *size and the digest (DIGEST_HEX_SIZE) of it, where they are wanted. */
int join_output_end(struct join_output *y, uint64_t *size, char *sha256);
/* All get their names, or none: ERROR_CANTCREAT when another file is there. */
int join_output_commit(struct join_output *y);
/* After commit, or instead of it: what has no name yet is gone. */
void join_output_free(struct join_output *y);
/* The paths, in the order in which they were begun, from 0; NULL behind the
 * last. */
const char *join_output_path(const struct join_output *y, size_t index);

/* Takes away what a killed run may have left beside a file that has its name.
 * Is that name safe?  Else a warning says so. */
bool join_output_tidy(struct arena *a, const struct join_output_place *place,
		      const char *name);
/* Is a file of this size and digest there? */
bool join_output_is_there(struct arena *a,
			  const struct join_output_place *place,
			  const char *name, uint64_t size, const char *sha256);

#endif
