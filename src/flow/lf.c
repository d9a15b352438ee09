/* lf.c - runs between CRs go on whole. */
#include "flow/lf.h"

#include <string.h>

static int put(struct sink *sink, const void *data, size_t n)
{
	struct lf *s = (struct lf *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *cr;

		if (s->cr) {
			s->cr = false;
			if (*p != '\n' && sink_put(sink->next, "\r", 1) < 0)
				return -1;
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		if (sink_put(sink->next, p, (size_t)((cr ? cr : end) - p)) < 0)
			return -1;
		s->cr = cr != NULL;
		p = cr ? cr + 1 : end;
	}
	return 0;
}

static int finish(struct sink *sink)
{
	struct lf *s = (struct lf *)sink;

	return s->cr ? sink_put(sink->next, "\r", 1) : 0;
}

static const struct sink_ops ops = { .put = put, .close = finish };

void lf_init(struct lf *s, struct sink *next)
{
	*s = (struct lf){
		.sink = { .ops = &ops, .next = next, .error = next->error },
	};
}
