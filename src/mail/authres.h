/* authres.h - what a receiver found out about a mail's sender
 * (Authentication-Results, RFC 8601).
 *
 * Anybody can write such a field: only the topmost server's are examined, and
 * who it is must be reported with what it says.  Microsoft's have no name of
 * a server.  Text is cut and clean (received.h). */
#ifndef MAIL_AUTHRES_H
#define MAIL_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define AUTHRES_MAX 32 /* results; more are not examined */

struct authres_result {
	const char *method; /* "spf", lower case */
	const char *result; /* "pass", lower case */
	const char *detail; /* "smtp.mailfrom=example.org", or "" */
};

struct authres {
	const char *server; /* NULL: no field yet; "": it gives no name */
	struct authres_result *results;
	size_t count;
	size_t ignored; /* fields of others */
};

/* The value of one field, unfolded; to be called from the topmost on. */
void authres_add(struct authres *r, struct arena *a, const char *value);
/* The first result of a method; NULL: there is none. */
const struct authres_result *authres_find(const struct authres *r,
					  const char *method);

#endif
