/* words.c - encoded words and extended parameters.
 *
 * A text is tokens and the spaces between them.  Tokens that need no encoding
 * are unchanged; the others, and the spaces between two of those, become a run
 * of encoded words.  Decoders drop the white space between adjacent encoded
 * words and keep the one space between a word and a token, so:
 *
 *   - a run is between plain tokens, never beside another run;
 *   - spaces beyond that one, and those at the text's ends, are in a run;
 *   - a short plain stretch between two runs joins them, which is shorter.
 * */
#include "codec/words.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/base64.h"

#define LINE	   76 /* a folded line: a space and this */
#define WORD	   64 /* leaves room for "Subject: " on the first line */
#define PAYLOAD	   (WORD - 12)	      /* without "=?UTF-8?Q?" and "?=" */
#define TOKEN	   (LINE - PLAIN_GAP) /* a longer plain token is encoded */
#define GAP	   12 /* a plain stretch shorter than this joins */
#define PLAIN_GAP  8  /* spaces that stay between plain tokens */
#define PARAM_ROOM 12 /* minimum length of the value of a section */

static bool is_one_of(unsigned char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_printable(unsigned char c)
{
	return c >= 32 && c < 127;
}

/* RFC 2045 5.1 */
static bool is_token_char(unsigned char c)
{
	return c > 32 && c < 127 && !is_one_of(c, "()<>@,;:\\\"/[]?=");
}

/* RFC 2231 7; the octets that need no percent-encoding. */
static bool is_attribute_char(unsigned char c)
{
	return ascii_is_alnum((char)c) || is_one_of(c, "!#$&+-.^_`{|}~");
}

static bool is_all(const char *text, bool (*is)(unsigned char c))
{
	while (*text && is((unsigned char)*text))
		text++;
	return !*text;
}

/* Octets of the character at text: a lead octet and its continuation octets. */
static size_t character(const char *text, size_t n)
{
	unsigned char c = (unsigned char)text[0];
	size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	size_t have = 1;

	while (have < want && have < n && text_is_continuation(text[have]))
		have++;
	return have;
}

bool words_needed(const char *text, size_t longest)
{
	size_t token = 0;

	if (!is_all(text, is_printable) || strstr(text, "=?"))
		return true;
	for (; *text; text++) {
		token = *text == ' ' ? 0 : token + 1;
		if (token > longest)
			return true;
	}
	return false;
}

static bool is_plain_token(const char *text, size_t n, bool phrase)
{
	size_t i;

	if (!n || n > TOKEN)
		return false;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!is_printable(c) || (phrase && !ascii_is_atext((char)c)))
			return false;
		if (i && c == '?' && text[i - 1] == '=')
			return false;
	}
	return true;
}

/* Number of octets from text that are not encoded: tokens, and the spaces
 * between them.  A token that only spaces follow is encoded. */
static size_t plain_stretch(const char *text, bool phrase)
{
	size_t most = phrase ? 1 : PLAIN_GAP;
	size_t at = 0, end = 0;

	for (;;) {
		size_t token = strcspn(text + at, " ");
		size_t spaces = strspn(text + at + token, " ");
		bool last = !text[at + token + spaces];

		if (!is_plain_token(text + at, token, phrase) ||
		    (last && spaces))
			return end;
		end = at + token;
		if (last || spaces > most)
			return end;
		at = end + spaces;
	}
}

/* Number of octets from text that are encoded together, up to a plain
 * stretch. */
static size_t coded_stretch(const char *text, bool phrase)
{
	size_t end = 0;

	for (;;) {
		size_t plain;

		end += strspn(text + end, " ");
		end += strcspn(text + end, " ");
		if (!text[end])
			return end;
		plain = plain_stretch(text + end + 1, phrase);
		if (!plain)
			continue;
		if (plain >= GAP || !text[end + 1 + plain])
			return end;
		end += 1 + plain;
	}
}

/* RFC 2047 4.2, and 5 (3) for a phrase. */
static size_t q_cost(unsigned char c, bool phrase)
{
	if (c == ' ' || ascii_is_alnum((char)c))
		return 1;
	if (phrase)
		return is_one_of(c, "!*+-/") ? 1 : 3;
	return is_printable(c) && !is_one_of(c, "=?_") ? 1 : 3;
}

static size_t q_size(const char *text, size_t n, bool phrase)
{
	size_t i, size = 0;

	for (i = 0; i < n; i++)
		size += q_cost((unsigned char)text[i], phrase);
	return size;
}

static void put_hex(struct buf *out, char mark, unsigned char c)
{
	buf_putc(out, mark);
	buf_putc(out, text_hex_upper[c >> 4]);
	buf_putc(out, text_hex_upper[c & 15]);
}

static void put_q(struct buf *out, const char *text, size_t n, bool phrase)
{
	size_t i;

	buf_puts(out, "=?UTF-8?Q?");
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == ' ')
			buf_putc(out, '_');
		else if (q_cost(c, phrase) == 1)
			buf_putc(out, text[i]);
		else
			put_hex(out, '=', c);
	}
	buf_puts(out, "?=");
}

static void put_b(struct buf *out, const char *text, size_t n)
{
	char code[PAYLOAD];

	buf_puts(out, "=?UTF-8?B?");
	buf_put(out, code, base64_text(code, text, n));
	buf_puts(out, "?=");
}

/* Octets, in complete characters, that fit an encoded word. */
static size_t word_take(const char *text, size_t n, bool q, bool phrase)
{
	size_t take = 0, size = 0;

	while (take < n) {
		size_t more = character(text + take, n - take);

		if (q)
			size += q_size(text + take, more, phrase);
		else
			size = (take + more + 2) / 3 * 4;
		if (size > PAYLOAD)
			break;
		take += more;
	}
	return take;
}

static void put_coded(struct buf *out, const char *text, size_t n, bool phrase)
{
	bool q = q_size(text, n, phrase) <= (n + 2) / 3 * 4;

	while (n) {
		size_t take = word_take(text, n, q, phrase);

		if (q)
			put_q(out, text, take, phrase);
		else
			put_b(out, text, take);
		text += take;
		n -= take;
		if (n)
			buf_putc(out, ' ');
	}
}

static int put_stretches(struct buf *out, const char *text, bool phrase)
{
	while (*text) {
		size_t n = plain_stretch(text, phrase);

		if (n) {
			buf_put(out, text, n);
		} else {
			n = coded_stretch(text, phrase);
			put_coded(out, text, n, phrase);
		}
		text += n;
		if (*text == ' ') {
			buf_putc(out, ' ');
			text++;
		}
	}
	return out->overflow ? -1 : 0;
}

int words_put_text(struct buf *out, const char *text)
{
	return put_stretches(out, text, false);
}

int words_put_phrase(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	/* Two quotes and a comma fit on the line of the longest token too. */
	if (plain_stretch(text, true) == n || words_needed(text, TOKEN - 3))
		return put_stretches(out, text, true);
	text_put_quoted(out, text);
	return out->overflow ? -1 : 0;
}

static size_t extended_cost(unsigned char c)
{
	return is_attribute_char(c) ? 1 : 3;
}

/* Octets, in complete characters, whose extended form fits; at least one
 * character.  *size is set to the size of that form. */
static size_t extended_take(const char *value, size_t room, size_t *size)
{
	size_t n = strlen(value), take = 0;

	*size = 0;
	while (take < n) {
		size_t i, more = character(value + take, n - take);
		size_t cost = 0;

		for (i = 0; i < more; i++)
			cost += extended_cost((unsigned char)value[take + i]);
		if (take && *size + cost > room)
			break;
		*size += cost;
		take += more;
	}
	return take;
}

static void put_extended(struct buf *out, const char *value, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)value[i];

		if (is_attribute_char(c))
			buf_putc(out, value[i]);
		else
			put_hex(out, '%', c);
	}
}

/* RFC 2231 3 and 4: a section is " name*N*=...;" on a line of its own. */
static void put_sections(struct buf *out, const char *name, const char *value)
{
	const char *charset = "UTF-8''";
	unsigned section;

	for (section = 0; *value; section++) {
		size_t used = out->len, room, take, size;

		buf_printf(out, "; %s*%u*=%s", name, section, charset);
		used = out->len - used; /* a space and a semicolon, as above */
		room = used + PARAM_ROOM < LINE ? LINE - used : PARAM_ROOM;
		take = extended_take(value, room, &size);
		put_extended(out, value, take);
		value += take;
		charset = "";
	}
}

int words_put_parameter(struct buf *out, const char *name, const char *value)
{
	size_t n = strlen(value), room = LINE - 2, fixed = strlen(name) + 1;
	size_t i, quoted = fixed + n + 2, extended, take;

	for (i = 0; i < n; i++)
		quoted += value[i] == '"' || value[i] == '\\';
	take = extended_take(value, SIZE_MAX, &extended);
	if (words_needed(value, room) || quoted > room) {
		if (fixed + strlen("*UTF-8''") + extended > room) {
			put_sections(out, name, value);
		} else {
			buf_printf(out, "; %s*=UTF-8''", name);
			put_extended(out, value, take);
		}
		return out->overflow ? -1 : 0;
	}
	buf_printf(out, "; %s=", name);
	if (n && is_all(value, is_token_char))
		buf_puts(out, value);
	else
		text_put_quoted(out, value);
	return out->overflow ? -1 : 0;
}

/* U+00C0 to U+017F, two characters each. */
static const char latin[] =
	"A A A A A A AEC E E E E I I I I D N O O O O O x O U U U U Y THss"
	"a a a a a a aec e e e e i i i i d n o o o o o _ o u u u u y thy "
	"A a A a A a C c C c C c C c D d D d E e E e E e E e E e G g G g "
	"G g G g H h H h I i I i I i I i I i IJijJ j K k k L l L l L l L "
	"l L l N n N n N n n N n O o O o O o OEoeR r R r R r S s S s S s "
	"S s T t T t T t U u U u U u U u U u U u W w Y y Y Z z Z z Z z s ";

/* Only sequences of two octets matter here; 0 for every other. */
static unsigned latin_point(const char *text, size_t n)
{
	if (n != 2 || (text[0] & 0xe0) != 0xc0)
		return 0;
	return (unsigned)(text[0] & 0x1f) << 6 | (text[1] & 0x3f);
}

int words_put_fallback(struct buf *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t n = character(text, left);
		unsigned point = latin_point(text, n);

		if (is_printable((unsigned char)text[0])) {
			buf_putc(out, text[0]);
		} else if (point >= 0xc0 && point < 0x180) {
			const char *two = latin + (point - 0xc0) * 2;

			buf_put(out, two, two[1] == ' ' ? 1 : 2);
		} else if (point < 0x300 || point > 0x36f) {
			/* Those between are combining accents. */
			buf_putc(out, '_');
		}
		text += n;
		left -= n;
	}
	return out->overflow ? -1 : 0;
}
