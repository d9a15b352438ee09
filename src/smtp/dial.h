/* dial.h - a connection to a submission server, ready for mail.
 *
 * net/conn.h connects to the server and reads its capabilities; then we log in.
 * No password is sent without TLS (a unix socket, such as one end of an ssh
 * tunnel, is as good).  A login has succeeded only with reply 235. */
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
	struct reply reply;   /* during dial_open: the last one, or ... */
	bool is_whole;	      /* ... (false) the one that is arriving */
	char first[512];      /* its first line, without its end */
	struct error garbled; /* why it could not be parsed */
};

extern const struct conn_protocol dial_protocol;

/* Borrows the options until it returns.  Errors besides those of conn_open:
 * AUTH not offered, login refused (with the server's text). */
int dial_open(struct dial *d, const struct dial_options *o,
	      const struct trace *trace, struct error *f);
void dial_close(struct dial *d); /* never blocks; sends no QUIT */

#endif
