/* flush.h - a run over the queue.
 *
 * Tries the chosen mails, those of an account over one connection, in a process
 * for each account: a mail that kills or blocks its process is deferred, and
 * the run goes on with the others.  Any number of runs at once is safe: each
 * mail is locked while it is tried.  At the end the senders of failed mails are
 * notified (notice.h) and the queue is tidied. */
#ifndef QUEUERUN_FLUSH_H
#define QUEUERUN_FLUSH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "deliver/outcome.h"
#include "smtp/dial.h"

/* Each list that is not empty must match, by any of its words, without regard
 * to case; "@domain" is any address there, and part of an address is enough, as
 * in sendmail. */
struct flush_words {
	const char **words;
	size_t count, room;
};

struct flush {
	struct arena *arena;
	const char *folder; /* of the queue; absolute for flush_start */
	struct flush_words ids, senders, recipients;
	bool due_only;		   /* only what is due */
	bool verbose;		   /* a note on standard error for each mail */
	const struct trace *trace; /* or NULL */
	unsigned patience; /* milliseconds of silence after which a process
			      counts as stuck; 0: an hour */
};

struct flush_result {
	unsigned sent, deferred, failed; /* mails; failed has those given up */
	unsigned busy;			 /* somebody else had them */
	unsigned held;			 /* asked for, but held */
	unsigned bad;			 /* set aside: they cannot be read */
};

/* 0 also when nothing could be delivered: each mail's entry has its result. -1
 * when the queue itself cannot be used.  SIGTERM, SIGINT and SIGHUP end it,
 * with 0: the current mail stays in the queue (base/interrupt.h).  Returns in
 * the caller's process alone. */
int flush_run(const struct flush *fl, struct flush_result *out,
	      struct error *f);
/* Starts a run in a separate process with nothing of ours: no terminal, no
 * standard streams, no descriptors.  Returns at once, and only in the caller's
 * process; an empty queue starts nothing.  `one_only`: not when another run
 * started this way is active (for mail that is due anyway, not for one that was
 * just queued, which that run may have missed). */
int flush_start(const struct flush *fl, bool one_only, struct error *f);

#endif
