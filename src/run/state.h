/* state.h - what is remembered of the runs of a job.
 *
 * A file of lines "KEY VALUE" for each name, below the directory of the user's
 * state (sysenv_state): run/NAME, written anew and renamed (flow/atomic_file).
 * It is read and written under a lock (flock) of run/NAME.lock, which is held
 * only so long; --lock has one of its own, run/NAME.run, for as long as the job
 * runs.  Files are 0600, directories 0700.
 *
 * Octets of a name that are no letter, digit, '.', '_' or '-' stand as %XX in
 * the file's name. */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/digest.h"

#define STATE_DIGEST_SIZE DIGEST_HEX_SIZE
#define STATE_STATUS_SIZE 64
#define STATE_NAME_MAX	  80 /* octets of a job's name */

/* Times are seconds since 1970, 0: never. */
struct state {
	bool is_known; /* it was read; else all is as for a first run */

	/* the last run */
	int64_t started, ended;
	long pid; /* of the mailsend that runs it; 0: it has ended */
	char host[STATE_STATUS_SIZE]; /* ... on that machine */
	int exit;
	char status[STATE_STATUS_SIZE]; /* phrase_status() */
	uint64_t milliseconds;
	char digest[STATE_DIGEST_SIZE]; /* of the output */

	/* in a row */
	unsigned failures;
	int64_t failed_since; /* the first of them */
	int64_t succeeded;    /* the last one that did */
	bool is_reported;     /* a mail told of this failure */

	/* the last mail */
	int64_t mailed;
	char alert[STATE_DIGEST_SIZE]; /* what it said, by its digest */
	int64_t next;		       /* the same again; 0: at any time */
	uint64_t suppressed;	       /* runs that were not mailed since */
	int64_t suppressed_since;
};

/* Where it is kept. */
struct state_entry {
	const char *directory, *path, *lock_path, *run_path;
	int lock; /* -1: not held */
	int run;  /* the lock of --lock */
};

/* The directory, made where it is not there; NULL with the error. */
const char *state_directory(struct arena *a, struct error *f);
/* ERROR_CANTCREAT where there is no place for it. */
int state_open(struct state_entry *e, struct arena *a, const char *name,
	       struct error *f);
/* Releases the locks. */
void state_close(struct state_entry *e);

/* For reading and writing. */
int state_lock(struct state_entry *e, struct error *f);
void state_unlock(struct state_entry *e);
/* A file that is not there is an empty state.  ERROR_DATA for one that is
 * damaged; *s is then as for a first run, and not known. */
int state_read(const char *path, struct state *s, struct error *f);
int state_write(const struct state_entry *e, struct arena *a,
		const struct state *s, struct error *f);

/* --lock: 1 it is ours, until state_close; 0 another run has it, where we do
 * not wait; -1 with the error, also when we are asked to end meanwhile. */
int state_lock_run(struct state_entry *e, bool waits, struct error *f);

/* Is the run that the state tells of still going on? */
bool state_is_running(const struct state *s);

/* All jobs that are remembered: each name in turn, in no order, decoded into
 * the arena; NULL after the last, or with the error. */
struct state_walk;
struct state_walk *state_walk_open(struct arena *a, struct error *f);
const char *state_walk_next(struct state_walk *w, struct error *f);
void state_walk_close(struct state_walk *w);

#endif
