/* allowance.h - how much a user of this machine may send, and how much of the
 * disk their mail may take.
 *
 *	serve_rate	recipients in a time, as a bucket that fills again
 *	serve_quota	octets in the service's own queue
 *	serve_reserve	octets of the disk that stay free for others
 *
 * Each user has a small file in QUEUE/serving, named by their share (peer.h),
 * read and written under its lock: all connections and all services of that
 * queue count together, also after a restart.  Mail over a limit is refused
 * with 450 or 452 and may be tried later; a mail larger than the quota with
 * 552.
 *
 * The quota is a sum that only grows while mail is queued.  When it is used up
 * the queue is counted again, so that mail which has left it is free again.
 * Accepted mail that is not in the queue yet is summed up separately, since
 * that count does not see it.  Root has no limits. */
#ifndef SERVER_ALLOWANCE_H
#define SERVER_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "flow/sink.h"
#include "server/peer.h"

struct allowance {
	struct sink sink;	       /* allowance_sink */
	const struct account *account; /* whose serve_ settings hold */
	const struct peer *peer;
	const char *queue;    /* the folder; it is there */
	uint64_t pending;     /* octets accepted, not in the queue yet */
	uint64_t count, next; /* octets through the sink; when to look again */
};

/* Borrows all; `a` has the paths. */
int allowance_init(struct allowance *l, struct arena *a,
		   const struct account *account, const struct peer *peer,
		   struct error *f);
/* How many recipients one mail of theirs may have. */
size_t allowance_recipients(const struct account *account,
			    const struct peer *peer);
/* ... and octets: a mail that is more than the whole quota never fits. */
uint64_t allowance_size(const struct account *account, const struct peer *peer);
/* Is there room for a mail of that announced size (0: unknown)?  For a reply
 * before its content comes.  -1 with an error that has a reply code. */
int allowance_check(struct allowance *l, uint64_t size, struct error *f);
/* A mail to so many comes: they count from now on, whatever becomes of it. */
int allowance_take(struct allowance *l, size_t recipients, struct error *f);
/* Its content, past a look at the disk now and then. */
struct sink *allowance_sink(struct allowance *l, struct sink *next);
/* It is whole and about to be sent or queued. */
int allowance_hold(struct allowance *l, uint64_t size, struct error *f);
/* And what became of it. */
void allowance_settle(struct allowance *l, bool is_queued);

/* When a service starts, nothing is on its way. */
void allowance_forget_pending(struct arena *a, const char *queue);

#endif
