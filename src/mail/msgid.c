/* msgid.c - the clock, so that ids sort; random bits, so that none repeats.
 *
 * The random part uses 32 signs, five bits each, without those that are
 * easily read as another. */
#include "mail/msgid.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"

#define MSGID_MAX    996 /* a line of its own: " " and 997 less one */
#define RANDOM_BYTES 10

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void put_time(char out[16], int64_t when)
{
	uint64_t left = when > 0 ? (uint64_t)when : 0;
	char digits[16];
	size_t n = 0;

	do
		digits[n++] = base36[left % 36];
	while (left /= 36);
	while (n)
		*out++ = digits[--n];
	*out = '\0';
}

/* Five octets give eight signs. */
static void put_random(char out[RANDOM_BYTES / 5 * 8 + 1])
{
	unsigned char bytes[RANDOM_BYTES];

	sysenv_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < RANDOM_BYTES; i += 5) {
		uint64_t group = 0;

		for (size_t j = 0; j < 5; j++)
			group = group << 8 | bytes[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			*out++ = base32[group >> shift & 31];
	}
	*out = '\0';
}

const char *msgid_make(struct arena *a, const char *domain)
{
	char when[16], random[RANDOM_BYTES / 5 * 8 + 1];

	put_time(when, sysenv_now());
	put_random(random);
	return arena_format(a, "<%s.%s@%s>", when, random,
			    domain ? domain : sysenv_domain());
}

static bool is_atext(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* The end of the dot-atom at p; p itself when there is none. */
static const char *skip_dot_atom(const char *p)
{
	const char *start = p;

	while (is_atext(*p) || (*p == '.' && p > start && p[-1] != '.'))
		p++;
	return p > start && p[-1] == '.' ? start : p;
}

/* "[...]" without folding or quoting (RFC 5322 3.6.4, no-fold-literal). */
static const char *skip_literal(const char *p)
{
	const char *start = p++;

	while (*p > 32 && *p < 127 && !strchr("[]\\", *p))
		p++;
	return *p == ']' ? p + 1 : start;
}

bool msgid_is_valid(const char *text)
{
	const char *p = text, *part;

	if (*p++ != '<' || strlen(text) > MSGID_MAX)
		return false;
	part = p;
	p = skip_dot_atom(p);
	if (p == part || *p++ != '@')
		return false;
	part = p;
	p = *p == '[' ? skip_literal(p) : skip_dot_atom(p);
	return p > part && !strcmp(p, ">");
}
