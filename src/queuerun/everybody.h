/* everybody.h - root's work on the queues of all users, each as its owner.
 *
 * A process for each user becomes that user for good (base/identity.h), and
 * then reads the configuration and the queue in their home.  It has nothing of
 * ours: no terminal, no descriptor but two pipes, no variable.  Over one pipe
 * it sends records of what it does; the other is its standard error and that of
 * the commands it runs, of which each line is sanitized and begins with the
 * owner's name.  Our own process opens no file of a user.  The process for
 * root's own queue keeps what we have: a passphrase may be asked for.
 *
 * No user holds up the others: several run at a time; one that is silent or
 * takes too long is ended, which is that user's error; one that has run for a
 * while does not count for the limit. */
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
	/* In the process of that user; it has to report all results by
	 * records. */
	void (*work)(void *context, const struct user *who,
		     const struct record_to *to);
	/* In ours, for each record but RECORD_END and RECORD_DENIED; also
	 * RECORD_ERROR for a process that failed. -1 with the error ends
	 * everything. */
	int (*take)(void *context, const struct user *who,
		    const struct record *r, struct error *f);
	void *context;
	bool in_order;	  /* of the users: take one's records before the next */
	unsigned silence; /* milliseconds without a record; 0: no limit */
	unsigned limit;	  /* milliseconds in all; 0: no limit */
};

/* SIGTERM, SIGINT and SIGHUP, where they are noted (base/interrupt.h), are
 * passed on, and no further process starts: 0.  Where we may not become other
 * users, there is one warning, and only our own queue is used.  Returns in the
 * caller's process alone. */
int everybody_run(const struct everybody *e, struct error *f);

#endif
