/* commands.h - the commands besides sending.
 *
 * Each returns the exit status, or -1 with an error that is still to be
 * reported. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"
#include "persona/cmdline.h"
#include "roundtrip/roundtrip.h"

/* The queue: list it, check it for a monitor, change it, print from it, run it,
 * set up its timer (COMMAND_LIST_QUEUE to COMMAND_SETUP_QUEUE).  With an error
 * in the configuration the default queue is used. */
int queue_command(struct arena *a, const struct cmdline *c, struct error *f);

/* --check, and msmtp's --serverinfo. */
int check_command(struct arena *a, const struct cmdline *cmdline,
		  struct error *f);

int roundtrip_command(struct arena *a, const struct roundtrip_order *order,
		      struct error *f);

/* --talk: SMTP with the account's server, or with the given one (an account's
 * password is never sent to another host); POP3 or IMAP for mailget. */
int talk_with_server(struct arena *a, const struct cmdline *cmdline,
		     struct error *f);
int talk_with_mailbox(struct arena *a, const struct cmdline *cmdline,
		      const char *url, struct error *f);

struct explain_job {
	struct arena *arena;
	const char *called, *persona; /* argv[0], and the persona's name */
	const struct request *request;
	const struct series_options *series;
	const struct split_options *split;
	struct config *config;
	const struct account *account;
	const char *const *spool;
};

/* --explain of a sending command: nothing is sent. */
int explain_command(const struct explain_job *job, struct error *f);

/* --login, --logout, --token: the tokens of an account. */
int login_command(struct arena *a, const struct cmdline *c,
		  const struct account *account, struct error *f);

/* --run: the job's exit status.  `spool` as in send.h. */
int run_command(struct arena *a, const struct cmdline *c,
		const char *const *spool, struct error *f);

/* --setup */
int assistant_command(struct arena *a, const struct cmdline *c,
		      struct error *f);

#endif
