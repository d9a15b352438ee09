/* heading.h - who writes to whom: the header and the envelope.
 *
 * One rule says what an address becomes, in header and envelope alike:
 * resolve.h.  Bcc goes into the envelope and never into the header. */
#ifndef COMPOSE_HEADING_H
#define COMPOSE_HEADING_H

#include "base/error.h"

/* Fields of a dead letter: who has not got it, why, and what it
 * lacks.  They are for whoever sends it again, and go no further. */
#define DEAD_LETTER_RECIPIENTS "X-Undelivered-To"
#define DEAD_LETTER_REASON     "X-Undelivered-Reason"
#define DEAD_LETTER_MISSING    "X-Undelivered-Missing"

struct composition;

/* Fills message.header and envelope from the request. */
int heading_of_message(struct composition *c, struct error *f);
/* Adds to draft.header what is missing, and reads the recipients from it. */
int heading_of_draft(struct composition *c, struct error *f);

#endif
