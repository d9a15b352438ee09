/* queue_limit.h - how many mails an account sends, and how often of one kind.
 *
 * What is known of it lies in FOLDER/limit, a small file for each account and
 * owner (by a digest of their names): when the mails of the past hour went, and
 * when the last one of each kind did.  A kind is the sender, the recipients and
 * the shape of the subject (mail/subject_shape.h).  Whoever asks is told that
 * the mail goes, which is counted at once, or until when it is held.  A digest
 * of held mails is let through, and counts as one mail of each kind in it.
 *
 * QUEUE_LIMIT_TIMES and QUEUE_LIMIT_KINDS are kept, the oldest are forgotten.
 * The file is replaced as a whole, under a lock (FOLDER/limit/state.lock); one
 * that is damaged is begun anew, with a warning.  Whatever is wrong with it is
 * an error, after which the mail is to be sent: a guard that is out of order
 * keeps no mail back.  What is of the future, since the clock was set back,
 * counts as of now.  Times are seconds since 1970. */
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

/* What the account's settings say. */
struct queue_limit {
	const char *account;
	const char *owner; /* as in entry.h: users are counted each by
			      themselves; or NULL */
	int same;	   /* seconds between two of a kind; 0: off */
	int hour;	   /* mails in an hour; 0: off */
};

/* Which one holds the mail. */
enum queue_limit_by {
	QUEUE_LIMIT_NONE,
	QUEUE_LIMIT_SAME,
	QUEUE_LIMIT_PER_HOUR
};
/* The setting's name; NULL for none. */
const char *queue_limit_word(enum queue_limit_by by);

struct queue_limit_answer {
	enum queue_limit_by by; /* NONE: it goes, and is counted */
	int64_t until;
	bool is_due; /* held mail is due: a run is to be started; this is
			said once a minute */
};

/* The kind of a mail.  -1 where no digest can be made (flow/digest.h). */
int queue_limit_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const char *sender, const char *const *recipients,
		    size_t count, const char *subject, struct error *f);
/* Waits for others who ask, for a few seconds. */
int queue_limit_ask(struct queue *q, const struct queue_limit *l,
		    const char *key, int64_t now,
		    struct queue_limit_answer *out, struct error *f);
/* What the answer would be; nothing is counted, and no lock is taken. */
int queue_limit_look(struct queue *q, const struct queue_limit *l,
		     const char *key, int64_t now,
		     struct queue_limit_answer *out, struct error *f);
/* The mail that was let through did not go: it does not count. */
int queue_limit_return(struct queue *q, const struct queue_limit *l,
		       const char *key, int64_t when, struct error *f);
/* A digest goes, of these kinds; `next` is when more that is held will be due,
 * 0: nothing is. */
int queue_limit_note(struct queue *q, const struct queue_limit *l,
		     const char (*keys)[QUEUE_LIMIT_KEY], size_t count,
		     int64_t now, int64_t next, struct error *f);

/* A lock of [0-9a-z-] names; whoever changes mails that a limit holds has
 * "digest".  A descriptor, or -1 with the error (temporary when somebody has it
 * for longer than `wait` milliseconds). */
int queue_limit_lock(struct queue *q, const char *name, unsigned wait,
		     struct error *f);

#endif
