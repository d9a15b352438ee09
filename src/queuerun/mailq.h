/* mailq.h - the queue as a person, a program and a monitor see it.
 *
 * Reading tells of the mails by records (record.h), and what is shown is made
 * of these: it is the same whether they come out of one queue or from processes
 * that look at those of all users. */
#ifndef QUEUERUN_MAILQ_H
#define QUEUERUN_MAILQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "queue/queue.h"
#include "queuerun/record.h"
#include "queuerun/users.h"

/* Which mails: one word of each that is not empty must fit (selection.h). */
struct mailq_choice {
	struct flush_words ids, senders, recipients;
};

/* ---- reading (mailq_visit.c, mailq_change.c) ---- */

/* Each mail that is chosen, one at a time in memory; unreadable ones fit no
 * sender and no recipient.  Behind the first `most` (0: no limit) that were
 * read in a place the others are only counted.  -1 also when `to` takes no
 * more. */
int mailq_visit(struct queue *q, const struct mailq_choice *choice, size_t most,
		const struct record_to *to, struct error *f);

enum mailq_change {
	MAILQ_HOLD, /* not tried until released */
	MAILQ_RELEASE,
	MAILQ_RETRY, /* due now; one that was given up waits again */
	MAILQ_DELETE,
};
struct mailq_changed {
	unsigned count;
	bool is_freed; /* one of them was held by a limit, and may go now */
};
/* `id` may be "ALL".  1; 0 where there is no such mail; -1 with the error,
 * which is temporary where somebody is just trying it.  out->count grows by
 * those that were changed. */
int mailq_change(struct queue *q, const char *id, enum mailq_change change,
		 struct mailq_changed *out, struct error *f);
/* The message as it goes out: 1, to be closed; 0 where there is no such mail;
 * -1.  The name is in the arena. */
int mailq_open(struct queue *q, struct arena *a, const char *id,
	       struct slice *out, struct error *f);
void mailq_close(struct slice *message);
/* The error for an id that is nowhere: ERROR_NOINPUT; -1. */
int mailq_no_such_mail(const char *id, struct error *f);

/* ---- showing ---- */

/* What was shown so far.  Each takes RECORD_MAIL and RECORD_MORE, and passes
 * over the rest. */
struct mailq_view {
	struct sink *out;
	bool shows_owner; /* in the list: there may be several */
	uint64_t octets, count, more;
};

/* Postfix's form, which monitors know: a block for each mail, and "-- N Kbytes
 * in N Requests." or "Mail queue is empty" as the last line.  Held, given up
 * and unreadable mails are marked.  Goes out as it is made: constant memory. */
int mailq_list_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r);
int mailq_list_end(struct mailq_view *v);
/* One JSON array (mailq_json.c). */
int mailq_json_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r, struct error *f);
int mailq_json_end(struct mailq_view *v);

/* For monitors, by the conventions of Nagios: one line with performance data,
 * and 0 OK, 1 warning, 2 critical, 3 unknown. */
struct mailq_limits {
	unsigned warn_count, crit_count; /* mails; 0: no limit */
	int warn_age, crit_age;		 /* seconds, of the oldest */
};
struct mailq_state {
	uint64_t waiting, held, given_up, bad;
	uint64_t limited;	  /* held by a limit, before its time */
	int64_t age;		  /* of the oldest that may be tried */
	unsigned unread;	  /* queues that could not be looked at */
	const char *unread_owner; /* of the first of them */
	const char *remark; /* for people: whose queues these are; or NULL */
};
void mailq_count(struct mailq_state *s, const struct record *r);
int mailq_check_end(const struct mailq_state *s,
		    const struct mailq_limits *limits, struct sink *out,
		    int *status);

#endif
