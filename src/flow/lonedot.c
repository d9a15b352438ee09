/* lonedot.c - four states; what may be the dot's line is held back.
 *
 *	START	a line begins
 *	TEXT	within a line that is not the dot's
 *	DOT	the line is "." so far
 *	DOT_CR	the line is "." CR so far */
#include "flow/lonedot.h"

#include <string.h>

/* Where the text goes on to: past the next line end that has a dot behind it,
 * or nothing yet. */
static const char *next_dot(const char *p, const char *end)
{
	const char *line = p;

	while ((line = memchr(line, '\n', (size_t)(end - line)))) {
		line++;
		if (line == end || *line == '.')
			return line;
	}
	return NULL;
}

static int pass_text(struct lonedot *s, const char **p, const char *end)
{
	const char *from = *p, *to = next_dot(from, end);

	if (to)
		s->state = LONEDOT_START;
	*p = to ? to : end;
	return sink_put(s->sink.next, from, (size_t)(*p - from));
}

/* The line went on behind what was held back. */
static int release(struct lonedot *s)
{
	const char *held = s->state == LONEDOT_DOT ? "." : ".\r";

	s->state = LONEDOT_TEXT;
	return sink_puts(s->sink.next, held);
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct lonedot *s = (struct lonedot *)sink;
	const char *p = data, *end = p + n;

	while (p < end && !s->is_over) {
		if (s->state == LONEDOT_TEXT) {
			if (pass_text(s, &p, end) < 0)
				return -1;
		} else if (s->state == LONEDOT_START) {
			s->state = *p == '.' ? LONEDOT_DOT : LONEDOT_TEXT;
			p += *p == '.';
		} else if (*p == '\n') {
			s->is_over = true;
		} else if (*p == '\r' && s->state == LONEDOT_DOT) {
			s->state = LONEDOT_DOT_CR;
			p++;
		} else if (release(s) < 0) {
			return -1;
		}
	}
	return 0;
}

static const struct sink_ops ops = { .put = put };

void lonedot_init(struct lonedot *s, struct sink *next)
{
	*s = (struct lonedot){
		.sink = { .ops = &ops, .next = next, .error = next->error },
	};
}
