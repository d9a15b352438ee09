/* ping.h - a monitor that waits for a job, told that it starts and how it ends.
 *
 * The requests of healthchecks: URL/start, then URL, or URL/fail.  A process of
 * its own makes them, so that the job waits for none; at the end it has
 * PING_SECONDS.  What goes wrong with them is nobody's failure: the monitor
 * itself tells what it missed. */
#ifndef RUN_PING_H
#define RUN_PING_H

#include <stdbool.h>
#include <sys/types.h>

#define PING_SECONDS 10 /* for one request, and for the last one */

struct ping {
	pid_t pid; /* 0: none */
	int fd;	   /* to it */
};

/* With a NULL `url` nothing is done, here and later. */
void ping_start(struct ping *p, const char *url);
void ping_tell(struct ping *p, bool has_failed);
/* Until the last request is done, or its time is over. */
void ping_finish(struct ping *p);

#endif
