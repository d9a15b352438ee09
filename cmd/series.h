/* series.h - the commands that send many mails, and go on with them. */
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
	const struct journal_command *command; /* that a journal remembers */
	const struct request *request;
	const struct series_options *options;
	const struct split_options *split;
	struct config *config;
	const struct account *account;
	const char *const *spool;
	const struct trace *trace; /* or NULL */
};

#define SERIES_IS_ONE (-2) /* it fits in one mail: it is rendered, not sent */

/* What a series was begun with. */
struct series_memory {
	struct journal_command command;
	const char *date, *message_id, *tag; /* NULL: not of ours */
};

/* The exit status; -1 with an error that is still to be told.  Of one that a
 * signal stopped it is 0, and the signal has its effect (finish.h).  The
 * composition is built. */
int series_split(const struct series_job *job, struct composition *whole,
		 struct error *f);
/* Each file, or each ready message. */
int series_many(const struct series_job *job, struct error *f);

/* The folder that large input waits in, so that a journal can have it without
 * a copy; NULL where there is none. */
const char *series_folder(struct arena *a);
/* What the series was that `now` names, from here on in its own folder and with
 * its own standard input, where that was kept.  1: it is complete, and nothing
 * is left to be done. */
int series_recall(struct arena *a, const struct series_options *now,
		  struct series_memory *out, struct error *f);

#endif
