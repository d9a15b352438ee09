/* series.h - the commands that send many mails, and --resume. */
#ifndef CMD_SERIES_H
#define CMD_SERIES_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/compose.h"
#include "compose/request.h"
#include "config/config.h"
#include "queue/journal.h"
#include "smtp/dial.h"
#include "submit/series.h"
#include "submit/split.h"

struct series_job {
	struct arena *arena;
	const struct journal_command *command; /* for the journal */
	const struct request *request;
	const struct series_options *options;
	const struct split_options *split;
	struct config *config;
	const struct account *account;
	const char *const *spool;
	const struct trace *trace; /* or NULL */
};

#define SERIES_IS_ONE                                                          \
	(-2) /* it fits in one mail: it has been rendered, but not sent */

/* The original command of a series. */
struct series_memory {
	struct journal_command command;
	const char *date, *message_id, *tag; /* NULL: the user set it */
};

/* The exit status; -1 with an error that is still to be reported.  If a signal
 * stopped it, the status is 0 and program_finish delivers the signal.  The
 * composition is built. */
int series_split(const struct series_job *job, struct composition *whole,
		 struct error *f);
/* Sends each file, or each complete message. */
int series_many(const struct series_job *job, struct error *f);

/* The directory for large input of a series, so that the journal can link it
 * without a copy; NULL if there is none. */
const char *series_folder(struct arena *a);
/* Reads the journal of the series that `now` names; afterwards the working
 * directory and standard input are the original ones, if that was kept. 1: it
 * is complete, nothing is left to do. */
int series_recall(struct arena *a, const struct series_options *now,
		  struct series_memory *out, struct error *f);

#endif
