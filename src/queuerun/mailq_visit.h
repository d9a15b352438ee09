/* mailq_visit.h - each mail of the queue in turn, for those who show it. */
#ifndef QUEUERUN_MAILQ_VISIT_H
#define QUEUERUN_MAILQ_VISIT_H

#include "queuerun/mailq.h"

struct mailq_mail {
	enum queue_place place;
	const char *id;
	const struct entry *entry; /* NULL: it cannot be read */
	const struct error *why;   /* ... because of this */
};

/* Those that wait, that were given up, and that cannot be read; one at a time
 * is in memory.  One of the last kind fits no sender and no recipient. */
int mailq_visit(struct queue *q, const struct mailq_choice *choice,
		int (*each)(void *context, const struct mailq_mail *mail,
			    struct error *f),
		void *context, struct error *f);

#endif
