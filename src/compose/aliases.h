/* aliases.h - bare names that stand for addresses (aliases(5)).
 *
 * "name: address, address" lines, continued by lines that begin with white
 * space, "#" comments (behind an entry too), names without regard to case;
 * "default" or "*" stands for any bare name that has no line of its own and is
 * no alias's target.  An alias may name aliases, and lists in files
 * (":include:/FILE", an address list a line); "\name" is that name and no
 * alias.
 * "/dev/null" and exim's ":blackhole:" discard.  Commands and other files are
 * refused when they are used: nothing is run or written because a list says so.
 * So is a line that is none, for the name that it begins with: all other mail
 * goes on.
 *
 * A name is an alias's when it has no domain, or one that is this machine
 * (deliver/local.h); "default" takes nobody who has a full domain. */
#ifndef COMPOSE_ALIASES_H
#define COMPOSE_ALIASES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "mail/address.h"

#define ALIASES_FILE_MAX  (4 * 1024 * 1024) /* octets, of a list too */
#define ALIASES_DEPTH_MAX 16 /* aliases and lists in each other */

struct alias;
struct aliases {
	struct alias *first;
	const char *path; /* NULL: none was loaded */
	/* Stays himself whatever the file says; NULL: nobody. */
	const char *own_user;
	/* "@localhost" is a place that the server knows, too. */
	bool server_is_here;
	unsigned run;
};

/* What a name stands for, to be zeroed first. */
struct expansion {
	struct address_list list;
	bool is_alias;	   /* else the list is the name itself */
	bool is_list;	   /* an :include: had a part in it */
	bool is_discarded; /* by one of its targets; nobody may be left then */
};

/* An unreadable file is ERROR_CONFIG. */
int aliases_load(struct arena *a, const char *path, struct aliases *out,
		 struct error *f);
/* Appends what `one` stands for: itself when it has a domain that is elsewhere
 * or no alias.  A name that comes back to itself stays that name (so "root:
 * root, ops@example.org" works); a longer circle is ERROR_CONFIG (FILE:LINE),
 * as is an alias for nobody at all, and what cannot be read.  Targets keep
 * their own display names; a mailbox may come twice. */
int aliases_expand(struct arena *a, struct aliases *aliases,
		   const struct address *one, struct expansion *out,
		   struct error *f);
/* Looks through all of them, as `newaliases` did: -1 with the first line that
 * is none or that would be refused when it is used.  *count is how many names
 * there are. */
int aliases_check(struct arena *a, const char *path, unsigned *count,
		  struct error *f);

#endif
