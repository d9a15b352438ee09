/* mechanism.h - the table of login mechanisms: those of SASL (RFC 4422), and
 * the login commands of POP3 and IMAP.
 *
 * In order of preference. net/sasl.h implements them. */
#ifndef CONFIG_MECHANISM_H
#define CONFIG_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum mechanism_flag {
	/* used only if named: it needs more than a user and a password: a
	 * token, a ticket, a certificate, a domain controller */
	MECHANISM_BY_NAME = 1 << 0,
	MECHANISM_NO_PASSWORD = 1 << 1,
	MECHANISM_BEARER = 1 << 2,     /* the password is a token */
	MECHANISM_IS_CLEAR = 1 << 3,   /* the server receives the password */
	MECHANISM_BEGINS = 1 << 4,     /* it has an initial response */
	MECHANISM_BY_LIBRARY = 1 << 5, /* by GNU SASL */
	MECHANISM_IS_BOUND = 1 << 6,   /* to the TLS channel */
	MECHANISM_IS_COMMAND = 1 << 7, /* a command of POP3 or IMAP, not SASL */
	MECHANISM_IS_CHOICE = 1 << 8, /* selects the offered one of those with a
					 token; not a mechanism itself */
};

struct mechanism {
	const char *name;
	unsigned flags;
	unsigned trips; /* round trips in submission */
};

/* A row of the table; NULL past its end. */
const struct mechanism *mechanism_at(size_t i);
/* Ignores case; NULL: unknown. */
const struct mechanism *mechanism_find(const char *name);
/* "plain, login, cram-md5 or external": those of SASL, in lower case. */
const char *mechanism_names(struct arena *a);
/* Does a login by the setting auth ("on", or a name) need a password? */
bool mechanism_needs_password(const char *auth);

#endif
