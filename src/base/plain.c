/* plain.c - RFC 3629's table, read from the first octet. */
#include "base/plain.h"

/* Octets of the character at `s` where it is whole, else 0. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t want = *s < 0x80	  ? 1
		      : *s < 0xC2 ? 0
		      : *s < 0xE0 ? 2
		      : *s < 0xF0 ? 3
		      : *s < 0xF5 ? 4
				  : 0;

	if (!want || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((*s == 0xE0 && s[1] < 0xA0) || (*s == 0xED && s[1] > 0x9F) ||
	    (*s == 0xF0 && s[1] < 0x90) || (*s == 0xF4 && s[1] > 0x8F))
		return 0;
	return want;
}

void plain_put(struct buf *out, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	while (n) {
		size_t step = character(s, n);

		if (!step || *s < 32 || *s == 127 ||
		    (*s == 0xC2 && s[1] < 0xA0))
			buf_putc(out, '?');
		else
			buf_put(out, s, step);
		step = step ? step : 1;
		s += step;
		n -= step;
	}
}

const char *plain_dup(struct arena *a, const char *text, size_t n)
{
	struct buf out = BUF_INIT(PLAIN_MAX);
	const char *kept;

	plain_put(&out, text, n);
	kept = arena_dup(a, out.data);
	buf_free(&out);
	return kept;
}

size_t plain_width(const char *text, size_t n)
{
	size_t width = 0;

	for (; n; text++, n--)
		width += ((unsigned char)*text & 0xC0) != 0x80;
	return width;
}
