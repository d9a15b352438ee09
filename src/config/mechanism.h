/* mechanism.h - the one table of log-in mechanisms: those of SASL
 * (RFC 4422), and the commands of POP3 and IMAP that are none.
 *
 * In the order in which they are preferred.  net/sasl.h speaks them. */
#ifndef CONFIG_MECHANISM_H
#define CONFIG_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum mechanism_flag {
	/* used only when named: it needs more than a user and a password,
	 * a token, a ticket, a certificate, a domain controller */
	MECHANISM_BY_NAME = 1 << 0,
	MECHANISM_NO_PASSWORD = 1 << 1,
	MECHANISM_BEARER = 1 << 2,     /* the password is a token */
	MECHANISM_IS_CLEAR = 1 << 3,   /* the server receives the password */
	MECHANISM_BEGINS = 1 << 4,     /* it has an initial response */
	MECHANISM_BY_LIBRARY = 1 << 5, /* GNU SASL's */
	MECHANISM_IS_BOUND = 1 << 6,   /* to the TLS it goes through */
	MECHANISM_IS_COMMAND = 1
			       << 7,  /* of a mailbox's protocol, and no SASL */
	MECHANISM_IS_CHOICE = 1 << 8, /* of those with a token, the one that is
					 offered; no mechanism itself */
};

struct mechanism {
	const char *name;
	unsigned flags;
	unsigned trips; /* round trips in submission */
};

/* Of the table; NULL past its end. */
const struct mechanism *mechanism_at(size_t i);
/* In any case of letters; NULL: not known. */
const struct mechanism *mechanism_find(const char *name);
/* "plain, login, cram-md5 or external": SASL's, in lower case. */
const char *mechanism_names(struct arena *a);
/* Does a log-in by the setting auth ("on", or one by name) need a password? */
bool mechanism_needs_password(const char *auth);

#endif
