/* prefetch.h - which messages a server was asked for, and which are next.
 *
 * Answers are read in the order of the questions.  What mailbox_expect
 * announced is asked for ahead, up to a window; any other message is asked for
 * alone. */
#ifndef STORE_PREFETCH_H
#define STORE_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "store/mailbox.h"

#define PREFETCH_WINDOW 32 /* questions without an answer, at most */

struct prefetch {
	const size_t *list; /* m->expected, or &one, or NULL */
	size_t count, answered, asked;
	int lines; /* of mailbox_top; -1: whole */
	size_t one;
};

/* Is the next answer about this one? */
bool prefetch_is_next(const struct prefetch *a, const struct mailbox *m,
		      size_t number, int lines);
/* Answers that are still to come. */
static inline size_t prefetch_pending(const struct prefetch *a)
{
	return a->asked - a->answered;
}
/* Starts anew with this one; nothing may be pending. */
void prefetch_begin(struct prefetch *a, const struct mailbox *m, size_t number,
		    int lines);
/* Is it time to ask?  True first of all when nothing is pending. */
bool prefetch_is_low(const struct prefetch *a, size_t window);
/* The number to ask for, 0 when the window is full or all was asked. */
size_t prefetch_take(struct prefetch *a, size_t window);
static inline void prefetch_answered(struct prefetch *a)
{
	a->answered++;
}

#endif
