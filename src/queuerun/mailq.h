/* mailq.h - the queue as a person, a program and a monitor see it. */
#ifndef QUEUERUN_MAILQ_H
#define QUEUERUN_MAILQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "flow/sink.h"
#include "queue/queue.h"
#include "queuerun/flush.h"

/* Which mails: one word of each that is not empty must fit (selection.h). */
struct mailq_choice {
	struct flush_words ids, senders, recipients;
};

/* Postfix's form, which monitors know: a block for each mail, and "-- N Kbytes
 * in N Requests." or "Mail queue is empty" as the last line.  Held, given up
 * and unreadable mails are marked.  Goes out as it is made: constant memory. */
int mailq_list(struct queue *q, const struct mailq_choice *choice,
	       struct sink *out, struct error *f);
/* One JSON array. */
int mailq_json(struct queue *q, const struct mailq_choice *choice,
	       struct sink *out, struct error *f);

/* For monitors, by the conventions of Nagios: one line with performance data,
 * and 0 OK, 1 warning, 2 critical, 3 unknown. */
struct mailq_limits {
	unsigned warn_count, crit_count; /* mails; 0: no limit */
	int64_t warn_age, crit_age;	 /* seconds, of the oldest */
};
int mailq_check(struct queue *q, const struct mailq_limits *limits,
		struct sink *out, int *status, struct error *f);

enum mailq_change {
	MAILQ_HOLD, /* not tried until released */
	MAILQ_RELEASE,
	MAILQ_RETRY, /* due now; one that was given up waits again */
	MAILQ_DELETE,
};
/* `id` may be "ALL".  ERROR_NOINPUT where there is no such mail, temporary
 * where somebody is just trying it. */
int mailq_change(struct queue *q, const char *id, enum mailq_change change,
		 unsigned *count, struct error *f);
/* The message as it goes out. */
int mailq_print(struct queue *q, const char *id, struct sink *out,
		struct error *f);

#endif
