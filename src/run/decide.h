/* decide.h - is a mail sent for this run?
 *
 * A pure function of the stored state: no clock, no files.  If the state of
 * earlier runs is unknown, because it could not be read or written, limits on
 * counts are taken as reached, so that a failure is mailed rather than lost.  A
 * time in the future (the clock was set back) counts as long past.
 *
 * A run that never ended counts as a failure.  If it, or the mail of a run, was
 * lost, the next run is mailed for that. */
#ifndef RUN_DECIDE_H
#define RUN_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "run/state.h"

enum decide_on {
	DECIDE_FAILURE = 1 << 0,
	DECIDE_RECOVERY = 1 << 1,
	DECIDE_OUTPUT = 1 << 2,
	DECIDE_CHANGE = 1 << 3,
	DECIDE_ALWAYS = 1 << 4,
	DECIDE_STDERR = 1 << 5,
};

struct decide_options {
	unsigned on;	     /* a set of enum decide_on */
	unsigned after;	     /* failures in a row; 1: the first */
	int every;	     /* seconds; 0: each time */
	int64_t quiet_until; /* 0: no such time */
};

/* What of the run before was lost: mailsend was killed, or the machine went
 * down. */
enum decide_loss {
	DECIDE_LOST_NOTHING,
	DECIDE_LOST_RUN,
	DECIDE_LOST_MAIL,
};

/* A run, as input for the decision. */
struct decide_run {
	int64_t now;
	bool is_unknown; /* the state of earlier runs is unknown */
	bool has_failed, has_output;
	bool has_errors; /* output on standard error */
	bool is_blocked; /* not run, because another run has the lock */
	enum decide_loss lost;
	const char *status; /* phrase_status() */
	const char *digest; /* of the output; "" if unknown */
};

enum decide_reason {
	DECIDE_NOTHING,
	DECIDE_FAILED,
	DECIDE_BLOCKED,
	DECIDE_RECOVERED,
	DECIDE_LOST,
	DECIDE_CHANGED,
	DECIDE_HAS_ERRORS,
	DECIDE_HAS_OUTPUT,
	DECIDE_EACH_TIME,
};

struct decision {
	enum decide_reason reason; /* for which a mail would be sent */
	bool is_sent;		   /* it is sent: nothing suppresses it */
	/* for the text of the mail; before they are updated */
	unsigned failures; /* consecutive: including this run, or before a
			      recovery */
	int64_t since;	   /* the first of them; 0 */
	uint64_t suppressed;
	int64_t suppressed_since;
	int64_t next; /* when the same may be sent again; 0: at any time */
};

/* Updates *s for the case that no mail is sent. */
struct decision decide(const struct decide_options *o,
		       const struct decide_run *run, struct state *s);
/* After the mail was sent or queued: updates *s. */
void decide_mailed(const struct decision *d, const struct decide_run *run,
		   struct state *s);
/* After it failed: it counts as suppressed, and does not hold back the next. */
void decide_not_mailed(const struct decide_run *run, struct state *s);

#endif
