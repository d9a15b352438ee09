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

#include "base/error.h"
#include "queuerun/selection.h"

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
