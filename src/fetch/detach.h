/* detach.h - the files that a message carries, each in a file of its own.
 *
 * Every leaf that has a file name or is no text, and what a text holds as
 * uuencode.  The names are the message's, made harmless: no folder, no control
 * bytes, not hidden.  Where one is there already the new one is NAME.1, and so
 * on; or, with `force`, takes its place. */
#ifndef FETCH_DETACH_H
#define FETCH_DETACH_H

#include "fetch/order.h"
#include "store/mailbox.h"

/* Names what it makes on standard output, a line each; *count of them. */
int detach_message(struct arena *a, const struct fetch_order *o,
		   struct mailbox *m, size_t number, size_t *count,
		   struct fault *f);

#endif
