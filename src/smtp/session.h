/* session.h - the mail transactions of a client (RFC 5321 3.3, 2920, 3030).
 *
 * Works over an open dial.  It uses what the server offers and goes without
 * what it does not: one flight with PIPELINING and CHUNKING, pipelined DATA, or
 * lock-step.  Every recipient gets a verdict of its own; the refused do not
 * stop the others, and those whom the server found one too many go in another
 * transaction.
 *
 * Several mails may be on their way at a time, a window: each is begun as long
 * as there is room, and all of them are collected together.  No verdict is
 * given before every reply of the window is in, so that a server whose replies
 * do not match the commands is found out before anything is told.
 *
 * A line may rest between two windows.  Whether it has ended, or said something
 * that nothing asked for, is looked at before it is used again, and after a
 * rest no content goes before the server has answered the envelope: then the
 * mail may go over another line, and never goes twice.
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

/* A window is full with so many mails, with so many octets of content (the one
 * that reaches it may be of any size), with so many that lie in memory, or so
 * long after it was begun.  The
 * first has room for some, the next ones for as many as the server answers in
 * SESSION_COLLECT_MS: one at a time where it is slow, so that what becomes of a
 * mail is soon known. */
#define SESSION_MAILS_MAX   64
#define SESSION_MAILS_FIRST 20
#define SESSION_OCTETS_MAX  (UINT64_C(32) * 1024 * 1024)
#define SESSION_MEMORY_MAX  (UINT64_C(1024) * 1024)
#define SESSION_WINDOW_MS   1000
#define SESSION_COLLECT_MS  500

/* So many octets of content go on the chance that a recipient is accepted:
 * what that costs where nobody is, is less than a round trip of each mail. */
#define SESSION_CHANCE_MAX (UINT64_C(1024) * 1024)

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

struct session_mail {
	struct envelope *envelope; /* borrowed until it is collected */
	struct session_content content;
	const struct session_progress *progress; /* or NULL */
	/* known once it is collected */
	char reply[512];   /* to the content: "250 2.0.0 Ok: queued as X" */
	bool in_doubt;	   /* the line broke, and it may have been taken */
	bool may_go_again; /* the line broke, it was surely not taken, and it is
			      not the mail that the line broke of: one before
			      it is, or the line had been good for others */
	bool is_unreadable; /* its content could not be read to the end, and the
			       line was given up for that */
};

struct session {
	struct dial *dial;    /* borrowed */
	bool broken;	      /* the line cannot be used any more */
	unsigned taken;	      /* mails that were answered whole, on this line */
	unsigned round_trips; /* times that we waited for the server */
	unsigned command_timeout; /* seconds; 0: RFC 5321's for each phase */
	struct session_state *state;
};

void session_init(struct session *s, struct dial *d);
void session_free(struct session *s);

/* May another mail be begun before session_collect?  One always may, on a line
 * that is not broken. */
bool session_has_room(const struct session *s);
/* Sends what can be sent of it by now, as a rule all.  Checks SIZE, 8BITMIME
 * and SMTPUTF8 before a byte is sent; content with 8-bit text for a server
 * without 8BITMIME is ERROR_SOFTWARE: look at the dial's caps and render it
 * otherwise.  The mail is to stay where it is until session_collect. */
void session_begin(struct session *s, struct session_mail *m);
/* Gives a verdict to each recipient of the mails begun that has none yet.  An
 * accepted recipient's verdict has the reply code to the content, and `reply`
 * its words.  After a failure that left the line usable more may follow; the
 * RSET goes along with them. */
void session_collect(struct session *s);
/* Before the first of a window: has the line neither broken nor said anything
 * since?  It looks, and does not wait. */
bool session_is_alive(struct session *s);
/* Both, for one mail: 0 when all of the envelope's are accepted; -1 with the
 * error that the whole has, a temporary one first. */
int session_send(struct session *s, struct session_mail *m, struct error *f);
/* Says QUIT and does not wait for the answer. */
void session_quit(struct session *s);

#endif
