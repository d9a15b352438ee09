/* everybody.h - root's work on the queues of all users, each as its owner.
 *
 * A process for each user becomes that user for good (base/identity.h), and
 * then looks, in their home, at their configuration and their queue.  It has
 * nothing of ours: no terminal, no descriptor but two pipes, no variable.  Over
 * one it tells of what it does by records, over the other come its words and
 * those of the commands it runs; each of them is made safe and begins with the
 * owner's name.  Nothing of a user's is opened in our own process.  Root's own
 * process keeps what we have: a passphrase may be asked for.
 *
 * Nobody holds up the others: some run at a time; one that says nothing for too
 * long, or takes too long, is ended, which is that user's error; one that takes
 * its time does not count among those that may run. */
#ifndef QUEUERUN_EVERYBODY_H
#define QUEUERUN_EVERYBODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "queuerun/record.h"
#include "queuerun/users.h"

struct everybody {
	const struct users *users;
	/* In the process of that user.  What it returns is not looked at: what
	 * there is to say it has told. */
	void (*work)(void *context, const struct user *who,
		     const struct record_to *to);
	/* In ours, for each record but RECORD_END and RECORD_STRANGER; also
	 * RECORD_ERROR for a process that did not end in good order.  -1 with
	 * the error ends it all. */
	int (*take)(void *context, const struct user *who,
		    const struct record *r, struct error *f);
	void *context;
	bool in_order;	  /* of the users: take one's records before the next */
	unsigned silence; /* milliseconds without a record; 0: no limit */
	unsigned limit;	  /* milliseconds in all; 0: no limit */
};

/* SIGTERM, SIGINT and SIGHUP, where they are noted (base/interrupt.h), are
 * passed on, and what has not begun does not begin: 0.  Where we may not
 * become other users, that is told once, by a warning, and our own is looked
 * after.  Returns in the caller's process alone. */
int everybody_run(const struct everybody *e, struct error *f);

#endif
