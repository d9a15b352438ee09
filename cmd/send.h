/* send.h - the commands that compose a mail: send, print, dry run. */
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
	struct journal_command typed; /* the original command line */
	struct progress progress;
	struct transcript transcript;
	bool is_parsed; /* the command line was parsed without error */
	bool has_begun; /* serving: the client was greeted */
};

/* Does the command send several mails, or may it split one? */
bool send_is_series(const struct cmdline *c);
/* Directories for large input: $TMPDIR, then /var/tmp, as /tmp may be in
 * memory.  There may be no account yet. */
void send_choose_spool(struct run *run);
/* After an error before the mail was composed: reads standard input to its end
 * and saves it.  Does nothing for other commands and for a resumed series,
 * whose journal has it. */
void send_keep_input(struct run *run, struct outcome *out,
		     const struct error *why);
/* The exit status, or -1 with an error that is still to be reported. */
int send_command(struct run *run, struct error *f);

#endif
