/* text.h - what every protocol needs of text: blanks, numbers, hex digits,
 * UTF-8; the filter for foreign text; and "did you mean".
 *
 * Foreign text comes from a server, a mail, a file name or an environment
 * variable.  Before it reaches a terminal, a log or JSON it passes
 * text_put_safe or text_sanitize: whole UTF-8 characters stay; controls (C0,
 * DEL, C1), bidirectional and invisible characters, and octets that are not
 * UTF-8 become '?', so that they cannot control a terminal or disguise a
 * line. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* ---- blanks and controls ---- */

/* Space and tab, as in RFC 5234's WSP. */
static inline bool text_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ... and line ends. */
static inline bool text_is_space(char c)
{
	return text_is_blank(c) || c == '\r' || c == '\n';
}

/* C0 and DEL. */
static inline bool text_is_control(char c)
{
	return (unsigned char)c < 32 || c == 127;
}

bool text_has_control(const char *text);

/* Removes blanks and line ends at both ends, in place; returns the start. */
char *text_trim(char *text);

/* A copy in lower case. */
char *text_lower(struct arena *a, const char *text);
/* For qsort and bsearch, over pointers to texts. */
int text_compare(const void *one, const void *other);
/* Is the word in the list, which ends with NULL? */
bool text_is_among(const char *word, const char *const *list);

/* ---- numbers ---- */

/* A decimal number and nothing else, without a sign, of at most `most`. */
bool text_number(const char *text, uint64_t most, uint64_t *out);
/* The digits at the start; how many there are, 0 where there are none or the
 * number is over `most`. */
size_t text_digits(const char *text, uint64_t most, uint64_t *out);
/* "4" or "7-9" at the start, from 1 on; how long it is, 0 where there is none.
 */
size_t text_range(const char *text, uint64_t most, uint64_t *from,
		  uint64_t *to);

/* ---- text_measure.c: sizes and times that people type ---- */

/* "500", "500k", "1.5 MB", "5MiB" in octets, at most `most`: k, M, G, T and
 * KiB, MiB ... are binary, kB, MB ... decimal, in either case. */
bool text_read_size(const char *text, uint64_t most, uint64_t *octets);
/* "90", "90s", "1h30m", "1.5 hours", "2 days 4 h" in seconds, at most `most`;
 * the largest unit comes first. */
bool text_read_time(const char *text, uint64_t most, uint64_t *seconds);

/* ---- the same for people to read ---- */

/* "12.3 MB". */
void text_size(char *out, size_t size, uint64_t n);
/* A time for people, in its largest unit: "4 hours", "5 days". */
void text_put_span(struct buf *out, int64_t seconds);

/* ---- templates ---- */

/* What "{name}" stands for; a list ends with a NULL name. */
struct text_word {
	const char *name, *value;
};
/* Appends the template; braces around anything else stay. */
void text_fill(struct buf *out, const char *template,
	       const struct text_word *words);

/* ---- hex ---- */

extern const char text_hex_upper[];		 /* "0123456789ABCDEF" */
extern const unsigned char text_hex_digits[256]; /* 1 more than each is worth */
/* Of a digit in either case, -1 for anything else. */
static inline int text_hex_value(char c)
{
	return text_hex_digits[(unsigned char)c] - 1;
}
/* The octet that two digits stand for, -1 where they are none; the second is
 * not examined when the first is none. */
static inline int text_hex_octet(const char *digits)
{
	int high = text_hex_value(digits[0]);
	int low = high < 0 ? -1 : text_hex_value(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}
/* `out` has room for 2 n characters and the NUL; lower case. */
void text_hex(char *out, const void *octets, size_t n);
/* "AB:CD:...", room for 3 n characters; "" for none. */
void text_hex_colons(char *out, const void *octets, size_t n);
/* Nothing but hex digits in lower case, `n` of them. */
bool text_is_hex(const char *text, size_t n);

/* ---- base 32 ---- */

/* In the order of ASCII, and none is easily taken for another: no i, l, o, u.
 */
extern const char text_base32[];

/* ---- UTF-8 (RFC 3629) ---- */

/* Octets of the character at `text`, 0 where there is none that is whole and
 * valid.  `point`, unless NULL, becomes its code point. */
size_t text_character(const char *text, size_t n, uint32_t *point);
/* Octets of the whole and valid characters that the text begins with. */
size_t text_valid_run(const char *text, size_t n);
/* ... of those beyond ASCII alone; their number is added to *count. */
size_t text_wide_run(const char *text, size_t n, uint64_t *count);
/* The character of a code point; its octets. */
size_t text_encode(char out[4], uint32_t point);
/* Is the octet inside a character and not its first? */
static inline bool text_is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}
/* Where a longer text can be cut, at `n` or a little before, so that no
 * character is cut in its middle. */
size_t text_cut(const char *text, size_t n);
/* Removes an incomplete character that snprintf has left at the end. */
void text_drop_partial(char *text);
/* Characters: columns, as far as that is known. */
size_t text_width(const char *text, size_t n);

/* ---- foreign text ---- */

/* Octets of the character at `text` where it is valid and safe, else 0. */
size_t text_safe_step(const char *text, size_t n);
/* Octets to pass over where it is not. */
size_t text_unsafe_step(const char *text, size_t n);
/* Tabs and line ends become one space each, other unsafe characters '?'.  What
 * exceeds the cap of `out` is cut between characters. */
void text_put_safe(struct buf *out, const char *text, size_t n);
void text_puts_safe(struct buf *out, const char *text);
/* The same in place: it never gets longer.  The new length. */
size_t text_sanitize(char *text);
/* Without loss: unsafe characters become \xNN, a tab a space. */
void text_put_escaped(struct buf *out, const char *text, size_t n);
/* A quoted string, with a backslash before each quote and backslash (RFC 5322
 * 3.2.4, RFC 3501 4.3). */
void text_put_quoted(struct buf *out, const char *text);
/* A copy of at most TEXT_SAFE_MAX octets. */
const char *text_dup_safe(struct arena *a, const char *text, size_t n);
#define TEXT_SAFE_MAX 8192

/* ---- UTF-8 in pieces ---- */

/* An octet at a time (RFC 3629), for bytes that come in pieces.  What is broken
 * is counted as Unicode has it (3.9, "maximal subparts"): each beginning of a
 * character that does not go on as it must is one, and so is each octet that
 * begins none. */

struct utf8 {
	unsigned char want;	 /* octets that the character at hand lacks */
	unsigned char low, high; /* what the next of them may be */
};

enum utf8_step {
	UTF8_MORE,  /* of a character of several octets */
	UTF8_WHOLE, /* one ends here */
	UTF8_BAD,   /* the octet begins none */
	UTF8_TORN,  /* the one at hand is broken; the octet is to come again */
};

/* Zeroed at first. */
static inline enum utf8_step utf8_take(struct utf8 *s, unsigned char c)
{
	if (s->want) {
		if (c < s->low || c > s->high) {
			s->want = 0;
			return UTF8_TORN;
		}
		s->low = 0x80;
		s->high = 0xbf;
		return --s->want ? UTF8_MORE : UTF8_WHOLE;
	}
	if (c < 0x80)
		return UTF8_WHOLE;
	if (c < 0xc2 || c > 0xf4)
		return UTF8_BAD;
	s->want = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	/* no overlong forms, no surrogates, nothing past U+10FFFF */
	s->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	s->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	return UTF8_MORE;
}

/* ---- the word that was meant ---- */

/* Offer every word that would have been right, one after the other; the one
 * with the fewest edits (insert, delete, replace, swap of neighbours, case
 * aside) is kept, unless it is so far off that it would be no help. */

struct nearest {
	const char *word; /* borrowed, what was typed */
	const char *best; /* of those offered, or NULL; borrowed */
	size_t edits;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate);

#endif
