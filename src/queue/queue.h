/* queue.h - mails that wait on disk, each complete or not there at all.
 *
 *	FOLDER/msg/ID	the message, CRLF; never changes
 *	FOLDER/env/ID	the entry (entry.h); replaced by a rename
 *	FOLDER/failed/ID  the entry of a mail that was given up and is kept
 *	FOLDER/bad/ID	an entry that cannot be read, as it was found
 *	FOLDER/tmp/	what is being written
 *
 * A message is queued if and only if env/ID exists.  The truth table, and what
 * a crash at each step leaves, is at the top of queue.c.
 *
 * The lock is a flock on msg/ID itself, which is there for exactly as long as
 * there is something to lock; it is held while a message is put in, tried or
 * taken out.  Locks are not waited for: a mail that another process has locked
 * is left to it.  Folders are 0700 and files 0600, of one user; nothing needs a
 * daemon.
 *
 * A full disk is a temporary error and leaves nothing incomplete. */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "queue/entry.h"

#define QUEUE_ID_SIZE	24	/* octets, with the NUL; [0-9a-z-] */
#define QUEUE_NAMES_MAX 1000000 /* read from one folder in one run */

/* Can it be the id of a mail? */
bool queue_is_id(const char *name);

struct queue {
	const char *folder;
	struct arena *arena;
	size_t names_max; /* for tests; 0: QUEUE_NAMES_MAX */
};

enum queue_place { QUEUE_WAITING, QUEUE_GIVEN_UP, QUEUE_BAD };

/* With `make` missing directories are created; without it a queue that does not
 * exist is empty.  ERROR_PERMISSION when the directory belongs to another user,
 * others may write into it, or a symbolic link on the way was made by a user
 * other than us and root.  Borrows `folder`. */
int queue_open(struct queue *q, struct arena *a, const char *folder, bool make,
	       struct error *f);
/* The folder in which a stage's unnamed file can be linked into this queue; in
 * the arena.  It need not be there. */
const char *queue_stage_folder(struct arena *a, const char *folder);

/* The stage is closed and stays readable.  Its file is linked where that can
 * be, else its bytes are copied.  Fills e->id (in the arena) and e->size; all
 * is on disk when it returns 0.  `id` is NULL or chosen by the caller: when a
 * message of that name exists already nothing is done, and that is success. */
int queue_put(struct queue *q, struct stage *s, struct entry *e, const char *id,
	      struct error *f);

struct queue_names {
	const char **ids; /* oldest first */
	size_t count;
};
int queue_list(struct queue *q, struct arena *a, enum queue_place place,
	       struct queue_names *out, struct error *f);
/* Reads without a lock. 1; 0 when it is not there any more; -1 with the
 * error. */
int queue_peek(struct queue *q, struct arena *a, enum queue_place place,
	       const char *id, struct entry *e, struct error *f);

/* One message, locked. */
struct queue_dir_new;
struct queue_claim {
	struct queue *queue;
	enum queue_place place;
	int fd;			     /* of the message */
	struct queue_dir_new *spare; /* queue_reserve's, or NULL */
	struct entry entry;
	struct slice message; /* all of it, over fd */
};
/* 1; 0 when another process has locked it or it is gone; -1 with the error.  An
 * entry that cannot be read is moved to bad/ first, and its error is
 * ERROR_DATA; so is one whose message is missing or has another size.  Of
 * QUEUE_BAD whatever can be read is given: the entry may have nothing but its
 * id, the message no octets. */
int queue_claim(struct queue *q, struct arena *a, enum queue_place place,
		const char *id, struct queue_claim *c, struct error *f);
/* Reserves the disk space for the next queue_update, so that what a server
 * accepts can be recorded even when the disk fills up.  For a mail that may be
 * accepted for some recipients only: one that all have is removed, which needs
 * no space. */
int queue_reserve(struct queue_claim *c, struct error *f);
/* Each on a claim.  Replaces the entry's file by c->entry. */
int queue_update(struct queue_claim *c, struct error *f);
/* From env/ to failed/, with c->entry. */
int queue_give_up(struct queue_claim *c, struct error *f);
/* From failed/ (or from bad/, when it was repaired) to env/, with c->entry. */
int queue_requeue(struct queue_claim *c, struct error *f);
/* Removes it, the entry first; the claim is still to be released. */
int queue_remove(struct queue_claim *c, struct error *f);
/* Several of one place, with one sync for all: `removed` says which were
 * removed where it returns -1. */
int queue_remove_all(struct queue_claim *const *all, size_t count,
		     bool *removed, struct error *f);
void queue_release(struct queue_claim *c);

/* Removes what crashes left: messages without any entry that are unlocked and
 * older than an hour, and old files in tmp/. */
int queue_tidy(struct queue *q, struct error *f);

/* Moves all mails of `from`, to which nothing is added any more, to `to` on the
 * same file system; then its directories are removed.  A mail that is being
 * tried is left for the next call, as is whatever a failure leaves. */
int queue_move_all(struct queue *from, struct queue *to, struct error *f);

/* For runs that start by themselves, one at a time: a descriptor that holds the
 * lock until it is closed; -1 without an error when another process holds it,
 * or there is no queue. */
int queue_lock_flush(struct queue *q, struct error *f);

/* A small file in the queue, named by [0-9a-z-], records when something was
 * last done. 0 when there is none. */
int64_t queue_stamp(struct queue *q, const char *name);
int queue_set_stamp(struct queue *q, const char *name, int64_t when,
		    struct error *f);

/* Does something run the queue by itself: a timer, a crontab? That cannot be
 * found out cheaply, so such a run leaves a note, and so does --setup-queue; a
 * note older than a week does not count.  Where there is none, that is noted,
 * too, so that the user is told once a day at most. */
enum queue_runner { QUEUE_RUNS, QUEUE_IDLE, QUEUE_IDLE_TOLD };
enum queue_runner queue_runner(struct queue *q, int64_t now);
/* Creates the queue where there is none.  Failures are ignored. */
void queue_note_run(struct arena *a, const char *folder, int64_t now);
void queue_forget_run(struct arena *a, const char *folder);

#endif
