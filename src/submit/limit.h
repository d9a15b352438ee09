/* limit.h - the limits for all mails of an account: limit_same, limit_hour.
 *
 * Asked once for each mail before it is sent, or once for the parts of a split
 * file.  A mail over a limit is held in the queue, and sent later in a digest
 * (queuerun/held.h).  If the check fails, the mail is sent, with a warning. */
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
	const char *set; /* the id of the parts of a split file, or NULL */
};

/* The composition has its envelope.  `set` as in struct limit. */
void limit_ask(struct limit *l, const struct composition *c, const char *set);
static inline bool limit_holds(const struct limit *l)
{
	return l->answer.by != QUEUE_LIMIT_NONE;
}
/* For --explain and --dry-run: "one mail of a kind in 1h, 60 in an hour", and
 * whether this one would be held; nothing where there is no limit. */
void limit_describe(const struct composition *c, struct buf *to);
/* Nobody gets the mail: it does not count. */
void limit_return(struct limit *l);
/* "limit_same 1h"; for people, in the arena. */
const char *limit_words(struct arena *a, const struct limit *l);

#endif
