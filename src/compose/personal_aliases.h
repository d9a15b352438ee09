/* personal_aliases.h - the aliases of one user.
 *
 * They are from the start-up files of mail and mutt, and stand for addresses or
 * other aliases.  Only a name without a domain can be one, and the names that
 * remain bare are looked up in aliases(5). */
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
	/* Why some may be unknown; NULL: all are known.  Otherwise a bare name
	 * that is not listed is an error, as it could be one of these. */
	const char *missing;
};

/* `list` as in a header, borrowed; parsed when it is used.  Adds to an existing
 * alias or replaces it. */
void personal_aliases_add(struct arena *a, struct personal_aliases *all,
			  const char *name, const char *list, bool instead);
/* Its value is unknown: using it is an error. */
void personal_aliases_refuse(struct arena *a, struct personal_aliases *all,
			     const char *name, const char *why);
/* "*" is all of them. */
void personal_aliases_remove(struct personal_aliases *all, const char *name);
/* Some are unknown; the first reason is kept. */
void personal_aliases_lose(struct personal_aliases *all, const char *why);
/* Appends `from` to `to`, with aliases expanded.  ERROR_CONFIG for an invalid
 * list, a loop, and an unknown bare name if some are missing. */
int personal_aliases_expand(struct arena *a, const struct personal_aliases *all,
			    const struct address_list *from,
			    struct address_list *to, struct error *f);

#endif
