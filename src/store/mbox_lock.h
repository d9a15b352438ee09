/* mbox_lock.h - an mbox that nobody else may write to for a while.
 *
 * All three customs at once, as no two mail programs keep the same: a file
 * PATH.lock beside it, flock and fcntl.  Waits for up to MBOX_PATIENCE, then
 * FAULT_TEMPORARY; a lock that somebody left behind is for its owner or the
 * administrator to remove. */
#ifndef STORE_MBOX_LOCK_H
#define STORE_MBOX_LOCK_H

#include "base/arena.h"
#include "base/fault.h"

#define MBOX_PATIENCE 5000 /* milliseconds */

struct mbox_lock {
	const char *dot; /* NULL: none was made */
	int fd;
};

/* `fd` is the mbox, open for writing too; closing it gives flock and fcntl
 * back. */
int mbox_lock_take(struct mbox_lock *l, struct arena *a, const char *path,
		   int fd, struct fault *f);
void mbox_lock_drop(struct mbox_lock *l);

#endif
