/* boundary.c - all but the beginnings of lines is passed over by memchr. */
#include "mail/boundary.h"

#include <string.h>

static char wanted(const struct boundary_search *s)
{
	return s->matched < 2 ? '-' : s->boundary[s->matched - 2];
}

static int search_put(struct sink *sink, const void *data, size_t n)
{
	struct boundary_search *s = (struct boundary_search *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		if (s->in_line) {
			p = memchr(p, '\n', (size_t)(end - p));
			if (!p)
				break;
			p++;
			boundary_search_line(s);
		} else if (*p != wanted(s)) {
			/* itself perhaps a line's end: look at it again */
			s->in_line = true;
		} else {
			p++;
			s->matched++;
			if (!wanted(s))
				s->found = s->in_line = true;
		}
	}
	return 0;
}

static const struct sink_ops search_ops = { .put = search_put };

void boundary_search_init(struct boundary_search *s, const char *boundary,
			  struct error *f)
{
	*s = (struct boundary_search){
		.sink = { .ops = &search_ops, .error = f },
		.boundary = boundary,
	};
}

void boundary_search_line(struct boundary_search *s)
{
	s->in_line = false;
	s->matched = 0;
}
