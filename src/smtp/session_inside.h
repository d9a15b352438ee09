/* session_inside.h - what the two files of a session share. */
#ifndef SMTP_SESSION_INSIDE_H
#define SMTP_SESSION_INSIDE_H

#include "smtp/command.h"
#include "smtp/pipeline.h"
#include "smtp/transaction.h"

/* Once all of it has gone, the reply tells sent from sent twice: a signal that
 * ends us leaves it so long, less than whoever kills what does not end. */
#define VERDICT_MS 3000

struct session_state {
	struct pipeline flight;
	struct session *session;
	struct buf command;
	struct loss loss;
	struct error closing; /* its 421, and it may go on all the same */
	bool needs_reset;     /* what failed before was left open */
	uint64_t heard;	      /* sysenv_ticks() of the last window's end; 0 */
	bool is_at_rest;      /* since long: nothing was answered yet */
	uint64_t trusted;     /* transaction_parties of those all taken; 0 */
	/* the window */
	struct transaction *first, *last; /* begun, in order */
	unsigned count, limit;
	uint64_t octets, in_memory;
	uint64_t began; /* sysenv_ticks() */
};

/* ---- session_say.c: a line that breaks is -1 ---- */

/* All of a mail that can be said by now, behind a RSET where `resets`. */
int session_say(struct session *s, struct transaction *t, bool resets,
		struct error *f);
/* One command; `t` is whose, or NULL. */
int session_say_plain(struct session *s, struct transaction *t, enum verb verb,
		      const char *command, struct error *f);

#endif
