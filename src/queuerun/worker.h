/* worker.h - the mails of one group over one connection, several at a time.
 *
 * Runs in a process of its own, which a mail may kill or block, and reports
 * each step to the process that watches it. */
#ifndef QUEUERUN_WORKER_H
#define QUEUERUN_WORKER_H

#include <stddef.h>

#include "queuerun/selection.h"

enum worker_event {
	WORKER_BEGUN, /* a mail */
	/* ... and its result */
	WORKER_SENT,
	WORKER_DEFERRED,
	WORKER_FAILED,
	WORKER_BUSY,	/* somebody else has it */
	WORKER_BAD,	/* set aside */
	WORKER_SKIPPED, /* removed, or not to be tried any more */

	WORKER_ALIVE,  /* octets were sent */
	WORKER_NOTICE, /* a notice was put into the queue */
	WORKER_ENDED,  /* normally */
};

struct worker {
	const struct selection *selection;
	const struct selection_group *group;
	const bool *is_over; /* by mail: skip it */
	size_t alone;	     /* the mails before this one go one at a time */
	/* -1 when nobody reads any more: stop, too. */
	int (*report)(void *context, size_t mail, enum worker_event event);
	void *context;
};

void worker_run(struct worker *w);

/* Defers a mail without a try; returns the result. */
enum worker_event worker_defer(const struct selection *s,
			       const struct selection_group *g, size_t mail,
			       const struct error *why);

#endif
