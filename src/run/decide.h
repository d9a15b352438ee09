/* decide.h - is a mail to be sent of this run?
 *
 * Pure arithmetic on what is remembered: no clock, no files.  Where the state
 * of earlier runs is not known, because it could not be read or written, what
 * is counted by it is taken as reached, so that a failure is told rather than
 * lost.  A time that lies ahead (the clock was set back) counts as long past.
 */
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
};

struct decide_options {
	unsigned on;	     /* a set of enum decide_on */
	unsigned after;	     /* failures in a row; 1: the first */
	int every;	     /* seconds; 0: each time */
	int64_t quiet_until; /* 0: no such time */
};

/* What a run was like. */
struct decide_run {
	int64_t now;
	bool is_unknown; /* the state is: what was before cannot be told */
	bool has_failed, has_output;
	bool is_blocked;    /* it was not run, since another one runs */
	const char *status; /* phrase_status() */
	const char *digest; /* of its output; "" where it is not known */
};

enum decide_reason {
	DECIDE_NOTHING,
	DECIDE_FAILED,
	DECIDE_BLOCKED,
	DECIDE_RECOVERED,
	DECIDE_CHANGED,
	DECIDE_HAS_OUTPUT,
	DECIDE_EACH_TIME,
};

struct decision {
	enum decide_reason reason; /* for which a mail would be sent */
	bool is_sent;		   /* it is, and nothing holds it back */
	/* for the mail's text; as they were before it */
	unsigned failures; /* in a row: with this run, or before a recovery */
	int64_t since;	   /* the first of them; 0 */
	uint64_t suppressed;
	int64_t suppressed_since;
	int64_t next; /* the same may be sent again; 0: at any time */
};

/* *s becomes what is remembered if no mail is sent. */
struct decision decide(const struct decide_options *o,
		       const struct decide_run *run, struct state *s);
/* The mail is on its way, or kept: *s is what is remembered then. */
void decide_mailed(const struct decision *d, const struct decide_run *run,
		   struct state *s);

#endif
