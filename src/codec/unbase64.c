/* unbase64.c - whole groups of four by table, the rest character by character.
 */
#include "codec/unbase64.h"

#include <string.h>

#define SPACE	64
#define STRANGE 65
#define PAD	66

#define OUT_ROOM 8190 /* a multiple of 3 */

static unsigned char values[256];

static void fill_values(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	if (values['B'])
		return;
	memset(values, STRANGE, sizeof(values));
	for (unsigned char i = 0; i < 64; i++)
		values[(unsigned char)alphabet[i]] = i;
	values[' '] = values['\t'] = values['\r'] = values['\n'] = SPACE;
	values['='] = PAD;
}

/* Whole groups from p on, as many as `out` has room for. */
static size_t take_groups(const unsigned char **p, const unsigned char *end,
			  unsigned char *out, size_t room)
{
	unsigned char *o = out, *stop = out + room;

	while (end - *p >= 4 && stop - o >= 3) {
		const unsigned char *g = *p;
		unsigned a = values[g[0]], b = values[g[1]];
		unsigned c = values[g[2]], d = values[g[3]];

		if ((a | b | c | d) & 64)
			break;
		*o++ = (unsigned char)(a << 2 | b >> 4);
		*o++ = (unsigned char)(b << 4 | c >> 2);
		*o++ = (unsigned char)(c << 6 | d);
		*p += 4;
	}
	return (size_t)(o - out);
}

/* The octets of a group that was cut by its padding, or by the end. */
static size_t take_rest(struct unbase64 *s, unsigned char *out)
{
	size_t n = s->count > 1 ? s->count - 1 : 0;
	uint32_t bits = s->bits << (6 * (4 - s->count));

	if (s->count == 1)
		s->is_damaged = true;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	s->count = 0;
	s->bits = 0;
	return n;
}

/* One character; returns how many octets it completes. */
static size_t take_one(struct unbase64 *s, unsigned char c, unsigned char *out)
{
	unsigned value = values[c];

	if (value == PAD && !s->count) {
		s->is_odd = true;
		return 0;
	}
	if (value == PAD) {
		s->is_over = true;
		return take_rest(s, out);
	}
	if (value >= 64) {
		s->is_damaged = s->is_damaged || value == STRANGE;
		return 0;
	}
	s->is_damaged = s->is_damaged || s->is_odd;
	s->bits = s->bits << 6 | value;
	if (++s->count < 4)
		return 0;
	out[0] = (unsigned char)(s->bits >> 16);
	out[1] = (unsigned char)(s->bits >> 8);
	out[2] = (unsigned char)s->bits;
	s->count = 0;
	s->bits = 0;
	return 3;
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct unbase64 *s = (struct unbase64 *)sink;
	const unsigned char *p = data, *end = p + n;
	unsigned char out[OUT_ROOM];
	size_t filled = 0;

	while (p < end && !s->is_over) {
		if (!s->count && !s->is_odd)
			filled += take_groups(&p, end, out + filled,
					      sizeof(out) - filled);
		if (filled + 3 > sizeof(out)) {
			sink_put(sink->next, out, filled);
			filled = 0;
		}
		if (p < end)
			filled += take_one(s, *p++, out + filled);
	}
	return sink_put(sink->next, out, filled);
}

static int finish(struct sink *sink)
{
	struct unbase64 *s = (struct unbase64 *)sink;
	unsigned char out[3];

	if (!s->count)
		return 0;
	s->is_damaged = true;
	return sink_put(sink->next, out, take_rest(s, out));
}

static const struct sink_ops ops = { put, finish };

void unbase64_init(struct unbase64 *s, struct sink *next)
{
	fill_values();
	*s = (struct unbase64){
		.sink = { .ops = &ops, .next = next, .error = next->error },
	};
}

int unbase64_text(const char *text, struct buf *out)
{
	size_t n = strlen(text), body = strcspn(text, "=");
	struct unbase64 s = { .is_damaged = n % 4 || n - body > 2 };
	unsigned char octets[3];

	fill_values();
	if (strspn(text + body, "=") != n - body ||
	    strcspn(text, " \t\r\n") != n)
		s.is_damaged = true;
	for (size_t i = 0; i < n && !s.is_over && !s.is_damaged; i++)
		buf_put(out, octets,
			take_one(&s, (unsigned char)text[i], octets));
	explicit_bzero(octets, sizeof(octets));
	return s.is_damaged || out->overflow ? -1 : 0;
}
