/* limit.h - the guard for all mails of an account: limit_same, limit_hour.
 *
 * Asked once for each mail before it is sent, or once for mails that are one (a
 * file that was split).  A mail that is over is held in the queue, from where
 * it goes in a digest (queuerun/held.h).  Whatever is wrong with the guard,
 * the mail is sent, and a warning says why it was not held. */
#ifndef SUBMIT_LIMIT_H
#define SUBMIT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "compose/compose.h"
#include "queue/queue_limit.h"

struct limit {
	struct queue queue;
	struct queue_limit rule;
	struct queue_limit_answer answer;
	char key[QUEUE_LIMIT_KEY];
	int64_t asked;
	bool is_counted;
	const char *set; /* the id of mails that are one, or NULL */
};

/* Does any limit hold for the account? */
bool limit_is_on(const struct account *account);
/* The composition has its envelope.  `set` as in struct limit. */
void limit_ask(struct limit *l, const struct composition *c, const char *set);
static inline bool limit_holds(const struct limit *l)
{
	return l->answer.by != QUEUE_LIMIT_NONE;
}
/* For --explain and --dry-run: "one mail of a kind in 1h, 60 in an hour", and
 * whether this one would be held; nothing where no limit holds. */
void limit_describe(const struct composition *c, struct buf *to);
/* Nobody got the mail, nor will: it does not count. */
void limit_return(struct limit *l);
/* "limit_same 1h"; for people, in the arena. */
const char *limit_words(struct arena *a, const struct limit *l);

#endif
