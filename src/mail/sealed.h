/* sealed.h - what of a foreign message stays as it is: what is signed or
 * encrypted, where that is not said by a header of its own, and why it cannot
 * go; and the header of an attached message, where that harms nobody. */
#ifndef MAIL_SEALED_H
#define MAIL_SEALED_H

#include "mail/draft.h"
#include "mail/entity.h"

/* After the parse.  Of attached messages all headers that no server refuses are
 * fit, whatever they say.  Seals texts whose PGP signature shows once they are
 * decoded; of an attached message that DKIM signs the header is sealed, too,
 * and counts in its survey. */
int sealed_find(struct draft *d, struct error *f);
/* Of the entity, or all that is attached as one: from where on it is kept. */
bool sealed_has_header(const struct entity *e);
/* Why `e`, which fix_body_is_fixed, does not go: ERROR_DATA. */
int sealed_refuse(const struct draft *d, const struct entity *e,
		  struct error *f);

#endif
