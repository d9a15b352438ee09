/* mailq.h - the queue as a person, a program and a monitor see it.
 *
 * What is shown is made of records (record.h): it is the same whether they come
 * from one queue or from the processes that read those of all users. */
#ifndef QUEUERUN_MAILQ_H
#define QUEUERUN_MAILQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"
#include "queue/queue.h"
#include "queuerun/record.h"
#include "queuerun/users.h"

/* Which mails: one word of each list that is not empty must match
 * (selection.h). */
struct mailq_choice {
	struct flush_words ids, senders, recipients;
};

/* What is changed. */
enum mailq_change {
	MAILQ_HOLD, /* not tried until released */
	MAILQ_RELEASE,
	MAILQ_RETRY, /* due now; one that was given up waits again */
	MAILQ_DELETE,
};

/* The error for an id that is nowhere: ERROR_NOINPUT; -1. */
int mailq_no_such_mail(const char *id, struct error *f);

/* ---- showing ---- */

/* What was shown so far.  Each function takes RECORD_MAIL and RECORD_MORE, and
 * ignores the rest. */
struct mailq_view {
	struct sink *out;
	bool shows_owner; /* in the list: there may be several */
	uint64_t octets, count, more;
};

/* Postfix's form, which monitors know: a block for each mail, and "-- N Kbytes
 * in N Requests." or "Mail queue is empty" as the last line.  Held, given up
 * and unreadable mails are marked.  It is written as it is made: constant
 * memory. */
int mailq_list_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r);
int mailq_list_end(struct mailq_view *v);
/* One JSON array. */
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
	unsigned unread;	  /* queues that could not be read */
	const char *unread_owner; /* of the first of them */
	const char *remark; /* for people: whose queues these are; or NULL */
};
void mailq_count(struct mailq_state *s, const struct record *r);
int mailq_check_end(const struct mailq_state *s,
		    const struct mailq_limits *limits, struct sink *out,
		    int *status);

#endif
