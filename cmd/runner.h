/* runner.h - sending a series for a person: selection, output, interruption. */
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

#define COMMON_DIGITS                                                          \
	(SPLIT_ID_SIZE - 3) /* common digits in the ids of one command */

/* What all kinds of series share. */
struct runner {
	const struct series_job *job;
	struct split *split; /* or NULL */
	const struct composition *whole;
	struct each *each;
	struct batch *batch;
	struct journal journal;
	struct progress progress;
	unsigned total, done;
	uint64_t octets; /* of the parts sent */
	bool is_ready;	 /* it can be resumed */
	bool is_mute;	 /* standard output cannot be written */
};

/* Members of series_ops; the context is a struct runner. */
bool runner_wanted(void *context, unsigned n);
void runner_verdict(void *context, const struct series_verdict *v);
void runner_progress(void *context, unsigned n, uint64_t done, uint64_t total);

/* The journal is open and ready: sends the mails, reports, and closes the
 * journal.  The exit status; -1 with an error that is still to be reported. */
int runner_run(struct runner *run, const struct series_ops *ops,
	       struct error *f);

/* ---- standard input of a series ---- */

/* Notes the digest of standard input in the journal and keeps its content,
 * unless it is a file with a name. */
int runner_keep_input(struct runner *run, const struct inputs *inputs,
		      struct error *f);
/* Makes it standard input; below 0: nothing changes. */
int runner_take_input(int fd, struct error *f);
/* Reads and keeps messages from a pipe before they are parsed: in the journal,
 * or in an unnamed file.  On failure they are saved as a dead letter. */
int runner_save_input(struct runner *run, struct error *f);

#endif
