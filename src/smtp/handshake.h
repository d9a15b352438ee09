/* handshake.h - what is said before the mail: greeting, EHLO, STARTTLS, AUTH.
 *
 * libcurl holds that conversation and calls us for each line of it; this
 * listens.  From the server's lines alone it knows where the talk stands, what
 * the server can do (of the last EHLO, so that the one inside TLS wins),
 * whether a 235 was said, and the last reply, for the error.  Our own lines
 * are only shown, never relied on.
 *
 * Secrets stop here: what goes out from AUTH to its last reply, what the
 * server challenges with, and a password that it repeats, become "***". */
#ifndef SMTP_HANDSHAKE_H
#define SMTP_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "smtp/caps.h"
#include "smtp/dial.h"
#include "smtp/reply.h"

struct handshake {
	struct caps caps;
	enum reply_phase phase; /* of the last reply, or of the one awaited */
	struct reply reply;	/* the last one, or the one arriving */
	bool is_whole;		/* the reply is */
	bool greeted;
	bool tls_started;   /* a 220 to STARTTLS */
	bool auth_answered; /* the server heard an AUTH */
	bool authenticated; /* 235 */
	bool in_auth;	    /* what we say is secret */
	struct error error; /* the server does not speak SMTP */
	const struct dial_options *options;
	const struct trace *trace;
};

/* Both are borrowed; the trace may be NULL. */
void handshake_init(struct handshake *o, const struct dial_options *options,
		    const struct trace *trace);
void handshake_free(struct handshake *o);
/* One line of the server with its end.  A proxy's lines before the greeting
 * are passed over.  -1 with o->error: hang up. */
int handshake_receive(struct handshake *o, const char *line, size_t n);
/* What we sent, one line or more; of a proxy's request the first is shown. */
void handshake_say(struct handshake *o, const char *data, size_t n);
/* To the trace, if there is one. */
void handshake_remark(const struct handshake *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
