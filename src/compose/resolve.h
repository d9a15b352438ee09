/* resolve.h - the one rule for addresses, in envelope and header alike.
 *
 * A recipient is looked up in the aliases, and what is left without a domain
 * that means anything elsewhere (none, "localhost", the host's short name) gets
 * the account's: qualify_domain, else maildomain, else that of `from`, else
 * /etc/mailname, else the host's.  The full name of this host is an address and
 * stays.  Where mail goes no further than this machine, its user stays himself.
 * Where the server is this machine, "localhost" is its own business.
 *
 * A sender is no alias.  By the setting `masquerade` one who is a user of this
 * machine has the account's own address in his place, and who he was and where
 * in his display name: "root on web1".
 *
 * In a header stands what stands in the envelope, with the display name of
 * before, but for mailing lists (":include:"): whoever is on one is not told
 * to the others, and the list's own name is qualified. */
#ifndef COMPOSE_RESOLVE_H
#define COMPOSE_RESOLVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/aliases.h"
#include "compose/personal_aliases.h"
#include "config/config.h"
#include "mail/address.h"

struct resolver {
	struct arena *arena;
	const struct account *account;
	const struct personal_aliases *nicknames; /* used first; NULL: none */
	bool skip_aliases;
	struct aliases aliases; /* loaded for the first bare name */
	bool has_aliases;	/* loading was tried */
	bool has_discarded;	/* a recipient, since it was last cleared */
	const char *domain;	/* NULL until it is needed */
};

/* How one recipient is resolved, step by step; zeroed first. */
struct resolution {
	struct address qualified;   /* itself, with a domain */
	struct expansion expansion; /* by the aliases, still bare */
	struct address_list final;  /* the envelope's, each qualified */
};

/* Borrows its arguments. */
void resolver_init(struct resolver *r, struct arena *a,
		   const struct account *account, bool skip_aliases);
/* The domain of bare names; NULL with ERROR_CONFIG if the configured one is
 * invalid. */
const char *resolver_domain(struct resolver *r, struct error *f);

/* ERROR_CONFIG for an error in the aliases.  A discarded recipient has no final
 * address. */
int resolve_address(struct resolver *r, const struct address *one,
		    struct resolution *out, struct error *f);
/* Appends a list's recipients, for the header and for the envelope; either may
 * be NULL.  Groups and discarded recipients are only shown. */
int resolve_recipients(struct resolver *r, const struct address_list *list,
		       struct address_list *shown,
		       struct address_list *envelope, struct error *f);
/* The account's own address: `from`, else `user` if it is a full address; NULL
 * if there is neither. */
const char *resolver_own(struct resolver *r);
/* Is it without a domain that means anything elsewhere? */
bool resolver_is_bare(const struct resolver *r, const struct address *one);
/* In place; the null reverse-path stays. */
int resolve_sender(struct resolver *r, struct address *one, struct error *f);
/* In place, the domain alone. */
int resolve_domain(struct resolver *r, struct address *one, struct error *f);

#endif
