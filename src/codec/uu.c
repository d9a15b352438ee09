/* uu.c - six bits a character, from the backquote (for zero) and '!' up. */
#include "codec/uu.h"

#include <stdio.h>
#include <string.h>

#define UU_TEXT	 (1 + UU_LINE / 3 * 4 + 2) /* a full line and its end */
#define UU_LINES 64			   /* lines in one call of next */

static char uu_char(unsigned six)
{
	return (char)(six & 63 ? ' ' + (six & 63) : '`');
}

/* One line of n octets; those that fill the last group are zero. */
static size_t uu_line(char *out, const unsigned char *in, size_t n)
{
	char *o = out;
	size_t i;

	*o++ = uu_char((unsigned)n);
	for (i = 0; i < n; i += 3) {
		unsigned a = in[i];
		unsigned b = i + 1 < n ? in[i + 1] : 0;
		unsigned c = i + 2 < n ? in[i + 2] : 0;

		*o++ = uu_char(a >> 2);
		*o++ = uu_char(a << 4 | b >> 4);
		*o++ = uu_char(b << 2 | c >> 6);
		*o++ = uu_char(c);
	}
	*o++ = '\r';
	*o++ = '\n';
	return (size_t)(o - out);
}

/* Takes whole lines; returns how many octets it took. */
static size_t uu_lines(struct uu *s, const unsigned char *in, size_t n)
{
	char text[UU_LINES * UU_TEXT];
	size_t done = 0;

	while (n - done >= UU_LINE) {
		size_t filled = 0;

		while (n - done >= UU_LINE && filled < sizeof(text)) {
			filled += uu_line(text + filled, in + done, UU_LINE);
			done += UU_LINE;
		}
		sink_put(s->sink.next, text, filled);
	}
	return done;
}

static int uu_put(struct sink *sink, const void *data, size_t n)
{
	struct uu *s = (struct uu *)sink;
	const unsigned char *p = data;
	size_t take;

	if (s->held) {
		take = UU_LINE - s->held < n ? UU_LINE - s->held : n;
		memcpy(s->rest + s->held, p, take);
		s->held += take;
		p += take;
		n -= take;
		if (s->held == UU_LINE) {
			uu_lines(s, s->rest, UU_LINE);
			s->held = 0;
		}
	}
	take = uu_lines(s, p, n);
	if (n > take) {
		memcpy(s->rest, p + take, n - take);
		s->held = n - take;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int uu_close(struct sink *sink)
{
	struct uu *s = (struct uu *)sink;
	char text[UU_TEXT];

	if (s->held)
		sink_put(sink->next, text, uu_line(text, s->rest, s->held));
	return s->is_last ? sink_puts(sink->next, "`\r\nend\r\n") : 0;
}

static const struct sink_ops uu_ops = { .put = uu_put, .close = uu_close };

void uu_init(struct uu *s, struct sink *next, const char *name, unsigned mode)
{
	uu_init_section(s, next, name, mode, true, true);
}

void uu_init_section(struct uu *s, struct sink *next, const char *name,
		     unsigned mode, bool is_first, bool is_last)
{
	char text[16];

	s->sink = (struct sink){ .ops = &uu_ops,
				 .next = next,
				 .error = next->error };
	s->held = 0;
	s->is_last = is_last;
	if (!is_first)
		return;
	snprintf(text, sizeof(text), "begin %03o ", mode & 0777);
	sink_puts(next, text);
	sink_puts(next, name);
	sink_puts(next, "\r\n");
}

uint64_t uu_encoded_size(uint64_t n, const char *name)
{
	uint64_t size = strlen("begin 644 \r\n`\r\nend\r\n") + strlen(name);
	uint64_t rest = n % UU_LINE;

	size += n / UU_LINE * UU_TEXT;
	if (rest)
		size += 1 + (rest + 2) / 3 * 4 + 2;
	return size;
}
