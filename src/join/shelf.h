/* shelf.h - the parts that have come, kept until their set is whole.
 *
 *	STATE/lock
 *	STATE/<set>/about	  what its parts have in common, "name value"
 *lines STATE/<set>/<part>	  N-OF-OFFSET-SIZE-MARKS-SHA256, the octets
 *	STATE/<set>/incoming	  one that is coming
 *
 * A part is written to "incoming", synced and renamed: its name is all the
 * journal there is, so a kill at any point leaves a part whole or not at all,
 * and what is left over is written over.  `about` is there before any part and
 * goes first: without it all else in the folder is rubbish, and taken away.
 * The lock is held while something is changed; folder 0700, files 0600. */
#ifndef JOIN_SHELF_H
#define JOIN_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "flow/digest.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "join/fragment.h"

#define SHELF_ABOUT_MAX 16384

struct shelf {
	struct arena *arena;
	const char *path;
	bool is_dry; /* nothing is written */
	int lock;    /* -1: the folder is not there */
};

/* What the parts of a set have in common. */
struct about {
	enum fragment_kind kind;
	const char *name, *title, *resend; /* NULL: not known */
	unsigned of;			   /* of a SLICE; 0: not told */
	uint64_t total;			   /* of a SLICE */
	const char *file_sha256;	   /* of a SLICE, else NULL */
};

struct shelf_part {
	unsigned n, of;
	uint64_t offset, size;
	bool is_first, is_last;
	char sha256[DIGEST_HEX_SIZE];
};

/* Makes the folder unless it is dry, or not there and nothing to be written. */
int shelf_open(struct shelf *s, struct arena *a, const char *path, bool is_dry,
	       struct fault *f);
void shelf_close(struct shelf *s);
int shelf_lock(struct shelf *s, struct fault *f);
void shelf_unlock(struct shelf *s);

/* Calls back for each set, then for each of its parts.  Takes rubbish away,
 * unless it is dry; hence under the lock. */
struct shelf_visit {
	int (*set)(void *context, const char *set, const struct about *about,
		   struct fault *f);
	int (*part)(void *context, const char *set,
		    const struct shelf_part *part, struct fault *f);
	void *context;
};
int shelf_load(struct shelf *s, const struct shelf_visit *visit,
	       struct fault *f);

/* Writes what is known of the set, anew where it is there. */
int shelf_describe(struct shelf *s, const char *set, const struct about *about,
		   struct fault *f);
/* A part that comes: put its octets into `sink`, then keep or drop it. */
struct shelf_incoming {
	struct sink sink;
	uint64_t size;
	uint64_t limit; /* octets; more is counted and not kept */
	struct digest digest;
	struct sink_fd file;
	int fd;
	char *path;
};
int shelf_begin(struct shelf *s, const char *set, uint64_t limit,
		struct shelf_incoming *in, struct fault *f);
/* After the octets: size and digest are known.  -1 with the fault. */
int shelf_measure(struct shelf_incoming *in, struct fault *f);
int shelf_keep(struct shelf *s, const char *set, struct shelf_incoming *in,
	       const struct shelf_part *part, struct fault *f);
void shelf_drop(struct shelf_incoming *in);

/* Pushes a part and looks whether it is what its name says: 1 when it is not,
 * or not there any more. */
int shelf_read(const struct shelf *s, const char *set,
	       const struct shelf_part *part, struct sink *to, struct fault *f);
int shelf_remove(struct shelf *s, const char *set,
		 const struct shelf_part *part, struct fault *f);
/* The folder and all that is in it. */
int shelf_forget(struct shelf *s, const char *set, struct fault *f);

#endif
