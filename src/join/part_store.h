/* part_store.h - received parts, kept until their set is complete.
 *
 *	STATE/lock
 *	STATE/<set>/about	  what its parts have in common, lines
 *				  of "name value"
 *	STATE/<set>/<part>	  N-OF-OFFSET-SIZE-MARKS-SHA256, the octets
 *	STATE/<set>/incoming	  one that is coming
 *	STATE/<set>/unsynced	  parts came that are not synced yet
 *
 * A part is written to "incoming" and renamed; there is no other journal than
 * its name, so a kill at any point leaves a complete part or none, and the
 * leftover is overwritten.  Parts are synced together, and only when their set
 * stays incomplete; until then the file "unsynced" exists, and the next run
 * that finds it verifies each part against its name, since a power failure may
 * have damaged it.  `about` is created before any part and removed first:
 * without it the rest of the directory is garbage and is removed. The lock is
 * held during changes; directory 0700, files 0600. */
#ifndef JOIN_PART_STORE_H
#define JOIN_PART_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/digest.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "parts/fragment.h"

#define PART_STORE_ABOUT_MAX 16384

struct part_store {
	struct arena *arena;
	const char *path;
	bool is_dry; /* nothing is written */
	int lock;    /* -1: the directory does not exist */
};

/* What the parts of a set have in common. */
struct about {
	enum fragment_kind kind;
	const char *name, *title, *resend; /* NULL: not known */
	unsigned of;			   /* of a SLICE; 0: unknown */
	uint64_t total;			   /* of a SLICE */
	const char *file_sha256;	   /* of a SLICE, else NULL */
};

struct part_store_part {
	unsigned n, of;
	uint64_t offset, size;
	bool is_first, is_last;
	char sha256[DIGEST_HEX_SIZE];
};

/* Creates the directory unless `is_dry`. */
int part_store_open(struct part_store *s, struct arena *a, const char *path,
		    bool is_dry, struct error *f);
void part_store_close(struct part_store *s);
int part_store_lock(struct part_store *s, struct error *f);
void part_store_unlock(struct part_store *s);

/* Calls back for each set, then for each of its parts.  Removes garbage and
 * parts that a power failure damaged, unless dry; hence under the lock. */
struct part_store_visit {
	int (*set)(void *context, const char *set, const struct about *about,
		   struct error *f);
	int (*part)(void *context, const char *set,
		    const struct part_store_part *part, struct error *f);
	void *context;
};
int part_store_load(struct part_store *s, const struct part_store_visit *visit,
		    struct error *f);

/* Writes the description of the set, or replaces it. */
int part_store_describe(struct part_store *s, const char *set,
			const struct about *about, struct error *f);
/* An incoming part: write its octets to `sink`, then keep or drop it. */
struct part_store_incoming {
	struct sink sink;
	uint64_t size;
	uint64_t limit; /* octets; more are counted and not kept */
	struct digest digest;
	struct sink_fd file;
	int fd;
	char *path;
};
int part_store_begin(struct part_store *s, const char *set, uint64_t limit,
		     struct part_store_incoming *in, struct error *f);
/* After the octets: size and digest are known.  -1 with the error. */
int part_store_measure(struct part_store_incoming *in, struct error *f);
/* It is complete then, but survives a power failure only after part_store_sync.
 */
int part_store_keep(struct part_store *s, const char *set,
		    struct part_store_incoming *in,
		    const struct part_store_part *part, struct error *f);
void part_store_drop(struct part_store_incoming *in);
/* Syncs all parts of the set to disk. */
int part_store_sync(struct part_store *s, const char *set, struct error *f);

/* Writes a part to the sink and verifies it against its name: 1 on a mismatch,
 * or if it no longer exists. */
int part_store_read(const struct part_store *s, const char *set,
		    const struct part_store_part *part, struct sink *to,
		    struct error *f);
int part_store_remove(struct part_store *s, const char *set,
		      const struct part_store_part *part, struct error *f);
/* Removes the directory of the set with its content. */
int part_store_forget(struct part_store *s, const char *set, struct error *f);

#endif
