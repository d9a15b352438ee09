/* flush.h - a run over the queue.
 *
 * Tries what is asked for, each account's mails over one connection, in a
 * process for each account: a mail that kills or blocks its process is put
 * off, and the run goes on with the others.  Any number of runs at once is
 * safe: each mail is locked while it is tried.  At the end the senders of what
 * failed are told (notice.h) and the queue is tidied. */
#ifndef QUEUERUN_FLUSH_H
#define QUEUERUN_FLUSH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "deliver/outcome.h"
#include "smtp/dial.h"

/* Any of each that is not empty: all of the ones given must match, ids and
 * addresses without regard to case; "@domain" is any address there, and part
 * of an address will do as it does for sendmail. */
struct flush_words {
	const char **words;
	size_t count, room;
};

struct flush {
	struct arena *arena;
	const char *folder; /* of the queue; absolute for flush_start */
	struct flush_words ids, senders, recipients;
	bool due_only;		   /* only what its back-off says */
	bool verbose;		   /* a note on standard error for each mail */
	const struct trace *trace; /* or NULL */
	unsigned patience; /* milliseconds without a sign of life, after which a
			      process is taken for stuck; 0: an hour */
};

struct flush_result {
	unsigned sent, deferred, failed; /* mails; failed has those given up */
	unsigned busy;			 /* somebody else had them */
	unsigned held;			 /* asked for, but held */
	unsigned bad;			 /* set aside: they cannot be read */
};

/* 0 also when nothing could be delivered: each mail's own record tells.  -1
 * when the queue itself is at error.  SIGTERM, SIGINT and SIGHUP end it, with
 * 0: the mail at hand waits as before (base/interrupt.h).  Returns in the
 * caller's process alone. */
int flush_run(const struct flush *fl, struct flush_result *out,
	      struct error *f);
/* Starts a run in a process of its own, with nothing of ours but the queue: no
 * terminal, no standard streams, no descriptors.  Returns at once, and only in
 * the caller's process; a queue that is empty starts nothing.  `one_only`: not
 * when another that was started so is running (so it is for what is due anyway,
 * and not for a mail that was put in just now, which that one may have missed).
 */
int flush_start(const struct flush *fl, bool one_only, struct error *f);

#endif
