/* session.h - the mail transactions of a client (RFC 5321 3.3, 2920, 3030).
 *
 * Works over an open dial, with what the server offers: everything in one batch
 * with PIPELINING and CHUNKING, pipelined DATA, or lock-step.  Every recipient
 * gets a verdict of its own.  Refused recipients do not stop the others, and
 * those that were too many for the server go in another transaction.
 *
 * Several mails may be sent before their replies are read: a window.  Mails are
 * begun as long as there is room, and then collected together.  No verdict is
 * given before every reply of the window has arrived, so a server whose replies
 * do not match the commands is detected before anything is reported.
 *
 * A connection may be idle between two windows.  Before it is used again we
 * check that the server has not closed it and has sent nothing.  After an idle
 * time no content is sent before the server has replied to the envelope: then
 * the mail can still go over another connection, and is never sent twice.
 *
 * A recipient is accepted only by the server's 2xx to the whole content.  A
 * connection lost between the content and that reply is a temporary error that
 * says that the mail may have been sent. */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/source.h"
#include "mail/envelope.h"
#include "smtp/dial.h"

/* A window is full with this many mails, with this many octets of content (the
 * mail that reaches the limit may have any size), with this many of them in
 * memory, or this long after it was begun.  The first window has
 * SESSION_MAILS_FIRST mails, the next ones as many as the server answers in
 * SESSION_COLLECT_MS: one if it is slow, so that each verdict is known soon. */
#define SESSION_MAILS_MAX   64
#define SESSION_MAILS_FIRST 20
#define SESSION_OCTETS_MAX  (UINT64_C(32) * 1024 * 1024)
#define SESSION_MEMORY_MAX  (UINT64_C(1024) * 1024)
#define SESSION_WINDOW_MS   1000
#define SESSION_COLLECT_MS  500

/* Content up to this size is sent before a recipient is known to be accepted.
 * If none is, that costs less than a round trip for each mail would. */
#define SESSION_OPTIMISTIC_MAX (UINT64_C(1024) * 1024)

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
	bool in_doubt;	   /* the connection broke; it may have been accepted */
	bool may_go_again; /* the connection broke, it was surely not accepted,
			      and it is probably not the cause: a mail before
			      it is, or others had passed over the
			      connection */
	bool is_unreadable; /* its content could not be read to the end, so the
			       connection was given up */
};

struct session {
	struct dial *dial;    /* borrowed */
	bool broken;	      /* cannot be used any more */
	unsigned answered;    /* mails that were answered whole, on this line */
	unsigned round_trips; /* times that we waited for the server */
	unsigned command_timeout; /* seconds; 0: RFC 5321's for each phase */
	struct session_state *state;
};

void session_init(struct session *s, struct dial *d);
void session_free(struct session *s);

/* May another mail be begun before session_collect?  The first one always may,
 * if the connection is not broken. */
bool session_has_room(const struct session *s);
/* Sends what can be sent of it by now, usually all.  Checks SIZE, 8BITMIME and
 * SMTPUTF8 before a byte is sent.  Content with 8-bit text for a server without
 * 8BITMIME is ERROR_SOFTWARE: look at the dial's caps and render it otherwise.
 * The mail must not move until session_collect. */
void session_begin(struct session *s, struct session_mail *m);
/* Gives a verdict to each recipient of the mails begun that has none yet.  An
 * accepted recipient's verdict has the code of the reply to the content, and
 * `reply` its text.  After a failure that left the connection usable more mails
 * may follow; the RSET is sent with them. */
void session_collect(struct session *s);
/* Sends QUIT and does not wait for the reply. */
void session_quit(struct session *s);

#endif
