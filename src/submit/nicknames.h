/* nicknames.h - the short names of one user's address book.
 *
 * They come from the start-up files of mail and mutt, and stand for what was
 * written there: other nicknames, too.  Only a name without a domain is one,
 * and what is left bare then is for aliases(5). */
#ifndef SUBMIT_NICKNAMES_H
#define SUBMIT_NICKNAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "mail/address.h"

#define NICKNAMES_DEPTH_MAX 16

struct nickname;
struct nicknames {
	struct nickname *first;
};

/* `list` as in a header, borrowed; it is looked at when it is used.  A name
 * that is there already gets it in addition, or instead. */
void nicknames_add(struct arena *a, struct nicknames *all, const char *name,
		   const char *list, bool instead);
/* Appends `from` to `to`, each nickname replaced.  FAULT_CONFIG for a list
 * that is none, and for a circle. */
int nicknames_expand(struct arena *a, const struct nicknames *all,
		     const struct address_list *from, struct address_list *to,
		     struct fault *f);

#endif
