/* session.h - the mail transaction of a client (RFC 5321 3.3, 2920, 3030).
 *
 * Works over an open dial, one message after another.  It uses what the
 * server offers and goes without what it does not: one flight with PIPELINING
 * and CHUNKING, pipelined DATA, or lock-step.  Every recipient gets a verdict
 * of its own; the refused do not stop the others, and those whom the server
 * found one too many go in another transaction.
 *
 * A verdict of "accepted" is given only after the server's 2xx to the whole
 * content.  A connection lost after the content and before that reply is
 * temporary, and says that the mail may have been taken. */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/source.h"
#include "mail/envelope.h"
#include "smtp/dial.h"

struct session_content {
	struct slice bytes;    /* the whole message, CRLF */
	bool has_8bit;	       /* wants BODY=8BITMIME */
	bool has_8bit_header;  /* wants SMTPUTF8, and 8BITMIME with it */
	bool prefers_smtputf8; /* ... where it is to be had */
};

struct session_progress {
	void (*sent)(void *context, uint64_t done, uint64_t total);
	void *context;
};

struct session {
	struct dial *dial;    /* borrowed */
	bool broken;	      /* the line cannot be used any more */
	bool in_doubt;	      /* ... and the last mail may have been taken */
	unsigned round_trips; /* times that we waited for the server */
	unsigned command_timeout; /* seconds; 0: RFC 5321's for each phase */
	const struct session_progress *progress; /* or NULL */
	char final_reply[512]; /* to the content: "250 2.0.0 Ok: queued as X" */
	struct session_state *state;
};

void session_init(struct session *s, struct dial *d);
void session_free(struct session *s);

/* Gives a verdict to each recipient that has none yet.  0 when all of the
 * envelope's are accepted; -1 with the error that the whole has, a temporary
 * one first (envelope_accepted tells how many went).  An accepted recipient's
 * verdict has the reply code to the content, and `reply` its words.  Checks
 * SIZE, 8BITMIME and SMTPUTF8 before a byte is sent; content with 8-bit text
 * for a server without 8BITMIME is ERROR_SOFTWARE: look at the dial's caps
 * and render it otherwise.  After a failure that left the line usable another
 * message may follow; the RSET goes along with it. */
int session_send(struct session *s, struct envelope *e,
		 const struct session_content *content, struct error *f);
/* Says QUIT and does not wait for the answer. */
void session_quit(struct session *s);

#endif
