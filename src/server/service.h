/* service.h - a service for the users of this machine becomes a user of its
 * own, and runs its own queue without a timer.
 *
 * While mail waits, a process runs the queue (queuerun/flush.h) in the interval
 * queue_retry, but at least once a minute. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* Root becomes serve_user, or, with `by_default`, "mailsend" where there is
 * such a user and none was named.  1: we are somebody else now, and what is
 * known of home, configuration and queue is not true any more; 0: we are who we
 * were. */
int service_become(struct arena *a, const struct account *account,
		   bool by_default, struct error *f);

struct service_runs {
	struct arena *arena;
	const char *queue; /* its folder */
	pid_t pid;	   /* of the run; 0: there is none */
	uint64_t next;	   /* sysenv_ticks of the next look */
	uint64_t between;  /* milliseconds */
};

/* The queue is made where there is none. */
int service_runs_init(struct service_runs *r, struct arena *a,
		      const struct account *account, struct error *f);
/* Milliseconds until service_runs_start is due, for poll(). */
int service_runs_wait(const struct service_runs *r);
/* 1 in the process of a run, when it is over: nothing is left to do in it. */
int service_runs_start(struct service_runs *r);
/* Was it the run?  It has ended. */
bool service_runs_ended(struct service_runs *r, pid_t pid);

#endif
