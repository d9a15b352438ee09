/* cut.c - counts lines, and knows an empty one: above the header it ends none.
 */
#include "store/cut.h"

#include <string.h>

static void end_line(struct cut *s)
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

static int cut_put(struct sink *sink, const void *data, size_t n)
{
	struct cut *s = (struct cut *)sink;
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

static const struct sink_ops ops = { .put = cut_put };

void cut_init(struct cut *s, struct sink *next, unsigned lines)
{
	*s = (struct cut){
		.sink = { .ops = &ops, .next = next, .fault = next->fault },
		.lines = lines,
	};
}
