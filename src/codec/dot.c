/* dot.c - dot-stuffing.
 *
 * Few lines begin with a dot, so what comes in is passed on as it lies and
 * cut only where a dot goes between.  A LF that has no CR before it would be
 * read as a line's end by some servers and not by others, which is how mail
 * is smuggled into mail: such input is refused, not guessed at. */
#include "codec/dot.h"

#include <string.h>

enum { IN_LINE, BEHIND_CR, AT_START };

static int dot_put(struct sink *sink, const void *data, size_t n)
{
	struct dot *s = (struct dot *)sink;
	const char *p = data, *end = p + n, *from = p;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (s->state == AT_START && *p == '.') {
			sink_put(sink->next, from, (size_t)(p - from));
			sink_put(sink->next, ".", 1);
			from = p;
		}
		if (!lf) {
			s->state = end[-1] == '\r' ? BEHIND_CR : IN_LINE;
			break;
		}
		if (lf > p ? lf[-1] != '\r' : s->state != BEHIND_CR)
			return error_set(sink->error, ERROR_SOFTWARE,
					 "a line of the message ends without "
					 "CR; it was not sent");
		s->state = AT_START;
		p = lf + 1;
	}
	return sink_put(sink->next, from, (size_t)(end - from));
}

static int dot_close(struct sink *sink)
{
	static const char *const endings[] = {
		[IN_LINE] = "\r\n.\r\n",
		[BEHIND_CR] = "\n.\r\n",
		[AT_START] = ".\r\n",
	};

	return sink_puts(sink->next, endings[((struct dot *)sink)->state]);
}

static const struct sink_ops dot_ops = { .put = dot_put, .close = dot_close };

void dot_init(struct dot *s, struct sink *next)
{
	s->sink = (struct sink){ .ops = &dot_ops,
				 .next = next,
				 .error = next->error };
	s->state = AT_START;
}
