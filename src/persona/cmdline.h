/* cmdline.h - a command line, understood: which command it is, and what it
 * says to it.
 *
 * The mail is a struct request, as is what all commands share (the account,
 * the configuration, what is told); what belongs to one tool is the struct of
 * that tool, and no other looks at it. */
#ifndef PERSONA_CMDLINE_H
#define PERSONA_CMDLINE_H

#include <stdbool.h>

#include "check/check.h"
#include "compose/request.h"
#include "login/login.h"
#include "queuerun/flush.h"
#include "queuerun/mailq.h"
#include "roundtrip/roundtrip.h"
#include "run/run.h"
#include "server/serve.h"
#include "submit/series.h"
#include "submit/split.h"

enum command_kind {
	COMMAND_SEND,
	COMMAND_PRINT,	 /* the finished message on stdout */
	COMMAND_DRY_RUN, /* what would be done, nothing sent */
	COMMAND_EXPLAIN, /* ... and why */

	COMMAND_SHOW_CONFIG, /* each setting and where it came from */
	COMMAND_LIST_ACCOUNTS,
	COMMAND_VERIFY, /* where each recipient's mail would go */
	COMMAND_CHECK_ALIASES,
	COMMAND_LIST_QUEUE,
	COMMAND_RUN_QUEUE,
	COMMAND_CHECK_QUEUE,   /* for a monitor */
	COMMAND_CHANGE_QUEUE,  /* hold, release, retry, delete */
	COMMAND_PRINT_QUEUED,  /* a mail in the queue, as it goes out */
	COMMAND_SETUP_QUEUE,   /* have the system run the queue */
	COMMAND_SETUP_SERVICE, /* one secret for the machine */
	COMMAND_SETUP, /* a first configuration, by question and answer */
	COMMAND_LOGIN, /* at a provider, for tokens */
	COMMAND_LOGOUT,
	COMMAND_TOKEN,	     /* prints one that is valid */
	COMMAND_TALK,	     /* with the server, by hand */
	COMMAND_CHECK,	     /* the connection, step by step, without a mail */
	COMMAND_ROUNDTRIP,   /* ... and with one, to where it arrives */
	COMMAND_SERVE_STDIO, /* an SMTP server on stdin and stdout */
	COMMAND_SERVE,	     /* one that listens */
	COMMAND_RUN,	     /* a job, and a mail when it matters */
	COMMAND_HELP,	     /* the common options */
	COMMAND_HELP_ALL,
	COMMAND_VERSION,
};

/* What is asked of the queue. */
struct cmdline_queue {
	struct mailq_choice choice;
	bool due_only;
	bool tells_each; /* a run reports each mail */
	bool runs_first; /* before it is listed */
	enum mailq_change change;
	struct mailq_limits limits;
	const char *user; /* whose queue; NULL: all that are ours to see */
};

struct cmdline {
	struct request request; /* first: rows fill it by its offsets */
	enum command_kind kind; /* request.action goes with it */
	struct split_options split;
	struct series_options series;
	struct cmdline_queue queue;
	struct check_options check;
	struct roundtrip_options roundtrip;
	struct {
		const char *url; /* NULL: the account's server */
		bool stays_out;	 /* nobody logs in */
	} talk;
	struct serve_options serve;
	enum login_way login;
	const char *setup; /* of --setup-queue and --setup-service: "on",
			      "remove" or "show" */
	struct run_options run;
	bool nagios; /* a check or round trip reports as a monitoring plugin */
};

/* It points into itself: it stays where it was made. */
void cmdline_init(struct cmdline *c);
/* The kind, and what becomes of the mail with it. */
void cmdline_become(struct cmdline *c, enum command_kind kind);
/* `c` is the command of a series, read again: what `now`, which resumes it,
 * says of the series, of the connection and of the output holds instead. */
void cmdline_resume(struct cmdline *c, struct arena *a,
		    const struct cmdline *now);
/* The option that chooses it, for errors. */
const char *cmdline_name(enum command_kind kind);

#endif
