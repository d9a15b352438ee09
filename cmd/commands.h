/* commands.h - the commands besides sending, each in a file of its name.
 *
 * Each returns the exit status, or -1 with an error that is still to be told.
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"
#include "persona/cmdline.h"
#include "roundtrip/roundtrip.h"

/* The queue: list it, look at it for a monitor, change it, print from it, run
 * it, have the system run it (COMMAND_LIST_QUEUE to COMMAND_SETUP_QUEUE).  A
 * configuration that is wrong stops none of them: the queue is then where it is
 * without one. */
int queue_command(struct arena *a, const struct cmdline *c, struct error *f);

/* As c->setup says: "on", "remove" or "show", by systemd's units where
 * systemd runs, else a line of the crontab.  `folder` is the queue's.  Each
 * step is told on stdout.  A file that is there already, is another one and was
 * not made by this is never touched: ERROR_CANTCREAT. */
int setup_queue(struct arena *a, const struct cmdline *c, const char *folder,
		struct error *f);

/* --setup-service, as c->setup says; each step is told on stdout.  A file that
 * was not made by this is backed up, or the error. */
int setup_service(struct arena *a, const struct cmdline *c, struct error *f);

/* --check, and msmtp's --serverinfo. */
int check_command(struct arena *a, const struct cmdline *cmdline,
		  struct error *f);

int roundtrip_command(struct arena *a, const struct roundtrip_order *order,
		      struct error *f);

/* --talk: SMTP with the account's server, or with the one that was named (an
 * account's password goes to no other host); POP3 or IMAP for mailget. */
int talk_with_server(struct arena *a, const struct cmdline *cmdline,
		     struct error *f);
int talk_with_mailbox(struct arena *a, const struct cmdline *cmdline,
		      const char *url, struct error *f);

struct explain_job {
	struct arena *arena;
	const char *called, *persona; /* argv[0], and whose options were read */
	const struct request *request;
	const struct series_options *series;
	const struct split_options *split;
	struct config *config;
	const struct account *account;
	const char *const *spool;
};

/* --explain of a sending command: nothing is sent. */
int explain_command(const struct explain_job *job, struct error *f);

/* --login, --logout, --token: a person or another program, and the tokens of an
 * account. */
int login_command(struct arena *a, const struct cmdline *c,
		  const struct account *account, struct error *f);

/* --run: a job's exit status.  `spool` as in send.h. */
int run_command(struct arena *a, const struct cmdline *c,
		const char *const *spool, struct error *f);

/* --setup */
int assistant_command(struct arena *a, const struct cmdline *c,
		      struct error *f);

#endif
