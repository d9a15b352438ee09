/* pseudo_header.h - mutt's pseudo-header fields in a draft.
 *
 * mutt shows them when a header is edited, and keeps some in a postponed
 * message: Attach, Fcc, Pgp, Smime, Autocrypt and X-Mutt-*.  They are
 * instructions for the mailer and are never sent. */
#ifndef COMPOSE_PSEUDO_HEADER_H
#define COMPOSE_PSEUDO_HEADER_H

#include "base/error.h"
#include "compose/compose.h"

/* Removes them from the draft: attached files are added to the request of the
 * composition, copies are noted.  ERROR_USAGE for signing or encryption, and
 * for a copy that cannot be saved. */
int pseudo_header_take(struct composition *c, struct error *f);
/* For a draft that may be anybody's, in which they must neither attach a file
 * nor write one: ERROR_DATA for such a field; others are dropped.  A signed
 * message is not a draft of mutt's. */
int pseudo_header_refuse(struct composition *c, struct error *f);
/* After the mail was sent or queued: saves the copies.  Failures are warnings.
 */
void pseudo_header_keep(struct composition *c);

#endif
