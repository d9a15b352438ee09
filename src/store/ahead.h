/* ahead.h - which messages a server was asked for, and which are next.
 *
 * Answers are read in the order of the questions.  What mailbox_expect
 * announced is asked for ahead, up to a window; any other message is asked for
 * alone. */
#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "store/mailbox.h"

#define AHEAD_WINDOW 32 /* questions without an answer, at most */

struct ahead {
	const size_t *list; /* m->expected, or &one, or NULL */
	size_t count, answered, asked;
	int lines; /* of mailbox_top; -1: whole */
	size_t one;
};

/* Is the next answer about this one? */
bool ahead_is_next(const struct ahead *a, const struct mailbox *m,
		   size_t number, int lines);
/* Answers that are still to come. */
static inline size_t ahead_pending(const struct ahead *a)
{
	return a->asked - a->answered;
}
/* Starts anew with this one; nothing may be pending. */
void ahead_begin(struct ahead *a, const struct mailbox *m, size_t number,
		 int lines);
/* Is it time to ask?  True first of all when nothing is pending. */
bool ahead_is_low(const struct ahead *a, size_t window);
/* The number to ask for, 0 when the window is full or all was asked. */
size_t ahead_take(struct ahead *a, size_t window);
static inline void ahead_answered(struct ahead *a)
{
	a->answered++;
}

#endif
