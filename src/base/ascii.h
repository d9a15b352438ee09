/* ascii.h - ASCII letters, whatever the locale.
 *
 * tolower() and strcasecmp() follow the locale: in a Turkish one "MIME" and
 * "mime" are not the same word. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_alnum(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

/* RFC 5322 3.2.3. */
static inline bool ascii_is_atext(char c)
{
	return ascii_is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* No octet over 127. */
static inline bool ascii_is_all(const char *text)
{
	while (*text && (unsigned char)*text < 128)
		text++;
	return !*text;
}

/* Without regard to case. */
static inline bool ascii_equal(const char *one, const char *other)
{
	while (*one && ascii_lower(*one) == ascii_lower(*other))
		one++, other++;
	return ascii_lower(*one) == ascii_lower(*other);
}

/* Does the text begin so, without regard to case? */
static inline bool ascii_begins(const char *text, const char *prefix)
{
	while (*prefix && ascii_lower(*text) == ascii_lower(*prefix))
		text++, prefix++;
	return !*prefix;
}

/* Are the `n` octets the word, without regard to case? */
static inline bool ascii_is_word(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && ascii_begins(text, word);
}

/* Is the word in the list, which ends with NULL, without regard to case? */
static inline bool ascii_is_among(const char *word, const char *const *list)
{
	while (*list && !ascii_equal(word, *list))
		list++;
	return *list != NULL;
}

#endif
