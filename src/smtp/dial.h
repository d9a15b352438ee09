/* dial.h - a connection to a submission server, ready for mail.
 *
 * net/conn.h reaches the server and asks what it can do; then somebody is
 * logged in.  No password goes out without TLS (a unix socket, such as one end
 * of an ssh tunnel, is as good), and a log-in without its 235 is none. */
#ifndef SMTP_DIAL_H
#define SMTP_DIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "net/conn.h"
#include "smtp/caps.h"
#include "smtp/reply.h"

struct dial_options {
	struct conn_options conn; /* but for protocol and context */
	bool use_auth;
	const char *mechanism; /* NULL: the best that both have */
	const char *user;
	const char *password; /* or the bearer token */
};

struct dial {
	struct conn conn;
	struct caps caps;     /* of the last EHLO */
	char mechanism[24];   /* used for AUTH, or "" */
	struct reply reply;   /* while dial_open lasts: the last one, or ... */
	bool is_whole;	      /* ... the one that is arriving */
	char first[512];      /* line of it, without its end */
	struct error garbled; /* it is none */
};

extern const struct conn_protocol dial_protocol;

/* Borrows the options until it returns.  Besides what conn_open tells apart:
 * AUTH not offered, log-in refused (with the server's words). */
int dial_open(struct dial *d, const struct dial_options *o,
	      const struct trace *trace, struct error *f);
void dial_close(struct dial *d); /* never blocks; says no QUIT */

#endif
