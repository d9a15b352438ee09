/* state.h - the stored state of the runs of a job.
 *
 * A file of lines "KEY VALUE" for each name, in the user's state directory
 * (sysenv_state): run/NAME, rewritten and renamed (flow/atomic_file).  It is
 * read and written under a lock (flock) on run/NAME.lock, which is only held
 * for that; --lock has another, run/NAME.run, for as long as the job runs.
 * Files have mode 0600, directories 0700.
 *
 * Octets of a name other than letters, digits, '.', '_' and '-' are written as
 * %XX in the file name. */
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
	bool is_known; /* it was read; otherwise as for a first run */

	/* the last run */
	int64_t started, ended;
	long pid; /* of the mailsend that runs it; 0: ended */
	char host[STATE_STATUS_SIZE]; /* ... on this host */
	int exit;
	char status[STATE_STATUS_SIZE]; /* phrase_status() */
	uint64_t milliseconds;
	char digest[STATE_DIGEST_SIZE]; /* of the output */

	/* consecutive */
	unsigned failures;
	int64_t failed_since; /* the first of them */
	int64_t succeeded;    /* the last successful run */
	bool is_reported;     /* this failure was mailed */

	/* the last mail */
	int64_t mailed;
	char alert[STATE_DIGEST_SIZE]; /* its contents, as a digest */
	int64_t next; /* when the same may be sent again; 0: at any time */
	uint64_t suppressed; /* runs without a mail since then */
	int64_t suppressed_since;
};

/* Where it is stored. */
struct state_entry {
	const char *directory, *path, *lock_path, *run_path;
	int lock; /* -1: not held */
	int run;  /* the lock of --lock */
};

/* ERROR_CANTCREAT if there is no directory for it. */
int state_open(struct state_entry *e, struct arena *a, const char *name,
	       struct error *f);
/* Releases the locks. */
void state_close(struct state_entry *e);

/* For reading and writing. */
int state_lock(struct state_entry *e, struct error *f);
void state_unlock(struct state_entry *e);
/* A missing file is an empty state.  ERROR_DATA if it is damaged; then *s is as
 * for a first run, and not known. */
int state_read(const char *path, struct state *s, struct error *f);
int state_write(const struct state_entry *e, struct arena *a,
		const struct state *s, struct error *f);

/* --lock: 1 acquired, until state_close; 0 another run has it, and `waits` is
 * false; -1 with the error, also if a signal asks us to end. */
int state_lock_run(struct state_entry *e, bool waits, struct error *f);

/* Is the run in the state still running? */
bool state_is_running(const struct state *s);

/* All stored jobs: returns each name in turn, in no order, decoded, in the
 * arena; NULL after the last, or with the error. */
struct state_walk;
struct state_walk *state_walk_open(struct arena *a, struct error *f);
const char *state_walk_next(struct state_walk *w, struct error *f);
void state_walk_close(struct state_walk *w);

#endif
