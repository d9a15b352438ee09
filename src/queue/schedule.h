/* schedule.h - when a queued mail is tried again, and when no more.
 *
 * Pure arithmetic: the clock, chance and the policy are given.  Each recipient
 * has times of its own; those of one mail that failed together stay together,
 * since they are given the same chance.  The clock may be set back or forward:
 * a `next` that no back-off could have made counts as due, an age below zero
 * is none, and nothing is given up without having been tried a few times. */
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
/* A notice lives for this part of a mail's lifetime. */
#define SCHEDULE_NOTICE_PART 5

/* The time of the next try after one that failed at `now`; r->tries and
 * r->last tell of it.  Jitter is up to a fifth more, `chance` chooses.  What
 * looks like greylisting (4xx at RCPT or the content that says so: 4.7.1 or
 * 4.2.0 with the word, 450/451 "try again", and the usual phrases) is tried
 * again after two minutes, doubling to fifteen, for its first tries. */
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
