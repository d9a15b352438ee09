/* sealed.h - what of a foreign message stays as it is: what is signed or
 * encrypted, where that is not said by a header of its own, and why it cannot
 * go; and the header of an attached message, where that does no harm. */
#ifndef MAIL_SEALED_H
#define MAIL_SEALED_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/draft.h"
#include "mail/entity.h"
#include "mail/header.h"

/* After the parse.  Of attached messages all headers that no server refuses are
 * fit, whatever they say.  Seals texts whose PGP signature shows once they are
 * decoded; of an attached message that DKIM signs the header is sealed, too,
 * and counts in its scan. */
int sealed_find(struct draft *d, struct error *f);
/* Of the entity, or all that is attached as one: from where on it is kept. */
bool sealed_has_header(const struct entity *e);
/* Why `e`, which fix_body_is_fixed, does not go: ERROR_DATA. */
int sealed_refuse(const struct draft *d, const struct entity *e,
		  struct error *f);

/* ---- the fields that DKIM covers ---- */

/* The tag h= of a DKIM-Signature lists them (RFC 6376 3.5).  A name that it
 * lists and the header lacks is covered as well: the signature breaks when
 * such a field is added (8.15). */

/* The names that all the signatures of a header list; NULL where it has none.
 * In the arena. */
const char *dkim_fields(struct arena *a, const struct header *h);
/* `fields` is of dkim_fields, and may be NULL. */
bool dkim_covers(const char *fields, const char *name);

#endif
