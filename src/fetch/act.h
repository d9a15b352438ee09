/* act.h - the actions of an order, each in its file. */
#ifndef FETCH_ACT_H
#define FETCH_ACT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "deliver/account_mailbox.h"
#include "fetch/choice.h"
#include "fetch/order.h"
#include "fetch/seen.h"
#include "store/mailbox.h"

/* The messages of a mailbox, a line each.  For people: number, size, date here,
 * who, subject, nothing in it that a terminal would take for an order.  As
 * JSON: one object a line. */
int listing_print(struct mailbox *m, const struct choice *c, bool json,
		  struct error *f);

/* Every message a file of a folder, once each.
 *
 * In a plain folder it is named by its id ("ID.eml"); what is there under that
 * name was fetched before.  In a Maildir it goes to new/, and the name has a
 * digest of the id, by which it is known in cur/ too.
 *
 * Messages that came are told to `seen`, which may be NULL; *is_unsafe: they
 * might be gone after a power failure.  One that cannot be read on this machine
 * is named, the others come, and the end is -1 with its error. */
int save_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  bool *is_unsafe, struct error *f);

/* The files that a message carries, each in a file of its own.
 *
 * Every leaf that has a file name or is no text, a mail that is attached (as
 * it is, or with `goes_inside` its own attachments), and every uuencoded file
 * of a text.  The names are the message's, made harmless: no folder, no control
 * bytes, not hidden.  Where one is there already the new one is NAME.1, and so
 * on; or, with `force`, takes its place. */

struct detached {
	size_t count;
	size_t damaged; /* of them: kept as far as they could be read, and
			   warned of */
};

/* Names what it makes on standard output, a line each; adds to *found. */
int attachments_message(struct arena *a, const struct fetch_order *o,
			struct mailbox *m, size_t number,
			struct detached *found, struct error *f);

/* The protocol by hand: what a telnet to port 110 was used for.
 *
 * Lines of standard input are commands, replies go to standard output as they
 * come, with LF.  TLS and the log-in are done before the first; USER, PASS and
 * their like, which old recipes begin with, are passed over.  The end of the
 * input without QUIT deletes nothing, as when a telnet ended. ERROR_UNAVAILABLE
 * where a command was refused, once all were tried. */
int raw_run(struct arena *a, const struct account_mailbox_wish *wish,
	    struct error *f);

#endif
