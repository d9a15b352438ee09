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

/* C0, DEL and C1; and what turns the direction of writing, or cannot be seen,
 * so that a line would be read as another one (U+200E and on). */
static bool does_more(const unsigned char *s)
{
	unsigned long code;

	if (*s < 0x80)
		return *s < 32 || *s == 127;
	if (*s < 0xE0)
		return *s == 0xC2 && s[1] < 0xA0;
	if (*s >= 0xF0)
		return false;
	code = (*s & 0xFUL) << 12 | (s[1] & 0x3FUL) << 6 | (s[2] & 0x3FUL);
	return (code >= 0x200E && code <= 0x200F) ||
	       (code >= 0x2028 && code <= 0x202E) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

size_t plain_step(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t step = n ? character(s, n) : 0;

	return step && !does_more(s) ? step : 0;
}

void plain_put(struct buf *out, const char *text, size_t n)
{
	while (n) {
		size_t step = plain_step(text, n);

		if (step) {
			buf_put(out, text, step);
		} else {
			buf_putc(out, '?');
			step = character((const unsigned char *)text, n);
			step = step ? step : 1;
		}
		text += step;
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
