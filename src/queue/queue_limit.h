/* queue_limit.h - how many mails an account sends, and how often of one kind.
 *
 * FOLDER/limit has a small file for each account and owner (named by a digest
 * of their names): when the mails of the past hour were sent, and when the last
 * one of each kind was.  A kind is the sender, the recipients and the shape of
 * the subject (mail/subject_shape.h).  The answer is that the mail may be sent,
 * which is counted at once, or until when it is held.  A digest of held mails
 * is always sent, and counts as one mail of each kind in it.
 *
 * QUEUE_LIMIT_TIMES and QUEUE_LIMIT_KINDS are kept, the oldest are forgotten.
 * The file is replaced as a whole, under a lock (FOLDER/limit/state.lock); a
 * damaged one is replaced by an empty one, with a warning.  Whatever is wrong
 * with it is an error, after which the mail is to be sent: a failure of the
 * limit holds no mail.  A time in the future, since the clock was set back,
 * counts as now.  Times are seconds since 1970. */
#ifndef QUEUE_QUEUE_LIMIT_H
#define QUEUE_QUEUE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "queue/queue.h"

#define QUEUE_LIMIT_HOUR  3600
#define QUEUE_LIMIT_TIMES 10000 /* the most that limit_hour can be */
#define QUEUE_LIMIT_KINDS 5000
#define QUEUE_LIMIT_KEY	  17 /* with the NUL */

/* The account's settings. */
struct queue_limit {
	const char *account;
	const char *owner; /* as in entry.h: each user is counted separately; or
			      NULL */
	int same;	   /* seconds between two of a kind; 0: off */
	int hour;	   /* mails in an hour; 0: off */
};

/* Which limit holds the mail. */
enum queue_limit_by {
	QUEUE_LIMIT_NONE,
	QUEUE_LIMIT_SAME,
	QUEUE_LIMIT_PER_HOUR
};
/* The setting's name; NULL for none. */
const char *queue_limit_word(enum queue_limit_by by);

struct queue_limit_answer {
	enum queue_limit_by by; /* NONE: it may be sent, and is counted */
	int64_t until;
	bool is_due; /* held mail is due: start a run; set once a minute at most
		      */
};

/* The kind of a mail.  -1 where no digest can be made (flow/digest.h). */
int queue_limit_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const char *sender, const char *const *recipients,
		    size_t count, const char *subject, struct error *f);
/* Waits for other processes that ask, for a few seconds. */
int queue_limit_ask(struct queue *q, const struct queue_limit *l,
		    const char *key, int64_t now,
		    struct queue_limit_answer *out, struct error *f);
/* What the answer would be; nothing is counted, and no lock is taken. */
int queue_limit_look(struct queue *q, const struct queue_limit *l,
		     const char *key, int64_t now,
		     struct queue_limit_answer *out, struct error *f);
/* The mail that was allowed was not sent: it does not count. */
int queue_limit_return(struct queue *q, const struct queue_limit *l,
		       const char *key, int64_t when, struct error *f);
/* A digest of these kinds is sent; `next` is when more held mail is due, 0:
 * none is. */
int queue_limit_note(struct queue *q, const struct queue_limit *l,
		     const char (*keys)[QUEUE_LIMIT_KEY], size_t count,
		     int64_t now, int64_t next, struct error *f);

/* A lock named by [0-9a-z-]; to change mails that a limit holds, take "digest".
 * A descriptor, or -1 with the error (temporary when another process holds it
 * for longer than `wait` milliseconds). */
int queue_limit_lock(struct queue *q, const char *name, unsigned wait,
		     struct error *f);

#endif
