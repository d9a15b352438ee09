/* worker.h - the mails of one group over one connection, several at a time.
 *
 * Runs in a separate process, which a mail may kill or block, and reports each
 * step to the process that watches it. */
#ifndef QUEUERUN_WORKER_H
#define QUEUERUN_WORKER_H

#include <stddef.h>

#include "queuerun/selection.h"

enum worker_word {
	WORKER_BEGINS, /* a mail */
	/* ... and what became of it */
	WORKER_SENT,
	WORKER_DEFERRED,
	WORKER_FAILED,
	WORKER_BUSY,   /* somebody else has it */
	WORKER_BAD,    /* set aside */
	WORKER_LEAVES, /* removed, or not to be tried any more */

	WORKER_LIVES,	 /* bytes are moving */
	WORKER_NOTIFIES, /* a notice was put into the queue */
	WORKER_ENDS,	 /* in good order */
};

struct worker {
	const struct selection *selection;
	const struct selection_group *group;
	const bool *is_over; /* by mail: not its own */
	size_t alone;	     /* those before this one go one at a time */
	/* -1 when nobody reads any more: stop, too. */
	int (*tell)(void *context, size_t mail, enum worker_word word);
	void *context;
};

void worker_run(struct worker *w);

/* Defers a mail without a try; returns the result. */
enum worker_word worker_put_off(const struct selection *s,
				const struct selection_group *g, size_t mail,
				const struct error *why);

#endif
