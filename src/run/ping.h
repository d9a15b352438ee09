/* ping.h - notifies a monitoring service of the start and end of a job.
 *
 * The requests of healthchecks: URL/start, then URL or URL/fail.  A child
 * process makes them, so that the job does not wait; at the end it has
 * PING_SECONDS.  Failed requests are ignored: the service itself notices a
 * missing one. */
#ifndef RUN_PING_H
#define RUN_PING_H

#include <stdbool.h>
#include <sys/types.h>

#define PING_SECONDS 10 /* for each request, and for the last one to finish */

struct ping {
	pid_t pid; /* 0: none */
	int fd;	   /* a pipe to it */
};

/* If `url` is NULL, this and the other functions do nothing. */
void ping_start(struct ping *p, const char *url);
void ping_tell(struct ping *p, bool has_failed);
/* Waits until the last request is done, or timed out. */
void ping_finish(struct ping *p);

#endif
