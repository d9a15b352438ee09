/* own_queues.h - the queues of the user that this process runs as.
 *
 * A queue that is named is the only one: by $MAILSEND_QUEUE, an account, a
 * configuration or the setting queue_folder on the command line.  Otherwise
 * there may be several: the one for the next mail; the queue_folder of each
 * account; the one in the home and the one in the spool, since a home may have
 * been read-only for a while; and those in the register (spool.h).  Root has
 * none in a home. */
#ifndef QUEUERUN_OWN_QUEUES_H
#define QUEUERUN_OWN_QUEUES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "queuerun/users.h"

struct own_queues {
	const char **folders; /* absolute, none twice; in the arena */
	size_t count;
};

/* Is one of them named?  Asks nothing but the query and the environment. */
bool own_queues_are_named(const struct config_query *query);
/* The first is the one for the next mail, whether it exists or not; the others
 * exist.  A wrong configuration is a warning, and the queues are then those
 * without one; an account that is named and does not exist is an error. */
int own_queues_find(struct arena *a, const struct config_query *query,
		    struct own_queues *out, struct error *f);
/* For a process of root that has become this user: only those that exist.
 * Where there is none, a wrong configuration is not reported.  `home_only`: the
 * others belong to another row of users.h. */
int own_queues_find_there(struct arena *a, bool home_only,
			  struct own_queues *out, struct error *f);
/* For root: leaves out of the list the users for whom own_queues_find_there
 * would surely find none, so that only the others need a process.  That is
 * certain if neither a queue nor a configuration exists.  A few processes check
 * that with each user's rights on files, with lstat only.  A user is kept if
 * they cannot tell, or not in time. */
void own_queues_narrow(struct users *users);
/* The one below the working directory, which is a service's state. */
void own_queues_find_here(struct arena *a, struct own_queues *out);

#endif
