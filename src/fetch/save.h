/* save.h - every message a file of a folder, once each.
 *
 * In a plain folder it is named by its id ("ID.eml"); what is there under that
 * name was fetched before.  In a Maildir it goes to new/, and the name has a
 * digest of the id, by which it is known in cur/ too. */
#ifndef FETCH_SAVE_H
#define FETCH_SAVE_H

#include "fetch/choice.h"
#include "fetch/order.h"
#include "fetch/seen.h"

/* Messages that came are told to `seen`, which may be NULL; *is_unsafe: they
 * might be gone after a power failure.  One that cannot be read on this machine
 * is named, the others come, and the end is -1 with its error. */
int save_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  bool *is_unsafe, struct error *f);

#endif
