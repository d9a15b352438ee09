/* held_scan.h - the mails of a queue that a limit holds, in groups. */
#ifndef QUEUERUN_HELD_SCAN_H
#define QUEUERUN_HELD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "queue/queue.h"

#define HELD_EACH_MAX (1024 * 1024) /* octets of a mail in a digest */

struct held {
	const char *id;
	const char *group; /* the same for mails that belong together */
	const char *set;   /* of what is in no digest; or NULL */
	int64_t arrived, until;
	uint64_t size;
	bool is_due;
	bool is_left; /* it stays held */
	size_t order;
};

struct held_scan {
	struct queue *queue;
	struct arena arena;
	int64_t now;
	struct held *items; /* group after group, the oldest of each first; sets
			       before digests */
	size_t count, room;
	const char **pending; /* digests that still name their members */
	size_t pending_count, pending_room;
};

/* Reads without locks.  Leaves out what a person holds. */
int held_scan_look(struct held_scan *s, struct queue *q, int64_t now,
		   struct error *f);
void held_scan_free(struct held_scan *s);
/* Is anything due, or was a digest interrupted? */
bool held_scan_has_work(const struct held_scan *s);
/* How many of the group that begins at `at`; is one of them due? */
size_t held_scan_group(const struct held_scan *s, size_t at, bool *is_due);

#endif
