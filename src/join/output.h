/* output.h - writes the files of a set to their destination.
 *
 * Each is written to a temporary file in the target directory
 * (flow/atomic_file.h).  They are renamed when all of them are complete and
 * synced. An existing file is not replaced, unless it is identical or the user
 * forces it; only regular files are ever replaced. */
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

/* The destination: one of the three. */
struct join_output_place {
	const char *directory;
	const char *file;	  /* only for a set with one file */
	const char *const *spool; /* standard output, from a file here */
	const char *device;	  /* with spool: instead, a target that is not a
				     regular file */
};

struct join_output_file;
struct join_output {
	struct arena *arena;
	const struct join_output_place *place;
	bool is_forced;
	struct error *error;
	struct join_output_file *files; /* the newest first */
	size_t count;
	bool was_there; /* after commit: identical files existed already */
	bool is_unsafe; /* after commit: complete, but may be lost in a power
			   failure; a warning was logged */
};

void join_output_init(struct join_output *y, struct arena *a,
		      const struct join_output_place *place, bool is_forced,
		      struct error *f);
/* One file at a time; `name` is sanitized. */
int join_output_begin(struct join_output *y, const char *name,
		      struct sink **to);
/* Sets *size and the digest (DIGEST_HEX_SIZE); each may be NULL. */
int join_output_end(struct join_output *y, uint64_t *size, char *sha256);
/* Renames all or none: ERROR_CANTCREAT when a different file exists. */
int join_output_commit(struct join_output *y);
/* After commit, or instead of it: files that have no name yet are discarded. */
void join_output_free(struct join_output *y);
/* The paths, in the order in which they were begun, from 0; NULL after the
 * last. */
const char *join_output_path(const struct join_output *y, size_t index);

/* Removes temporary files of a killed run for a file that has its name.
 * Returns whether the name is synced; otherwise a warning is logged. */
bool join_output_tidy(struct arena *a, const struct join_output_place *place,
		      const char *name);
/* Does a file of this size and digest exist? */
bool join_output_is_there(struct arena *a,
			  const struct join_output_place *place,
			  const char *name, uint64_t size, const char *sha256);

#endif
