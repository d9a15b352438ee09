/* spool.h - the directory that all users of a machine share.
 *
 *	SPOOL/		1733, root's: each may make a directory, and cannot
 *			take away or rename another's
 *	SPOOL/UID	the queue of a user who cannot write into their home;
 *			SPOOL/0 is root's
 *	SPOOL/users/	1733, root's: the register
 *	SPOOL/users/UID	that user's file: the directories of their queues, a
 *			line each, where root would not look by itself
 *	SPOOL/run	root's: when root last ran the queues of all users
 *
 * SPOOL is sysenv_spool; without it nothing of this exists.  A name that is not
 * its owner's uid, a link, and a file with a second name are never used. */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define SPOOL_REGISTER_MAX 65536 /* octets of a user's file */

/* Only for root: creates the directory, the register and SPOOL/0.  Mails in
 * SPOOL itself, which was root's queue in older versions, are moved to SPOOL/0;
 * without `make` only that is done.  ERROR_PERMISSION where SPOOL is not
 * root's. */
int spool_prepare(struct arena *a, bool make, struct error *f);

/* By the user: adds `folder`, a queue of theirs, to the register.  Does nothing
 * where there is no register, or the folder is their own in SPOOL; one in their
 * home is added, since root may not know of that home.  Failures are ignored:
 * the user's own commands find the queue anyway. */
void spool_register(struct arena *a, const char *folder);
/* The lines of the user's own file, in the arena; NULL at the end.  Only
 * absolute paths; they need not exist. */
const char **spool_registered(struct arena *a, struct error *f);

/* Root runs all queues: notes it for others to read. */
void spool_note_run(struct arena *a, int64_t now);
/* Removes the note: nothing runs the queues by itself any more. */
void spool_forget_run(struct arena *a);
/* Was there such a run within the last week? */
bool spool_is_run(struct arena *a, int64_t now);

/* The uids that have a queue in SPOOL (`in_register`: a file in the register),
 * by the names in it; for root.  lstat tells the owner of each; one that
 * belongs to another user is counted in `refused`, and `refused_path` is the
 * first of them. */
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
