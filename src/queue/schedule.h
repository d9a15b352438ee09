/* schedule.h - when a queued mail is tried again, and when it is given up.
 *
 * Pure arithmetic: the clock, a random number and the policy are given.  Each
 * recipient has its own times; those of one mail that failed together stay
 * together, since they get the same random number.  The clock may be set back
 * or forward: a `next` that no back-off could have made counts as due, a
 * negative age as zero, and nothing is given up before a few tries. */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/entry.h"

/* Seconds. */
struct schedule {
	int retry;     /* before the second try; doubles each time */
	int retry_max; /* but never more than this */
	int lifetime;  /* of a mail */
	int warning;   /* of a delay; 0: none */
};

/* The tries below which nothing is given up, however old it looks. */
#define SCHEDULE_TRIES_MIN 5
/* The lifetime of a notice is this part of a mail's. */
#define SCHEDULE_NOTICE_PART 5

/* The time of the next try after one that failed at `now`; r->tries and r->last
 * describe it.  Jitter adds up to a fifth, by `chance`.  What looks like
 * greylisting (4xx at RCPT or the content that says so: 4.7.1 or 4.2.0 with the
 * word, 450/451 "try again", and the usual phrases) is tried again after two
 * minutes, doubling to fifteen, for its first tries. */
int64_t schedule_next(const struct schedule *s, const struct entry_recipient *r,
		      int64_t now, uint32_t chance);
/* Is the recipient, which waits, to be tried now? */
bool schedule_is_due(const struct schedule *s, const struct entry_recipient *r,
		     int64_t now);
/* After a failed try: is it the last? */
bool schedule_is_over(const struct schedule *s, const struct entry *e,
		      const struct entry_recipient *r, int64_t now);
/* Has a recipient waited for so long that the sender should know? */
bool schedule_wants_warning(const struct schedule *s, const struct entry *e,
			    int64_t now);

#endif
