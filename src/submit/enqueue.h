/* enqueue.h - puts a mail that could not be sent now into the queue.
 *
 * A composition and its verdicts become an entry (queue/entry.h): the remaining
 * recipients, the account and its settings, so that a later run sends the same
 * bytes.  A mail that needs what a later run cannot know, such as a password
 * given for this run only, is not queued. */
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
	ENQUEUE_DEFERRED,   /* what was refused temporarily */
	ENQUEUE_ALL,	    /* before any server is asked */
	ENQUEUE_BACKGROUND, /* ... and a run is started for it */
};

/* The effective setting `queue` for this request. */
enum enqueue_mode enqueue_mode(const struct request *r,
			       const struct account *account);
/* The setting's word for it. */
const char *enqueue_word(enum enqueue_mode mode);

struct enqueue {
	struct composition *composition;
	bool takes_8bit; /* every server that it may be sent to does */
	const struct limit *limit; /* that holds it; NULL: none */
	bool has_failed; /* those refused permanently are added, too, as failed:
			    their sender gets a notice (queuerun/notice.h) */
};

/* Queues it for the recipients without a verdict and the deferred ones: these
 * are then `is_queued`, and out->queue_id is set.  All is on disk when it
 * returns 0.  It may render the composition again. */
int enqueue_mail(const struct enqueue *q, struct outcome *out, struct error *f);
/* Starts a run for the mail that was just queued: with `now` it is tried, else
 * only the notices are made.  Where that fails there is a warning, and the next
 * run finds the mail. */
void enqueue_start(const struct enqueue *q, const struct outcome *out,
		   bool now);
/* Does something run the account's queue by itself (queue_runner)? */
bool enqueue_has_runner(struct arena *a, const struct account *account);
/* Starts a run for other mails that are due, where the account has that setting
 * and there are any. */
void enqueue_flush_due(struct arena *a, const struct account *account);
/* The same for several mails at once. */
void enqueue_flush_after(struct arena *a, const struct request *r,
			 const struct account *account, bool has_queued);

#endif
