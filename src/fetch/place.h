/* place.h - a file that is there whole or not at all, and over no other.
 *
 * Written under a name of its own in the folder where it will be, synced, then
 * linked to its place.  What is there already is never written over, unless it
 * is to be (`replace`). */
#ifndef FETCH_PLACE_H
#define FETCH_PLACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "flow/sink.h"

struct place {
	struct arena *arena;
	const char *folder;
	char *temporary;
	int fd;
	bool is_private;
	struct sink_fd out; /* write to out.sink */
};

/* In `folder`, which is there.  A private file is the person's alone, others
 * are as the umask says. */
int place_begin(struct place *p, struct arena *a, const char *folder,
		bool is_private, struct fault *f);
/* Gives it its name.  1 when a file of that name is there: nothing was done,
 * and another name can be tried. */
int place_commit(struct place *p, const char *name, bool replace,
		 struct fault *f);
/* After commit, or instead of it. */
void place_free(struct place *p);

/* Splits a path as place_begin and place_commit want it. */
const char *place_folder(struct arena *a, const char *path);
const char *place_base(const char *path);

#endif
