/* spool.h - the directory that all users of a machine share.
 *
 *	SPOOL/		1733, root's: each may make a directory, and cannot
 *			take away or rename another's
 *	SPOOL/UID	the queue of a user who cannot write into their home;
 *			SPOOL/0 is root's
 *	SPOOL/users/	1733, root's: the register
 *	SPOOL/users/UID	that user's file: the directories of their queues, a
 *			line each, where root would not look by itself
 *	SPOOL/run	root's: when root has run the queues of all users last
 *
 * SPOOL is sysenv_spool; where it is not there, there is nothing of this.  A
 * name that is not its owner's uid, a link and a file with another name is
 * never used. */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define SPOOL_REGISTER_MAX 65536 /* octets of a user's file */

/* For root, and nothing for others: makes the directory, the register and
 * root's own place.  What lies in SPOOL itself, where root's queue was once, is
 * moved to SPOOL/0; without `make` that alone is done.  ERROR_PERMISSION where
 * SPOOL is not root's. */
int spool_prepare(struct arena *a, bool make, struct error *f);

/* By the user themselves: `folder` is a queue of theirs.  Nothing where there
 * is no register, or the folder is their own in SPOOL; one in their home is
 * noted, since root may not know of that home.  What fails is left: the user's
 * own commands find the queue all the same. */
void spool_register(struct arena *a, const char *folder);
/* What the user's own file says, in the arena; NULL at its end.  Only absolute
 * paths; they need not be there. */
const char **spool_registered(struct arena *a, struct error *f);

/* Root runs all queues: leaves word of it, which others can read. */
void spool_note_run(struct arena *a, int64_t now);
/* Nothing will run them by itself any more. */
void spool_forget_run(struct arena *a);
/* Was there such a run within the last week? */
bool spool_is_run(struct arena *a, int64_t now);

/* The uids that have a queue in SPOOL (`in_register`: a file in the register),
 * by the names in it; for root.  Each is asked of lstat whose it is; one that
 * is another's is counted in *refused, and *refused_path is the first of them.
 * Borrows nothing. */
struct spool_uids {
	unsigned *uids; /* in the arena, in no order */
	size_t count;
	unsigned refused;
	const char *refused_path;
	unsigned refused_uid; /* whose that is */
};
int spool_list(struct arena *a, bool in_register, struct spool_uids *out,
	       struct error *f);
/* There is surely nothing of this user's, neither in SPOOL nor in the
 * register. */
bool spool_is_unused(struct arena *a, unsigned uid);

#endif
