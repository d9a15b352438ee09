/* reader.h - what mailget and mailjoin share: arguments that name mailboxes, a
 * transcript, and the exit. */
#ifndef CMD_READER_H
#define CMD_READER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/sysenv.h"
#include "persona/options.h"
#include "submit/transcript.h"

struct reader {
	struct cmdline cmdline; /* first, as options.h wants it */
	struct arena arena;
	struct transcript transcript;
	const char *spool[SYSENV_SPARE + 2];
	const char **words; /* the arguments that are no options */
	size_t word_count;
	bool reads_input;  /* a source is stdin */
	bool is_told;	   /* the report of --json is on stdout */
	struct error told; /* an error that was reported already */
};

/* Also used for completion. */
extern const struct persona persona_mailget, persona_mailjoin;

/* A persona's `argument`: appends it to the words. */
int reader_argument(struct options_run *run, const char *value,
		    struct error *f);
/* Runs a program: the exit status.  `act` returns it too, or -1 with an error
 * that is still to be reported; it is called with an open transcript, except
 * for --talk, which has its own. */
int reader_run(struct reader *r, const struct persona *p,
	       int (*act)(struct reader *r, struct error *f), int argc,
	       char **argv);

#endif
