/* recipients.h - who gets the message: in its envelope, in its header.
 *
 * Every address passes resolve.h.  The envelope has each mailbox once; the
 * lists for the header are as they were written.  A recipient whose alias
 * cannot be resolved fails alone, as if a server had refused them. */
#ifndef COMPOSE_RECIPIENTS_H
#define COMPOSE_RECIPIENTS_H

#include "base/error.h"
#include "mail/address.h"

struct composition;

/* For the header. */
struct recipient_lists {
	struct address_list to, cc, bcc;
};

/* Adds the list to the envelope's recipients, and to *shown. */
int recipients_take(struct composition *c, const struct address_list *list,
		    struct address_list *shown, struct error *f);
/* The same for the three lists of the request; *l is set anew. */
int recipients_take_request(struct composition *c, struct recipient_lists *l,
			    struct error *f);
/* After all of them: chooses the sender and fills in c->envelope. */
int recipients_fill_envelope(struct composition *c, struct error *f);

#endif
