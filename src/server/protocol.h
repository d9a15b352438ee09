/* protocol.h - the server's side of SMTP (RFC 5321, 2920, 3030), as a state
 * machine: octets in, replies out.
 *
 * It uses no socket, no account and no file.  server_feed takes octets in
 * pieces of any size and puts replies into `out`, which the caller sends;
 * `want` tells what the caller has to do next.  The ops decide about senders,
 * recipients and messages: about a sender and a recipient at once, about a
 * message when it is complete, or later, while the client continues: the reply
 * keeps its place in the order.
 *
 * Command lines end in CRLF, content in CRLF.CRLF or by BDAT's count, and in
 * nothing else.  A relay before us may take a bare CR or LF for a line end:
 * after one in a command or in DATA the connection is closed with 521, as by
 * Postfix, so that no mail can be smuggled into another.  BDAT counts its
 * octets, so there only the message is refused. */
#ifndef SERVER_PROTOCOL_H
#define SERVER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "codec/dot.h"
#include "flow/content_scan.h"
#include "flow/sink.h"
#include "server/arguments.h"
#include "server/response.h"
#include "server/server_sasl.h"
#include "smtp/dial.h"

#define SERVER_COMMAND_MAX 4096 /* octets of a command; AUTH has its own */
#define SERVER_ERRORS_MAX  20	/* of one session, since the last message */
#define SERVER_LOGINS_MAX  3
#define SERVER_LATER_MAX   64  /* messages whose answer comes later */
#define SERVER_JUNK_MAX	   100 /* commands that lead nowhere; then errors */

/* One transaction. */
struct server_mail {
	struct arena arena; /* of this transaction */
	struct arguments_mail from;
	struct arguments_rcpt *to;
	size_t count, room;
};

void server_mail_drop(struct server_mail *m);

/* The answers come filled with a yes; a no is -1 with another one. */
struct server_ops {
	int (*sender)(void *context, struct server_mail *m, struct response *a);
	/* not among m->to yet */
	int (*recipient)(void *context, struct server_mail *m,
			 const struct arguments_rcpt *to, struct response *a);
	/* Where the content goes, NULL with the error.  The error outlives
	 * the sink, which is not closed by us. */
	struct sink *(*begin)(void *context, struct server_mail *m,
			      struct error *f);
	/* It is whole: keep it or deliver it now.  1: its answer comes later,
	 * by server_answer, and the mail is theirs until server_mail_drop. */
	int (*end)(void *context, struct server_mail *m, struct response *a);
	/* The transaction is over, however else it ended; a sender that was
	 * refused ends it too. */
	void (*forget)(void *context, struct server_mail *m);
	/* NULL: nobody can log in. */
	int (*login)(void *context, const char *user, const char *password,
		     struct response *a);
};

struct server_options {
	const char *name;  /* ours, in the greeting; borrowed */
	bool has_tls;	   /* STARTTLS can be had */
	bool needs_login;  /* before MAIL */
	uint64_t size_max; /* octets of a message; 0: any */
	size_t recipients_max;
};

enum server_want {
	SERVER_READ,
	SERVER_TLS,   /* call server_agree_tls */
	SERVER_CLOSE, /* after `out` was sent */
};

enum server_mode { SERVER_COMMAND, SERVER_DATA, SERVER_CHUNK, SERVER_AUTH };

struct server {
	const struct server_options *options;
	const struct server_ops *ops;
	void *context;
	const struct trace *trace; /* or NULL; '<' theirs, '>' ours */
	struct buf out;
	enum server_want want;
	/* grow with each command and message, and with each octet of content */
	uint64_t steps, octets;

	enum server_mode mode;
	char helo[256];	  /* as they said it, made harmless; "" before */
	bool is_extended; /* EHLO, not HELO */
	bool is_tls;
	char user[256];		 /* who logged in, or "" */
	unsigned errors, logins; /* since the last message that was accepted */
	unsigned messages;	 /* accepted */
	unsigned junk; /* NOOP, RSET, empty chunks... since the last message */
	bool has_quit;
	struct server_sasl sasl;

	struct buf line; /* the command that is arriving */
	size_t line_octets;
	char line_last; /* octet that came */

	bool in_mail; /* MAIL was accepted */
	bool in_bdat; /* and content began to come in chunks */
	struct server_mail *mail;
	/* where in `out` answers are missing, in order */
	size_t later[SERVER_LATER_MAX];
	size_t later_count;

	/* content that is arriving */
	struct undot undot;
	struct content_scan scan; /* of all that comes, kept or not */
	struct error scan_error;
	uint64_t content_octets; /* as they came, in their frame */
	uint64_t chunk_left;
	bool chunk_is_last, chunk_is_stray, chunk_is_empty;
	struct error error;
};

/* All is borrowed. */
void server_init(struct server *s, const struct server_options *options,
		 const struct server_ops *ops, void *context);
void server_free(struct server *s);
void server_greet(struct server *s);
/* Takes octets and returns how many: fewer than n when `want` is no longer
 * SERVER_READ, or when `out` must be emptied first. */
size_t server_feed(struct server *s, const char *data, size_t n);
/* So many octets of `out` can be sent: up to the first answer that is missing.
 */
size_t server_ready(const struct server *s);
/* They were. */
void server_sent(struct server *s, size_t n);
/* The first that is missing. */
void server_answer(struct server *s, const struct response *a);
/* STARTTLS was said.  `has_more`: so was something after it, in the clear,
 * which somebody else may have put there: then it is refused and the session
 * over.  True: send `out`, shake hands, say server_secured. */
bool server_agree_tls(struct server *s, bool has_more);
void server_secured(struct server *s);

/* 421 and the end; between two commands only where server_is_idle. */
void server_hang_up(struct server *s, const char *esc, const char *why);
bool server_is_idle(const struct server *s);

#endif
