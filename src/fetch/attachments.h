/* attachments.h - the files that a message carries, each in a file of its own.
 *
 * Every leaf that has a file name or is no text, a mail that is attached (as
 * it is, or with `goes_inside` its own attachments), and every uuencoded file
 * of a text.  The names are the message's, made harmless: no folder, no control
 * bytes, not hidden.  Where one is there already the new one is NAME.1, and so
 * on; or, with `force`, takes its place. */
#ifndef FETCH_ATTACHMENTS_H
#define FETCH_ATTACHMENTS_H

#include "fetch/order.h"
#include "store/mailbox.h"

struct detached {
	size_t count;
	size_t damaged; /* of them: kept as far as they could be read, and
			   warned of */
};

/* Names what it makes on standard output, a line each; adds to *found. */
int attachments_message(struct arena *a, const struct fetch_order *o,
			struct mailbox *m, size_t number,
			struct detached *found, struct error *f);

#endif
