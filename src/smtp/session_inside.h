/* session_inside.h - what session.c and session_commands.c share. */
#ifndef SMTP_SESSION_INSIDE_H
#define SMTP_SESSION_INSIDE_H

#include "smtp/command.h"
#include "smtp/pipeline.h"
#include "smtp/transaction.h"

/* After the whole content was sent, only the reply tells whether the mail was
 * accepted.  After a signal that ends us we still wait this long for it: less
 * than service managers wait before they kill. */
#define VERDICT_MS 3000

struct session_state {
	struct pipeline pipeline;
	struct session *session;
	struct buf command;
	struct loss loss;
	struct error closing; /* the server's 421; it may go on all the same */
	bool needs_reset;     /* the last transaction was left open */
	uint64_t idle_since;  /* sysenv_ticks() of the last window's end; 0 */
	bool was_idle;	      /* for long, and no reply has come since */
	uint64_t trusted;     /* transaction_parties, if all were accepted; 0 */
	/* the window */
	struct transaction *first, *last; /* begun, in order */
	unsigned count, limit;
	uint64_t octets, in_memory;
	uint64_t began; /* sysenv_ticks() */
};

/* ---- session_commands.c: -1 when the connection breaks ---- */

/* All of a mail that can be sent by now, after a RSET if `resets`. */
int session_put_mail(struct session *s, struct transaction *t, bool resets,
		     struct error *f);
/* One command of `t`, or of none (NULL). */
int session_put_command(struct session *s, struct transaction *t,
			enum verb verb, const char *command, struct error *f);

#endif
