/* owner.h - mail of another local user, whose identity is known.
 *
 * A service (server/serve.h) sends for users whom the kernel identifies.  The
 * sender addresses of their mail are restricted: the envelope sender, From,
 * Sender and their Resent- forms.  An address that they may use stays; any
 * other is replaced by their own, which is their name as a bare address
 * (resolve.h): qualified, or the account's address with "alice on web1".  The
 * replaced From becomes Reply-To, if there is none.  The null sender stays.  If
 * a signature covers such a field, the mail is refused.
 *
 * A generated sender is their name, not that of the user that we run as. */
#ifndef COMPOSE_OWNER_H
#define COMPOSE_OWNER_H

#include <stdbool.h>

#include "base/error.h"
#include "compose/resolve.h"
#include "mail/address.h"

struct composition;

struct owner {
	const char *name;
	const char *id; /* "1000 alice", as the queue and the log have it */
	/* Allowed addresses, ends with NULL: "own" (their name at this machine
	 * or in its domain, also with a +detail), "any", an address, a pattern.
	 */
	const char *const *senders;
};

/* Replaces the name of a Received field that came with a mail and looks like
 * ours. */
#define OWNER_CLAIMED "X-Unverified-Received"

/* Their own address, without a domain; a display name stays. */
void owner_address(struct resolver *r, const struct owner *o,
		   struct address *one);
/* Replaces an address that they may not use by their own.  Did it? */
bool owner_restrict(struct resolver *r, const struct owner *o,
		    struct address *one);
/* Restricts the fields of a draft's header, before addresses are resolved.
 * Received fields that look like ours are renamed, as only the first one is
 * ours.  ERROR_DATA if a signature covers a field to be changed. */
int owner_restrict_header(struct composition *c, struct error *f);

#endif
