/* users.h - which users' queues root runs: decided here and nowhere else.
 *
 * In the order of their uids, each uid once for each home:
 *
 *	in the password database,	always
 *	uid up to UID_MAX
 *	in the password database	if they have a queue in SPOOL or are in
 *	above that (nobody, a network	the register
 *	account)
 *	not in it (the account was	likewise
 *	deleted, a service without a
 *	name)
 *	the service for the users of	if its state is there, and last: its
 *	the machine			queue there, which it runs by itself
 *
 * SPOOL and the register are queue/spool.h's; UID_MAX is of /etc/login.defs,
 * 60000 where that does not say.  Nobody's home is looked at here: most have no
 * queue there, and own_queues_narrow leaves those out. */
#ifndef QUEUERUN_USERS_H
#define QUEUERUN_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define USERS_MAX 100000

struct user {
	unsigned uid, gid;
	const char *login;  /* as the password database has it; NULL: a uid */
	const char *name;   /* ... for people: the uid where it has none */
	const char *home;   /* NULL: none */
	const char *state;  /* the service's: its queue is below, and nothing
			       else of it is used; else NULL */
	bool is_extra_home; /* another home of the same uid, and only that */
	size_t order;	    /* users_list's own */
};

struct users {
	struct user *all;
	size_t count;
};

/* All of them, or with `only`, a name or a uid, that one: ERROR_NOUSER where
 * there is none.  What is wrong with SPOOL or the register is a warning, and
 * the others are found all the same.  For root. */
int users_list(struct arena *a, const char *only, struct users *out,
	       struct error *f);
/* The user that we run as.  With `only`, ERROR_PERMISSION where that is
 * another. */
int users_self(struct arena *a, const char *only, struct user *out,
	       struct error *f);

#endif
