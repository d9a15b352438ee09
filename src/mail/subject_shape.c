/* subject_shape.c - processes a subject by words; a word has the characters of
 * host names and timestamps. */
#include "mail/subject_shape.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define HEX_LEAST    7 /* of an abbreviated commit */
#define DIGITS_LEAST 5 /* that are not part of a name */

static bool is_letter(char c)
{
	return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' ||
	       (unsigned char)c > 127;
}

static bool is_word(char c)
{
	return is_letter(c) || ascii_is_digit(c);
}

/* Characters that are allowed inside a word, between two others. */
static bool is_joint(char c)
{
	return c == '-' || c == '.' || c == ':' || c == '+' || c == ',' ||
	       c == '/';
}

static size_t digits_at(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_is_digit(text[i]))
		i++;
	return i;
}

/* A colon, a comma or a slash joins only digits. */
static size_t word_length(const char *p)
{
	size_t n = 0;

	for (; is_word(p[n]) || is_joint(p[n]); n++) {
		if (is_word(p[n]))
			continue;
		if (!n || !is_word(p[n + 1]))
			break;
		if (p[n] != '-' && p[n] != '.' &&
		    (!ascii_is_digit(p[n - 1]) || !ascii_is_digit(p[n + 1])))
			break;
	}
	return n;
}

static bool is_hex(const char *p, size_t n, bool *has_digit)
{
	*has_digit = false;
	for (size_t i = 0; i < n; i++) {
		if (text_hex_value(p[i]) < 0)
			return false;
		*has_digit = *has_digit || ascii_is_digit(p[i]);
	}
	return n > 0;
}

/* RFC 9562 4. */
static bool is_uuid(const char *p, size_t n)
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };
	bool unused;

	if (n != 36)
		return false;
	for (size_t i = 0; i < 5; p += groups[i++] + 1)
		if (!is_hex(p, groups[i], &unused) ||
		    (i < 4 && p[groups[i]] != '-'))
			return false;
	return true;
}

static bool is_ipv4(const char *p, size_t n)
{
	for (int i = 0; i < 4; i++) {
		size_t digits = digits_at(p, n);

		if (!digits || digits > 3)
			return false;
		p += digits, n -= digits;
		if (i < 3 && (!n || *p != '.'))
			return false;
		if (i < 3)
			p++, n--;
	}
	return !n;
}

static bool is_number(const char *p, size_t n)
{
	bool has_digit,
		is_0x = n > 2 && p[0] == '0' && ascii_lower(p[1]) == 'x';

	if (is_0x)
		return is_hex(p + 2, n - 2, &has_digit);
	return is_uuid(p, n) || (is_hex(p, n, &has_digit) && has_digit &&
				 (n >= HEX_LEAST || digits_at(p, n) == n));
}

/* Numbers with units, times, dates: "12:30:05", "1.5GB", "2026-11-30T12:30Z";
 * two numbers and their separator are one. */
static void put_figures(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t digits = digits_at(p + i, n - i);

		if (!digits) {
			buf_putc(out, ascii_lower(p[i++]));
			continue;
		}
		i += digits;
		while (i + 1 < n && is_joint(p[i]) && ascii_is_digit(p[i + 1]))
			i += 1 + digits_at(p + i + 1, n - i - 1);
		buf_putc(out, '#');
	}
}

/* "2026-11-30"; its length, or 0. */
static size_t date_at(const char *p, size_t n)
{
	if (n < 10 || digits_at(p, n) != 4 || p[4] != '-' ||
	    digits_at(p + 5, n - 5) != 2 || p[7] != '-' ||
	    digits_at(p + 8, n - 8) != 2)
		return 0;
	return 10;
}

static void put_name(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t digits = digits_at(p + i, n - i);
		size_t date = date_at(p + i, n - i);

		if (date || digits >= DIGITS_LEAST) {
			buf_putc(out, '#');
			i += date ? date : digits;
			continue;
		}
		do
			buf_putc(out, ascii_lower(p[i++]));
		while (digits && --digits);
	}
}

static void put_word(struct buf *out, const char *p, size_t n)
{
	if (is_ipv4(p, n))
		buf_put(out, p, n);
	else if (is_number(p, n))
		buf_putc(out, '#');
	else if (ascii_is_digit(*p))
		put_figures(out, p, n);
	else
		put_name(out, p, n);
}

void subject_shape_put(struct buf *out, const char *subject)
{
	size_t start = out->len;

	for (const char *p = subject; *p;) {
		size_t n = word_length(p);

		if (n) {
			put_word(out, p, n);
			p += n;
		} else if (text_is_space(*p)) {
			p += strspn(p, " \t\r\n");
			if (*p && out->len > start)
				buf_putc(out, ' ');
		} else {
			buf_putc(out, *p++);
		}
	}
}
