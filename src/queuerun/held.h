/* held.h - what becomes of the mails that a limit of their account holds.
 *
 * When one is due, all that are held from the same sender to the same
 * recipients are sent as one mail (held_digest.h), which is in the queue,
 * durable, before they are removed.  A single one is sent unchanged.  Mails
 * larger than HELD_EACH_MAX and the parts of a split file are in no digest: the
 * limit is asked once more (queue_limit.h); after a day each run sends one of
 * them.
 *
 * A digest has HELD_MAILS_MAX mails and HELD_OCTETS_MAX octets at most, and one
 * run makes HELD_DIGESTS_MAX for the same recipients; the rest is held for
 * another hour. */
#ifndef QUEUERUN_HELD_H
#define QUEUERUN_HELD_H

#include "base/arena.h"
#include "base/error.h"
#include "queue/queue.h"
#include "queuerun/selection.h"

#define HELD_MAILS_MAX	 1000
#define HELD_OCTETS_MAX	 (5 * 1024 * 1024)
#define HELD_DIGESTS_MAX 4

/* `made` gets the ids of the digests and of the released mails.  Does nothing
 * while another run makes digests. -1 with the first error; the others were
 * processed all the same. */
int held_run(struct queue *q, struct arena *a, struct flush_words *made,
	     struct error *f);

#endif
