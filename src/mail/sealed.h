/* sealed.h - what must not be changed in an existing message: signed or
 * encrypted content that its Content-Type does not tell of, and headers of
 * attached messages; and the errors when it cannot be sent. */
#ifndef MAIL_SEALED_H
#define MAIL_SEALED_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/draft.h"
#include "mail/entity.h"
#include "mail/header.h"

/* Call after parsing.  Headers of attached messages are valid if servers accept
 * them.  Marks as sealed the texts with a PGP signature in their decoded
 * content; the header of an attached message that DKIM signed is sealed, too,
 * and included in its scan. */
int sealed_find(struct draft *d, struct error *f);
/* The offset from which on the entity, or an attached message, is kept. */
bool sealed_has_header(const struct entity *e);
/* The error for `e`, for which fix_body_is_fixed, when it cannot be sent:
 * ERROR_DATA. */
int sealed_refuse(const struct draft *d, const struct entity *e,
		  struct error *f);

/* ---- the fields that DKIM covers ---- */

/* The tag h= of a DKIM-Signature lists them (RFC 6376 3.5).  A name that it
 * lists and the header lacks is covered as well: the signature breaks when
 * such a field is added (8.15). */

/* The names from all signatures of a header, in the arena; NULL without any. */
const char *dkim_fields(struct arena *a, const struct header *h);
/* `fields` comes from dkim_fields and may be NULL. */
bool dkim_covers(const char *fields, const char *name);

#endif
