/* domain.h - domain names in mail (RFC 5321 4.1.2, RFC 5890).
 *
 * Only this module calls libidn2, which is loaded only for a name that is not
 * ASCII. */
#ifndef MAIL_DOMAIN_H
#define MAIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* The name in ASCII (A-labels, lower case), or an address literal "[...]",
 * validated and unchanged.  NULL with ERROR_DATA when it is not a domain. */
const char *domain_to_ascii(struct arena *a, const char *utf8, struct error *f);
bool domain_equal(const char *one, const char *other);
/* Is the host the domain (of `n` octets) or a subdomain of it? */
bool domain_is_above(const char *domain, size_t n, const char *host);

#endif
