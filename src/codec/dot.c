/* dot.c - dot-stuffing.
 *
 * Few lines begin with a dot, so the input is passed on in place and split
 * only where a dot is inserted.  An LF without CR is a line end for some
 * servers and not for others, which makes SMTP smuggling possible: such
 * input is refused. */
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

/* Decoding.  Five states, by what precedes the next octet:
 *
 *	START	 a CRLF, or nothing	"." -> DOT
 *	IN_LINE				CR -> CR
 *	CR	 CR			LF -> START
 *	DOT	 . at a line's start	CR -> DOT_CR
 *	DOT_CR	 . CR			LF -> the end
 *
 * A dot at the start of a line is dropped, whatever follows it; the CR of
 * DOT_CR is held back until it is known not to be part of the end. */

enum { UNDOT_START, UNDOT_IN_LINE, UNDOT_CR, UNDOT_DOT, UNDOT_DOT_CR };

void undot_init(struct undot *u)
{
	*u = (struct undot){ .state = UNDOT_START };
}

static void pass(struct sink *to, const char *data, size_t n)
{
	if (to && n)
		sink_put(to, data, n);
}

/* The state after octets that belong to the content, and are not empty. */
static int behind(int state, const char *data, size_t n)
{
	char last = data[n - 1];
	bool has_cr = n > 1 ? data[n - 2] == '\r' : state == UNDOT_CR;

	if (last == '\r')
		return UNDOT_CR;
	return last == '\n' && has_cr ? UNDOT_START : UNDOT_IN_LINE;
}

/* Octets to the line end, or all. */
static size_t line_of(const char *data, size_t n)
{
	const char *lf = memchr(data, '\n', n);

	return lf ? (size_t)(lf + 1 - data) : n;
}

size_t undot_feed(struct undot *u, const char *data, size_t n, struct sink *to)
{
	size_t from = 0, i = 0;

	while (i < n && !u->is_done) {
		char c = data[i];
		size_t step = 1;

		if (u->state == UNDOT_START && c == '.') {
			pass(to, data + from, i - from);
			from = i + 1;
			u->state = UNDOT_DOT;
		} else if (u->state == UNDOT_DOT && c == '\r') {
			from = i + 1;
			u->state = UNDOT_DOT_CR;
		} else if (u->state == UNDOT_DOT_CR && c == '\n') {
			from = i + 1;
			u->is_done = true;
		} else {
			if (u->state == UNDOT_DOT_CR) {
				pass(to, "\r", 1);
				u->state = UNDOT_CR;
			}
			/* ".\r" and then an LF was the end, so here an LF
			 * after DOT is alone */
			step = line_of(data + i, n - i);
			u->state = behind(u->state, data + i, step);
		}
		i += step;
	}
	pass(to, data + from, i - from);
	return i;
}

/* ---- input that ends at a lone dot ----
 *
 * Four states; what may be the line with the dot is held back.
 *
 *	START	a line begins
 *	TEXT	within any other line
 *	DOT	the line is "." so far
 *	DOT_CR	the line is "." CR so far */

/* The end of the text: after the next line end that a dot follows. */
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

/* The line continued after the held octets. */
static int release(struct lonedot *s)
{
	const char *held = s->state == LONEDOT_DOT ? "." : ".\r";

	s->state = LONEDOT_TEXT;
	return sink_puts(s->sink.next, held);
}

static int lonedot_put(struct sink *sink, const void *data, size_t n)
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

static const struct sink_ops lonedot_ops = { .put = lonedot_put };

void lonedot_init(struct lonedot *s, struct sink *next)
{
	*s = (struct lonedot){
		.sink = { .ops = &lonedot_ops,
			  .next = next,
			  .error = next->error },
	};
}
