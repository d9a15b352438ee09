/* xtext.c - see xtext.h. */
#include "codec/xtext.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

void xtext_put(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > 32 && c < 127 && c != '+' && c != '=')
			buf_putc(out, *text);
		else
			buf_printf(out, "+%02X", c);
	}
}

static bool is_upper_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

char *xtext_decode(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1), *to = out;

	for (; *text; text++) {
		if (*text < 33 || *text > 126 || *text == '=')
			return NULL;
		if (*text != '+') {
			*to++ = *text;
			continue;
		}
		if (!is_upper_hex(text[1]) || !is_upper_hex(text[2]))
			return NULL;
		*to = (char)text_hex_octet(text + 1);
		if (!*to++)
			return NULL;
		text += 2;
	}
	return out;
}
