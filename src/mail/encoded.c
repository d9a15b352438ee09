/* encoded.c - collects words with the same charset and converts them together,
 * since many mailers split a character between two words. */
#include "mail/encoded.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/charset.h"

#define CHARSET_ROOM 48
/* Encoded words have no blanks (RFC 2047 2), but some mailers put them there,
 * and common readers decode them. */
#define STRICT "? \t"
#define LOOSE  "?"

struct word {
	char charset[CHARSET_ROOM];
	char encoding; /* 'q' or 'b' */
	const char *text;
	size_t length;
};

/* Words to be converted together. */
struct run {
	struct buf octets;
	char charset[CHARSET_ROOM]; /* "": none yet */
	const char *start, *end;    /* as they were written */
	bool broken;
};

/* "=?charset*language?encoding?text?=": its octets, or 0.  `ends` has the
 * characters that end the text. */
static size_t read_word(const char *p, const char *ends, struct word *w)
{
	size_t charset, language;
	const char *start = p;

	if (p[0] != '=' || p[1] != '?')
		return 0;
	p += 2;
	charset = strcspn(p, "*?= \t\"(),:;<>@[]\\");
	if (!charset || charset >= sizeof(w->charset))
		return 0;
	memcpy(w->charset, p, charset);
	w->charset[charset] = '\0';
	p += charset;
	language = strcspn(p, "? \t");
	if ((language && *p != '*') || p[language] != '?')
		return 0;
	p += language + 1;
	w->encoding = ascii_lower(*p);
	if ((w->encoding != 'q' && w->encoding != 'b') || p[1] != '?')
		return 0;
	w->text = p + 2;
	w->length = strcspn(w->text, ends);
	p = w->text + w->length;
	return p[0] == '?' && p[1] == '=' ? (size_t)(p + 2 - start) : 0;
}

size_t encoded_length(const char *text)
{
	struct word w;

	return read_word(text, STRICT, &w);
}

void encoded_quote_raw(struct buf *out, const char *text)
{
	struct word w;

	while (*text) {
		size_t n = read_word(text, STRICT, &w);

		if (!n || w.encoding != 'q') {
			n = n ? n : 1 + strcspn(text + 1, "=");
			buf_put(out, text, n);
			text += n;
			continue;
		}
		for (; n; n--, text++) {
			if ((unsigned char)*text > 127)
				buf_printf(out, "=%02X", (unsigned char)*text);
			else
				buf_putc(out, *text);
		}
	}
}

static void put_q(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int octet = p[i] == '=' && i + 2 < n ? text_hex_octet(p + i + 1)
						     : -1;

		if (octet >= 0) {
			buf_putc(out, (char)octet);
			i += 2;
		} else {
			buf_putc(out, p[i] == '_' ? ' ' : p[i]);
		}
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding may be missing or in the middle, and there may be blanks; any other
 * invalid character is -1. */
static int put_b(struct buf *out, const char *p, size_t n)
{
	unsigned bits = 0, group = 0;

	for (size_t i = 0; i < n; i++) {
		int value = base64_value(p[i]);

		if (p[i] == '=') {
			bits = 0;
			continue;
		}
		if (text_is_blank(p[i]))
			continue;
		if (value < 0)
			return -1;
		group = (group << 6 | (unsigned)value) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_putc(out, (char)(group >> bits & 0xff));
		}
	}
	return 0;
}

static void flush(struct run *run, struct buf *out)
{
	size_t before = out->len;

	if (!*run->charset)
		return;
	if (run->broken || (charset_decode(out, run->charset, run->octets.data,
					   run->octets.len) < 0 &&
			    charset_repair(out, run->charset, run->octets.data,
					   run->octets.len) < 0))
		buf_put(out, run->start, (size_t)(run->end - run->start));
	for (char *c = out->data + before; c < out->data + out->len; c++)
		if ((unsigned char)*c < 32 || *c == 127)
			*c = ' ';
	buf_reset(&run->octets);
	*run->charset = '\0';
	run->broken = false;
}

static void gather(struct run *run, const struct word *w, const char *start,
		   size_t n, struct buf *out)
{
	if (*run->charset && !ascii_equal(run->charset, w->charset))
		flush(run, out);
	if (!*run->charset) {
		memcpy(run->charset, w->charset, sizeof(run->charset));
		run->start = start;
	}
	run->end = start + n;
	if (w->encoding == 'q')
		put_q(&run->octets, w->text, w->length);
	else if (put_b(&run->octets, w->text, w->length) < 0)
		run->broken = true;
}

int encoded_decode(struct buf *out, const char *text)
{
	struct run run = { .octets = BUF_INIT(strlen(text)) };
	struct word w;

	while (*text) {
		size_t n = read_word(text, LOOSE, &w);
		size_t plain, space;

		if (n) {
			gather(&run, &w, text, n, out);
			text += n;
			space = strspn(text, " \t");
			if (read_word(text + space, LOOSE, &w))
				text += space;
			continue;
		}
		flush(&run, out);
		plain = 1 + strcspn(text + 1, "=");
		buf_put(out, text, plain);
		text += plain;
	}
	flush(&run, out);
	buf_free(&run.octets);
	return out->overflow ? -1 : 0;
}

const char *encoded_dup(struct arena *a, const char *text, size_t most)
{
	struct buf out = BUF_INIT(most);
	const char *copy;

	encoded_decode(&out, text);
	copy = arena_dup(a, out.data);
	buf_free(&out);
	return copy;
}
