/* heading.h - the header: of a message of ours, or of a draft
 * (heading_draft.c).
 *
 * The envelope is filled in on the way, since both have the same addresses
 * (recipients.h, sender.h).  Bcc is in the envelope and never in the header. */
#ifndef COMPOSE_HEADING_H
#define COMPOSE_HEADING_H

#include "base/error.h"
#include "compose/recipients.h"

/* Fields of a dead letter: undelivered recipients, the reason, and what is
 * missing.  They are for sending it again and are removed then. */
#define DEAD_LETTER_RECIPIENTS "X-Undelivered-To"
#define DEAD_LETTER_REASON     "X-Undelivered-Reason"
#define DEAD_LETTER_MISSING    "X-Undelivered-Missing"

/* Fills message.header and envelope from the request. */
int heading_of_message(struct composition *c, struct error *f);
/* Completes draft.header, and reads the recipients from it. */
int heading_of_draft(struct composition *c, struct error *f);

/* ---- a field each, for both ---- */

/* Nothing for an empty list. */
int heading_add_addresses(struct composition *c, const char *name,
			  const struct address_list *list, struct error *f);
int heading_add_address(struct composition *c, const char *name,
			const struct address *one, struct error *f);
/* To and Cc, as the account has them shown. */
int heading_add_recipients(struct composition *c,
			   const struct recipient_lists *l, struct error *f);
int heading_add_date(struct composition *c, struct error *f);
int heading_add_message_id(struct composition *c, struct error *f);
/* The fields of the command, and what depends on all others. */
int heading_add_last(struct composition *c, struct error *f);

#endif
