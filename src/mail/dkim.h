/* dkim.h - which header fields a DKIM-Signature covers (RFC 6376 3.5, h=).
 *
 * A name that h= lists and the header lacks is covered as well: the signature
 * breaks when such a field is added (8.15). */
#ifndef MAIL_DKIM_H
#define MAIL_DKIM_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/header.h"

/* The names that all the signatures of a header list; NULL where it has none.
 * In the arena. */
const char *dkim_fields(struct arena *a, const struct header *h);
/* `fields` is of dkim_fields, and may be NULL. */
bool dkim_covers(const char *fields, const char *name);

#endif
