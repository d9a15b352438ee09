/* notice_text.c - a line is safe first, and broken to a width afterwards. */
#include "queuerun/notice_text.h"

#include <string.h>

#include "base/text.h"
#include "mail/charset.h"

#define WIDTH 72 /* columns; a character counts as one */

bool notice_text_is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 128)
		text++;
	return !*text;
}

static void put_octets(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\t')
			buf_putc(out, ' ');
		else
			buf_printf(out, "\\x%02X", (unsigned char)text[i]);
}

void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max)
{
	size_t start = out->len;

	for (size_t n; *text; text += n) {
		size_t whole = text_safe_step(text, strlen(text));
		bool escaped = !whole || (ascii && whole > 1);

		n = whole ? whole : 1;
		if (out->len - start + (escaped ? 4 * n : n) + 3 > max) {
			buf_puts(out, "...");
			return;
		}
		if (escaped)
			put_octets(out, text, n);
		else
			buf_put(out, text, n);
	}
}

void notice_text_put_span(struct buf *out, long long seconds)
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		long long n = seconds / units[i].seconds;

		if (n > 0) {
			buf_printf(out, "%lld %s%s", n, units[i].name,
				   n > 1 ? "s" : "");
			return;
		}
	}
	buf_puts(out, "a moment");
}

int notice_text_wrap(struct sink *to, size_t indent, const char *text)
{
	size_t column = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " "), width = text_width(text, n);

		if (column && column + 1 + width > WIDTH) {
			sink_puts(to, "\r\n");
			column = 0;
		}
		if (column)
			sink_puts(to, " ");
		else
			sink_printf(to, "%*s", (int)indent, "");
		column = column ? column + 1 + width : indent + width;
		if (sink_put(to, text, n) < 0)
			return -1;
		text += n;
	}
	return sink_puts(to, "\r\n");
}
