/* repeated.h - fields that a message may have once (RFC 5322 3.6), and has
 * twice. */
#ifndef COMPOSE_REPEATED_H
#define COMPOSE_REPEATED_H

#include "compose/compose.h"

/* Of the draft's From, Date, Message-ID and Subject the first that is valid
 * stays, since a reader may show either, and large receivers refuse the mail.
 * What a signature covers is left as it is.  Both are told. */
void repeated_drop(struct composition *c);

#endif
