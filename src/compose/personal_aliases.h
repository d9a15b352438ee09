/* personal_aliases.h - the short names of one user's address book.
 *
 * They come from the start-up files of mail and mutt, and stand for what was
 * written there: other nicknames, too.  Only a name without a domain is one,
 * and what is left bare then is for aliases(5). */
#ifndef COMPOSE_PERSONAL_ALIASES_H
#define COMPOSE_PERSONAL_ALIASES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "mail/address.h"

#define PERSONAL_ALIASES_DEPTH_MAX 16

struct nickname;
struct personal_aliases {
	struct nickname *first;
	/* Why there may be more of them than are known here; NULL: there are
	 * not.  Then a bare name that is none of these is nobody's, rather than
	 * the wrong one's. */
	const char *missing;
};

/* `list` as in a header, borrowed; it is looked at when it is used.  A name
 * that is there already gets it in addition, or instead. */
void personal_aliases_add(struct arena *a, struct personal_aliases *all,
			  const char *name, const char *list, bool instead);
/* That one cannot be told what it stands for: it fails when it is used. */
void personal_aliases_refuse(struct arena *a, struct personal_aliases *all,
			     const char *name, const char *why);
/* "*" is all of them. */
void personal_aliases_remove(struct personal_aliases *all, const char *name);
/* Not all could be read; the first reason counts. */
void personal_aliases_lose(struct personal_aliases *all, const char *why);
/* Appends `from` to `to`, each nickname replaced.  ERROR_CONFIG for a list
 * that is none, for a circle, and for a bare name where some are missing. */
int personal_aliases_expand(struct arena *a, const struct personal_aliases *all,
			    const struct address_list *from,
			    struct address_list *to, struct error *f);

#endif
