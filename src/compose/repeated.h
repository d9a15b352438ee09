/* repeated.h - duplicate fields that may occur once (RFC 5322 3.6). */
#ifndef COMPOSE_REPEATED_H
#define COMPOSE_REPEATED_H

#include "compose/compose.h"

/* Keeps the first valid one of From, Date, Message-ID and Subject in the draft,
 * as readers may show either and large receivers refuse such mail.  Signed
 * fields are kept.  Both are warnings. */
void repeated_drop(struct composition *c);

#endif
