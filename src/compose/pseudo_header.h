/* pseudo_header.h - mutt's own words in the header of a draft.
 *
 * mutt shows them where a header is edited, and keeps some in a postponed
 * message: Attach, Fcc, Pgp, Smime, Autocrypt and X-Mutt-*.  They say what is
 * to be done with the message and never leave with it. */
#ifndef COMPOSE_PSEUDO_HEADER_H
#define COMPOSE_PSEUDO_HEADER_H

#include "base/error.h"
#include "compose/compose.h"

/* Takes them out of the draft: files to attach go into the composition's own
 * request, copies to keep are noted.  ERROR_USAGE for a wish to sign or
 * encrypt, and for a copy that cannot be kept where it is to be. */
int pseudo_header_take(struct composition *c, struct error *f);
/* Of a draft that may be anybody's: what it says must neither attach a file of
 * ours nor write to one.  ERROR_DATA where it asks for something; what asks
 * for nothing is dropped.  A signed message is no draft of mutt's. */
int pseudo_header_refuse(struct composition *c, struct error *f);
/* Once the mail went, or waits: the copies.  What cannot be written is told. */
void pseudo_header_keep(struct composition *c);

#endif
