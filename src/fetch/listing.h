/* listing.h - the messages of a mailbox, a line each. */
#ifndef FETCH_LISTING_H
#define FETCH_LISTING_H

#include <stdbool.h>

#include "base/error.h"
#include "fetch/choice.h"
#include "store/mailbox.h"

/* For people: number, size, date here, who, subject, nothing in it that a
 * terminal would take for an order.  As JSON: one object a line. */
int listing_print(struct mailbox *m, const struct choice *c, bool json,
		  struct error *f);

#endif
