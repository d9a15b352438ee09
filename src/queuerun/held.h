/* held.h - what becomes of the mails that a limit of their account holds.
 *
 * When the time of one has come, all that are held for the same recipients of
 * the same sender go with it as one mail (held_digest.h), which is put into the
 * queue, durable, before they leave it.  A single one goes as it is.  What is
 * larger than HELD_EACH_MAX and the parts of a split file are in no digest:
 * they ask the guard once more, and go when it lets them (queue_limit.h); after
 * a day one of them goes with each run.
 *
 * A digest has HELD_MAILS_MAX mails and HELD_OCTETS_MAX octets at most, and one
 * run makes HELD_DIGESTS_MAX for the same recipients; the rest is held for
 * another hour. */
#ifndef QUEUERUN_HELD_H
#define QUEUERUN_HELD_H

#include "base/arena.h"
#include "base/error.h"
#include "queue/queue.h"
#include "queuerun/flush.h"

#define HELD_MAILS_MAX	 1000
#define HELD_OCTETS_MAX	 (5 * 1024 * 1024)
#define HELD_EACH_MAX	 (1024 * 1024)
#define HELD_DIGESTS_MAX 4

/* `made` takes the ids of the digests and of what was released.  Where another
 * run makes digests just now nothing is done.  -1 with the first error, which
 * stopped none of the others. */
int held_run(struct queue *q, struct arena *a, struct flush_words *made,
	     struct error *f);

#endif
