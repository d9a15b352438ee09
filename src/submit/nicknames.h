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
	/* Why there may be more of them than are known here; NULL: there are
	 * not.  Then a bare name that is none of these is nobody's, rather than
	 * the wrong one's. */
	const char *missing;
};

/* `list` as in a header, borrowed; it is looked at when it is used.  A name
 * that is there already gets it in addition, or instead. */
void nicknames_add(struct arena *a, struct nicknames *all, const char *name,
		   const char *list, bool instead);
/* That one cannot be told what it stands for: it fails when it is used. */
void nicknames_refuse(struct arena *a, struct nicknames *all, const char *name,
		      const char *why);
/* "*" is all of them. */
void nicknames_remove(struct nicknames *all, const char *name);
/* Not all could be read; the first reason counts. */
void nicknames_lose(struct nicknames *all, const char *why);
/* Appends `from` to `to`, each nickname replaced.  FAULT_CONFIG for a list
 * that is none, for a circle, and for a bare name where some are missing. */
int nicknames_expand(struct arena *a, const struct nicknames *all,
		     const struct address_list *from, struct address_list *to,
		     struct fault *f);

#endif
