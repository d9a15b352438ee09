/* top_filter.c - counts lines, and knows an empty one: above the header it ends
 * none.
 */
#include "store/top_filter.h"

#include <string.h>

static void end_line(struct top_filter *s)
{
	if (s->in_body)
		s->lines--;
	else if (s->column == 0)
		s->in_body = s->has_header;
	else
		s->has_header = true;
	s->column = 0;
	if (s->in_body && s->lines == 0)
		s->is_over = true;
}

static bool is_bom(char c)
{
	return c == '\xEF' || c == '\xBB' || c == '\xBF';
}

static int top_filter_put(struct sink *sink, const void *data, size_t n)
{
	struct top_filter *s = (struct top_filter *)sink;
	const char *p = data, *end = p + n, *from = p;

	while (p < end && !s->is_over) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf ? lf : end;

		for (; p < stop && s->column == 0; p++)
			s->column +=
				*p != '\r' && (s->has_header || !is_bom(*p));
		p = lf ? lf + 1 : end;
		if (lf)
			end_line(s);
	}
	return sink_put(sink->next, from, (size_t)(p - from));
}

static const struct sink_ops ops = { .put = top_filter_put };

void top_filter_init(struct top_filter *s, struct sink *next, unsigned lines)
{
	*s = (struct top_filter){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.lines = lines,
	};
}
