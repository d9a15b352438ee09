/* errand.h - what is done with the queues of one user; the results are records.
 *
 * A queue that cannot be opened is reported (RECORD_ERROR), and the next one is
 * read.  A listing has, queue by queue, the mails that wait before those that
 * were given up and those that cannot be read. */
#ifndef QUEUERUN_ERRAND_H
#define QUEUERUN_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "queuerun/mailq.h"
#include "queuerun/own_queues.h"
#include "queuerun/record.h"

enum errand_kind {
	ERRAND_LIST,   /* RECORD_MAIL, RECORD_MORE */
	ERRAND_RUN,    /* RECORD_RAN */
	ERRAND_CHANGE, /* RECORD_FOUND for each id; an id may be "ALL" */
	ERRAND_PRINT,  /* RECORD_FOUND and RECORD_DATA */
};

struct errand {
	enum errand_kind kind;
	struct mailq_choice choice;
	enum mailq_change change;
	size_t most;		/* mails of a queue that are read; 0: all */
	bool due_only, verbose; /* of a run, as in flush.h */
	bool notes_run;		/* a run that will come again (queue.h) */
	const struct trace *trace;
};

/* -1 when `to` takes no more records. */
int errand_do(const struct errand *e, const struct own_queues *queues,
	      const struct record_to *to, struct error *f);

#endif
