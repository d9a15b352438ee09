/* enqueue.h - what could not go now waits in the queue.
 *
 * A composition and its verdicts become an entry (queue/entry.h): those who
 * have not got it, and the way by which it is to go, so that a later run sends
 * the same bytes as this one would have.  What a later run could not know is
 * no way: a password that was given for this run alone. */
#ifndef SUBMIT_ENQUEUE_H
#define SUBMIT_ENQUEUE_H

#include <stdbool.h>

#include "base/error.h"
#include "compose/compose.h"
#include "compose/request.h"
#include "config/config.h"
#include "deliver/outcome.h"

enum enqueue_mode {
	ENQUEUE_NEVER,
	ENQUEUE_DEFERRED,   /* what a server could not take for now */
	ENQUEUE_ALL,	    /* before any server is asked */
	ENQUEUE_BACKGROUND, /* ... and a run is started for it */
};

/* What the setting `queue` comes to for this request. */
enum enqueue_mode enqueue_mode(const struct request *r,
			       const struct account *account);
/* The setting's word for it. */
const char *enqueue_word(enum enqueue_mode mode);

struct enqueue {
	struct composition *composition;
	bool takes_8bit;	   /* every server that it may go to does */
	const struct limit *limit; /* that holds it; NULL: none does */
	bool has_failed; /* those refused for good go in too, as failed: their
			    sender gets a notice (queuerun/notice.h) */
};

/* Those without a verdict and the deferred wait: they are `is_queued` then, and
 * out->queue_id is set.  All is on disk when it returns 0.  It may render the
 * composition anew. */
int enqueue_mail(const struct enqueue *q, struct outcome *out, struct error *f);
/* Starts a run of its own for the mail that was just queued: with `now` it is
 * tried, else only the notices are made.  Where that cannot be, it is said, and
 * the next run finds it. */
void enqueue_start(const struct enqueue *q, const struct outcome *out,
		   bool now);
/* Does something run the account's queue by itself (queue_runner)? */
bool enqueue_has_runner(struct arena *a, const struct account *account);
/* Starts a run for what is due of others, where the account wants that and
 * there is anything. */
void enqueue_flush_due(struct arena *a, const struct account *account);
/* What one mail starts after itself, for many at once. */
void enqueue_flush_after(struct arena *a, const struct request *r,
			 const struct account *account, bool has_queued);

#endif
