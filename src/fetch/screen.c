/* screen.c - a character is held until it is whole. */
#include "fetch/screen.h"

#include <string.h>

#include "base/text.h"

static unsigned length_of(unsigned char c)
{
	return c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

static int put_doubt(struct screen *s)
{
	unsigned n = s->count;

	s->count = 0;
	return sink_put(s->sink.next, "????", n);
}

static int put_wide(struct screen *s)
{
	unsigned n = s->count;

	if (!text_safe_step((const char *)s->held, s->want))
		return put_doubt(s);
	s->count = 0;
	return sink_put(s->sink.next, s->held, n);
}

static int put_one(struct screen *s, unsigned char c)
{
	if (s->count && text_is_continuation((char)c)) {
		s->held[s->count++] = c;
		return s->count == s->want ? put_wide(s) : 0;
	}
	if (s->count && put_doubt(s) < 0)
		return -1;
	s->want = s->is_utf8 ? length_of(c) : 0;
	if (s->want) {
		s->held[s->count++] = c;
		return 0;
	}
	if ((c < 32 && c != '\n' && c != '\t') || c >= 127)
		c = '?';
	return sink_put(s->sink.next, &c, 1);
}

static bool is_plain(unsigned char c)
{
	return (c >= 32 && c < 127) || c == '\n' || c == '\t';
}

static int screen_put(struct sink *sink, const void *data, size_t n)
{
	struct screen *s = (struct screen *)sink;
	const unsigned char *p = data, *end = p + n;

	while (p < end) {
		const unsigned char *from = p;

		while (p < end && !s->count && is_plain(*p))
			p++;
		if (p > from &&
		    sink_put(sink->next, from, (size_t)(p - from)) < 0)
			return -1;
		if (p < end && put_one(s, *p++) < 0)
			return -1;
	}
	return 0;
}

static int screen_close(struct sink *sink)
{
	struct screen *s = (struct screen *)sink;

	return s->count ? put_doubt(s) : 0;
}

static const struct sink_ops ops = { screen_put, screen_close };

void screen_init(struct screen *s, struct sink *next, bool is_utf8)
{
	*s = (struct screen){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.is_utf8 = is_utf8,
	};
}
