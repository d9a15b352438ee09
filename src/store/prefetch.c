/* prefetch.c - two places in a list. */
#include "store/prefetch.h"

bool prefetch_is_next(const struct prefetch *a, const struct mailbox *m,
		      size_t number, int lines)
{
	return prefetch_pending(a) && a->lines == lines &&
	       (a->list == &a->one || a->list == m->expected) &&
	       a->list[a->answered] == number;
}

/* Mostly the one behind the last; what was passed over is not asked for. */
static size_t find(const struct prefetch *a, const struct mailbox *m,
		   size_t number)
{
	size_t at = a->list == m->expected ? a->asked : 0;

	while (at < m->expected_count && m->expected[at] != number)
		at++;
	return at;
}

void prefetch_begin(struct prefetch *a, const struct mailbox *m, size_t number,
		    int lines)
{
	size_t at = m->expected_count;

	if (m->expected && m->expected_lines == lines)
		at = find(a, m, number);
	if (at < m->expected_count) {
		*a = (struct prefetch){ .list = m->expected,
					.count = m->expected_count,
					.answered = at,
					.asked = at };
	} else {
		*a = (struct prefetch){ .one = number, .count = 1 };
		a->list = &a->one;
	}
	a->lines = lines;
}

bool prefetch_is_low(const struct prefetch *a, size_t window)
{
	return prefetch_pending(a) <= window / 2 && a->asked < a->count;
}

size_t prefetch_take(struct prefetch *a, size_t window)
{
	if (a->asked == a->count || prefetch_pending(a) >= window)
		return 0;
	return a->list[a->asked++];
}
