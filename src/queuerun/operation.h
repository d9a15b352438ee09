/* operation.h - a listing, a run, a change or a printout of one user's queues;
 * the results are records.
 *
 * A queue that cannot be opened is reported (RECORD_ERROR), and the next one is
 * read.  A listing has, queue by queue, the mails that wait before those that
 * were given up and those that cannot be read. */
#ifndef QUEUERUN_OPERATION_H
#define QUEUERUN_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "queuerun/mailq.h"
#include "queuerun/own_queues.h"
#include "queuerun/record.h"

enum operation_kind {
	OPERATION_LIST,	  /* RECORD_MAIL, RECORD_MORE */
	OPERATION_RUN,	  /* RECORD_RAN */
	OPERATION_CHANGE, /* RECORD_FOUND for each id; an id may be "ALL" */
	OPERATION_PRINT,  /* RECORD_FOUND and RECORD_DATA */
};

struct operation {
	enum operation_kind kind;
	struct mailq_choice choice;
	enum mailq_change change;
	size_t most;		/* mails of a queue that are read; 0: all */
	bool due_only, verbose; /* of a run, as in flush.h */
	bool notes_run;		/* a run that will come again (queue.h) */
	const struct trace *trace;
};

/* -1 when `to` accepts no more records. */
int operation_run(const struct operation *e, const struct own_queues *queues,
		  const struct record_to *to, struct error *f);

#endif
