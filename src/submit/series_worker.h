/* series_worker.h - sends the mails of one connection; private to series.c. */
#ifndef SUBMIT_SERIES_WORKER_H
#define SUBMIT_SERIES_WORKER_H

#include <stdatomic.h>

#include "deliver/route.h"
#include "submit/series.h"

/* Shared by all connections, in memory shared by their processes. */
struct series_shared {
	size_t size;
	atomic_uint next;	 /* the last number drawn */
	atomic_uint unconnected; /* connections that could not be made */
	atomic_bool stop;
	atomic_bool refused[]; /* the common envelope's recipients */
};

struct series_mail; /* a mail on its way */

struct series_worker {
	const struct series *series;
	struct series_shared *shared;
	struct route route;
	unsigned connections;
	/* Reports a verdict; false: the reader is gone. */
	bool (*report)(struct series_worker *w, const struct series_verdict *v);
	int report_fd; /* the pipe; -1: this process is the only one */
	struct series_result *result;
	struct error *error; /* of the first failure */
	size_t recipient;    /* index after the last one found */
	/* being sent, in order */
	struct series_mail *mails[SESSION_MAILS_MAX];
	unsigned count;
	bool has_finished; /* at least one was finished */
};

bool series_worker_is_stopped(const struct series_worker *w);
void series_worker_stop(struct series_worker *w);
/* Draws mails until there are no more, and reports each. */
void series_worker_run(struct series_worker *w);

bool series_is_wanted(const struct series *s, unsigned n);
bool series_is_done(const struct series *s, unsigned n, struct arena *a);
/* "KEY <ADDRESS>", in the arena. */
const char *series_key_for(struct arena *a, const char *key,
			   const struct recipient *one);

#endif
