/* heading.h - sender and recipients: the header and the envelope.
 *
 * Addresses in both are resolved by resolve.h.  Bcc is in the envelope and
 * never in the header. */
#ifndef COMPOSE_HEADING_H
#define COMPOSE_HEADING_H

#include "base/error.h"

/* Fields of a dead letter: undelivered recipients, the reason, and what is
 * missing.  They are for sending it again and are removed then. */
#define DEAD_LETTER_RECIPIENTS "X-Undelivered-To"
#define DEAD_LETTER_REASON     "X-Undelivered-Reason"
#define DEAD_LETTER_MISSING    "X-Undelivered-Missing"

struct composition;

/* Fills message.header and envelope from the request. */
int heading_of_message(struct composition *c, struct error *f);
/* Completes draft.header, and reads the recipients from it. */
int heading_of_draft(struct composition *c, struct error *f);

#endif
