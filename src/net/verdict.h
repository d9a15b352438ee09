/* verdict.h - why a server could not be reached, in a sentence with advice.
 *
 * What is the same for every protocol: names, certificates, handshakes.  `text`
 * is libcurl's, for people; `place` is "host:port".  What may change by itself
 * is temporary, and what only the user can fix is not.  All return -1. */
#ifndef NET_VERDICT_H
#define NET_VERDICT_H

#include <stdbool.h>

#include "base/error.h"
#include "net/pin.h"

/* `hint`: where the host's name was written, "check the setting host". */
int verdict_lookup(const char *host, const char *hint, const char *text,
		   struct error *f);
/* `source` is the setting source_ip. */
int verdict_source(const char *source, struct error *f);
/* `name` is the one that the certificate should have, NULL for localhost;
 * `verify` is X509_V_*, 0 or 1 where nothing is known of the chain. */
int verdict_certificate(const char *place, const char *name, long verify,
			const struct pin *pin, const char *text,
			struct error *f);

#endif
