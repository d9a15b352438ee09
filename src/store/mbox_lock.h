/* mbox_lock.h - an mbox that nobody else may write to for a while.
 *
 * All three customs at once, as no two mail programs keep the same: a file
 * PATH.lock beside it, flock and fcntl.  Waits for up to MBOX_PATIENCE, then
 * ERROR_TEMPORARY.
 *
 * PATH.lock has "PID:HOST" in it, as Dovecot writes it and liblockfile reads
 *it. One whose owner is gone is taken over:
 *
 *	somebody holds a flock on it		never
 *	PID is of this host and gone		at once
 *	PID is of this host and alive		after MBOX_LOCK_OLDEST, since
 *						numbers come again
 *	PID is of another host, or none	after MBOX_LOCK_OLD without a
 *						change, by the clock of the file
 *						system (procmail's 1024 s)
 *
 * Signals that end us take the file away (base/tempfile.h). */
#ifndef STORE_MBOX_LOCK_H
#define STORE_MBOX_LOCK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/tempfile.h"

#define MBOX_PATIENCE	 5000  /* milliseconds */
#define MBOX_LOCK_OLD	 1024  /* seconds */
#define MBOX_LOCK_OLDEST 86400 /* seconds */

struct mbox_lock {
	struct tempfile dot;
	int fd;
};

/* `fd` is the mbox, open for writing too; closing it gives flock and fcntl
 * back.  The lock stays where it is in memory until it is dropped. */
int mbox_lock_take(struct mbox_lock *l, struct arena *a, const char *path,
		   int fd, struct error *f);
void mbox_lock_drop(struct mbox_lock *l);

/* For files that are made beside the mbox while it is locked, and for
 * tempfile_tidy. */
const char *mbox_lock_prefix(struct arena *a, const char *path);

#endif
