/* worker.h - the mails of one group over one connection, several on their way
 * at a time.
 *
 * Runs in a process of its own, which a mail may kill or block, and tells of
 * each step by a word to whoever watches it. */
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
	WORKER_LEAVES, /* gone, or not to be tried any more */

	WORKER_LIVES,	 /* bytes are moving */
	WORKER_NOTIFIES, /* a notice was put into the queue */
	WORKER_ENDS,	 /* in good order */
};

struct worker {
	const struct selection *selection;
	const struct selection_group *group;
	const bool *is_over; /* by mail: not its own */
	size_t alone;	     /* those before this one go one at a time */
	/* -1 when nobody listens any more: that is a stop too. */
	int (*tell)(void *context, size_t mail, enum worker_word word);
	void *context;
};

void worker_run(struct worker *w);

/* Puts a mail off without a try; the word for what became of it. */
enum worker_word worker_put_off(const struct selection *s,
				const struct selection_group *g, size_t mail,
				const struct error *why);

#endif
