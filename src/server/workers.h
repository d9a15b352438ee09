/* workers.h - processes that serve one client after another.
 *
 * A process that has served a client waits for the next one of the same user or
 * address, with its connections to the accounts' servers still open
 * (upstream.h).  Two of them wait for five seconds, a few more for one second:
 * clients often come in quick succession, but a server accepts a limited number
 * of connections of one account.  After WORKER_CLIENTS_MAX clients a process
 * ends.  A process never serves clients of different users or addresses.
 *
 * Each has a stage in memory shared with the listening process.  A client is
 * passed over a socket between the two:
 *
 *	WORKER_BUSY	serves a client
 *	WORKER_IDLE	set by the worker when it has finished
 *	WORKER_BUSY	set by the listener, which then sends the next client
 *	WORKER_ENDS	set by the worker, which then ends
 *
 * The changes are atomic, so only one of the two succeeds.  A worker whose
 * socket is closed ends, too. */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

#include <stdatomic.h>

#include "server/clients.h"
#include "server/upstream.h"

#define WORKER_CLIENTS_MAX 100
#define WORKERS_IDLE_MAX   16 /* for WORKER_CROWD_MS */
#define WORKERS_IDLE_FEW   2  /* for WORKER_IDLE_MS */
#define WORKER_CROWD_MS	   1000
#define WORKER_IDLE_MS	   UPSTREAM_IDLE_MS

enum worker_stage { WORKER_BUSY, WORKER_IDLE, WORKER_ENDS };

struct worker {
	pid_t pid;	      /* 0: free */
	int line;	      /* to it */
	struct client *place; /* whom it serves; NULL: nobody */
	char from[LISTENER_NAME_SIZE];
	bool is_user;
	bool is_stale;	   /* knows settings of before */
	uint64_t since;	   /* sysenv_ticks: idle from there on */
	atomic_int *stage; /* enum worker_stage, shared with it */
};

struct workers {
	struct worker *all;
	size_t room, count;
	int wake; /* what the listener polls is written to here */
};

int workers_init(struct workers *w, struct arena *a, const struct clients *c,
		 int wake, struct error *f);
/* Sends a client to an idle worker that has served the same user or address:
 * its pid, or 0. */
pid_t workers_send(struct workers *w, struct client *place, int fd);
/* One for a process that is about to be forked, with the worker's end of its
 * line; NULL where there can be none. */
struct worker *workers_new(struct workers *w, const struct client *place,
			   int *line, struct error *f);
/* The process was forked: it serves that client now; 0: it was not. */
void workers_began(struct workers *w, struct worker *one, struct client *place,
		   pid_t pid);
/* Frees the places of workers that have become idle; ends surplus ones. */
void workers_check(struct workers *w, struct clients *c);
/* The process has ended. */
void workers_forget(struct workers *w, pid_t pid);
/* Idle workers end now, the others after their client. */
void workers_retire(struct workers *w);
void workers_signal(const struct workers *w, int number);
/* In a process of another kind, or a worker's: the lines are the listener's. */
void workers_close(struct workers *w);

/* In the worker: waits for the next client.  True: it is in *client, and *fd is
 * its connection; false: to end. */
bool worker_wait(const struct workers *w, struct worker *one, int line,
		 struct upstream *upstream, struct client *client, int *fd);

#endif
