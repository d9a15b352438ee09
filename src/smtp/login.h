/* login.h - which AUTH mechanisms may be tried (RFC 4954, RFC 4422).
 *
 * libcurl, left alone, tries what it deems strongest, never falls back from
 * it and goes on without a log-in where it finds nothing.  So each connection
 * is pinned: first to what nearly every server has, then, on another one, to
 * what this server said that it has.  On a line that others can read nobody
 * logs in at all: even where the password does not show, the session would be
 * theirs to take over. */
#ifndef SMTP_LOGIN_H
#define SMTP_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "smtp/caps.h"
#include "smtp/dial.h"

struct login {
	const char *pin[3]; /* mechanisms for this connection, NULL-ended */
	bool line_is_safe;  /* TLS, or a socket of this machine */
	unsigned tried;	    /* rows of the table that were pinned already */
};

/* For the first connection.  ERROR_CONFIG for a mechanism that we do not
 * know or that may not be used on this line. */
int login_begin(struct login *l, const struct dial_options *o, struct error *f);
/* For another one, by what the server offers: false when there is none. */
bool login_again(struct login *l, const struct dial_options *o,
		 const struct caps *offered);
/* Of those pinned, the one that the server offers, "" when none. */
const char *login_mechanism(const struct login *l, const struct caps *offered);
/* "AUTH=PLAIN;AUTH=LOGIN" */
void login_options(const struct login *l, char *out, size_t size);
bool login_is_bearer(const struct dial_options *o);
bool login_is_external(const struct dial_options *o);

/* Why nobody logged in, though the connection stands. */
int login_explain(const struct login *l, const struct dial_options *o,
		  const struct caps *offered, const char *place,
		  struct error *f);
/* Takes what we sent out of a text that a server made: some repeat a line
 * that they do not like. */
void login_hide(const struct dial_options *o, char *text);

#endif
