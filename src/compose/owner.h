/* owner.h - mail of another user of this machine, whom somebody vouches for.
 *
 * A service (server/serve.h) sends for users whom the kernel has named to it.
 * What their mail says of where it comes from is held against that, where it
 * can be seen: the envelope's sender, From, Sender and their Resent- forms.  An
 * address that they may use stays; in place of any other stands their own,
 * which is their name as any bare one (resolve.h): qualified, or the account's
 * address with "alice on web1".  The From that was replaced is kept as
 * Reply-To, where there is none, so that an answer finds its way.  The null
 * sender of the envelope stays.  What a signature covers cannot be changed:
 * such a mail is refused.
 *
 * They are told by their own name, and not by that of the user that we run as,
 * wherever a sender has to be made up. */
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
	/* What they may use, ends with NULL: "own" (their name at this machine
	 * or in its domain, with a +detail too), "any", an address, a pattern.
	 */
	const char *const *senders;
};

/* The name that a Received of ours has which came with a mail. */
#define OWNER_CLAIMED "X-Unverified-Received"

/* Their own address, as one without a domain; a display name stays. */
void owner_address(struct resolver *r, const struct owner *o,
		   struct address *one);
/* In place: an address that they may not use becomes their own.  Was it? */
bool owner_restrict(struct resolver *r, const struct owner *o,
		    struct address *one);
/* The fields of a draft's header, before addresses are resolved.  What claims
 * to be a trace of ours is marked as what it is: only the first Received is
 * ours.  ERROR_DATA where a signature covers what has to be changed. */
int owner_restrict_header(struct composition *c, struct error *f);

#endif
