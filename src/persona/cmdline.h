/* cmdline.h - a parsed command line: which command it is, and its options.
 *
 * The mail is a struct request, with what all commands share (account,
 * configuration, output); the options of one tool are the struct of that tool,
 * which no other reads. */
#ifndef PERSONA_CMDLINE_H
#define PERSONA_CMDLINE_H

#include <stdbool.h>

#include "check/check.h"
#include "compose/request.h"
#include "install/install.h"
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
	COMMAND_SETUP_SERVICE, /* one service for the machine */
	COMMAND_SETUP,	       /* interactive configuration */
	COMMAND_LOGIN,	       /* at an OAuth provider */
	COMMAND_LOGOUT,
	COMMAND_TOKEN,	     /* print a valid one */
	COMMAND_TALK,	     /* interactive SMTP session */
	COMMAND_CHECK,	     /* test the connection, without a mail */
	COMMAND_ROUNDTRIP,   /* ... and with a mail, until it has arrived */
	COMMAND_SERVE_STDIO, /* an SMTP server on stdin and stdout */
	COMMAND_SERVE,	     /* one that listens on a socket */
	COMMAND_RUN,	     /* run a job, and mail its output */
	COMMAND_HELP,	     /* the common options */
	COMMAND_HELP_ALL,
	COMMAND_VERSION,
};

/* Options of the queue commands. */
struct cmdline_queue {
	struct mailq_choice choice;
	bool due_only;
	bool tells_each; /* report each mail of a run */
	bool runs_first; /* before it is listed */
	enum mailq_change change;
	struct mailq_limits limits;
	const char *user; /* whose queue; NULL: all that we may see */
};

struct cmdline {
	struct request request; /* first: rows fill it by its offsets */
	enum command_kind kind; /* sets request.action as well */
	struct split_options split;
	struct series_options series;
	struct cmdline_queue queue;
	struct check_options check;
	struct roundtrip_options roundtrip;
	struct {
		const char *url;  /* NULL: the account's server */
		bool skips_login; /* do not log in */
	} talk;
	struct serve_options serve;
	enum login_way login;
	enum install_action install; /* --setup-queue, --setup-service */
	struct run_options run;
	bool nagios; /* a check or round trip reports as a monitoring plugin */
};

/* It contains pointers into itself: do not move it. */
void cmdline_init(struct cmdline *c);
/* Sets the kind and request.action. */
void cmdline_become(struct cmdline *c, enum command_kind kind);
/* `c` is the original command of a series, parsed again: what `now`, the
 * command that resumes it, says of the series, the connection and the output
 * overrides it. */
void cmdline_resume(struct cmdline *c, struct arena *a,
		    const struct cmdline *now);
/* The option that selects it, for error messages. */
const char *cmdline_name(enum command_kind kind);

#endif
