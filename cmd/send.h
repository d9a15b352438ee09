/* send.h - the commands that make a mail: send, print, dry run. */
#ifndef CMD_SEND_H
#define CMD_SEND_H

#include <stdbool.h>

#include "base/sysenv.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "flow/progress.h"
#include "persona/personas.h"
#include "queue/journal.h"
#include "submit/transcript.h"

/* A run of the program. */
struct run {
	struct arena arena;
	const struct persona *persona;
	struct cmdline cmdline;
	struct config config;
	struct account *account;
	const char *spool[SYSENV_SPARE + 4];
	struct journal_command typed; /* as it was called */
	struct progress progress;
	struct transcript transcript;
	bool is_parsed; /* the request is whole */
	bool has_begun; /* to serve: the client was greeted */
};

/* Is it one of many mails, or one that is split? */
bool send_is_series(const struct cmdline *c);
/* Where large input waits.  $TMPDIR is the user's word; /var/tmp is disk where
 * /tmp may be memory.  There may be no account yet. */
void send_choose_spool(struct run *run);
/* What goes wrong before the mail was begun: whoever pipes it into us can go
 * on, and what they wrote is kept.  A session that others hold with us is no
 * mail, and what was begun before is in its journal. */
void send_keep_input(struct run *run, struct outcome *out,
		     const struct error *why);
/* The exit status, or -1 with an error that is still to be told. */
int send_command(struct run *run, struct error *f);

#endif
