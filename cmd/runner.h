/* runner.h - a series as it is run for a person: what goes, what is told, and
 * how it is stopped. */
#ifndef CMD_RUNNER_H
#define CMD_RUNNER_H

#include <stdbool.h>

#include "base/buf.h"
#include "compose/input.h"
#include "flow/progress.h"
#include "queue/journal.h"
#include "series.h"
#include "submit/each.h"
#include "submit/series.h"
#include "submit/split.h"

#define COMMON_DIGITS (SPLIT_ID_SIZE - 3) /* of the ids of one command */

/* What the three kinds share. */
struct runner {
	const struct series_job *job;
	struct split *split; /* or NULL */
	const struct composition *whole;
	struct each *each;
	struct batch *batch;
	struct journal journal;
	struct progress progress;
	unsigned total, done;
	uint64_t octets; /* of the parts that went */
	bool is_ready;	 /* it can be resumed */
	bool is_mute;	 /* standard output takes no lines any more */
};

/* Members of series_ops, for whom the context is a struct runner. */
bool runner_wanted(void *context, unsigned n);
void runner_told(void *context, const struct series_verdict *v);
void runner_moved(void *context, unsigned n, uint64_t done, uint64_t total);

/* The journal is open and ready: sends what is to go, tells of it and closes
 * the journal.  The exit status; -1 with an error
 * that is still to be told. */
int runner_run(struct runner *run, const struct series_ops *ops,
	       struct error *f);

/* ---- standard input of a series ---- */

/* What standard input was is a fact, and it is kept unless it is a file that
 * has a name of its own. */
int runner_keep_input(struct runner *run, const struct inputs *inputs,
		      struct error *f);
/* Standard input from now on; below 0: it stays what it is. */
int runner_take_input(int fd, struct error *f);
/* Messages from a pipe are read and kept before they are looked at: in the
 * journal, or in a file without a name.  Where not all of them come, what came
 * is kept as a dead letter. */
int runner_save_input(struct runner *run, struct error *f);

#endif
