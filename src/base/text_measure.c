/* text_measure.c - sizes and times as people type them: amounts with a unit,
 * in tables.  Fractions are exact to six digits and rounded down. */
#include "base/text.h"

#include <string.h>

#include "base/ascii.h"

#define FRACTION_DIGITS 6

struct unit {
	const char *name; /* one of three letters and more may have an "s" */
	uint64_t worth;	  /* at most 2^40: a fraction of it fits */
};

/* As in GNU's tools: k, M and KiB are binary, kB and MB decimal. */
static const struct unit sizes[] = {
	{ "b", 1 },
	{ "byte", 1 },
	{ "octet", 1 },
	{ "k", UINT64_C(1) << 10 },
	{ "kib", UINT64_C(1) << 10 },
	{ "kb", 1000 },
	{ "m", UINT64_C(1) << 20 },
	{ "mib", UINT64_C(1) << 20 },
	{ "mb", 1000000 },
	{ "g", UINT64_C(1) << 30 },
	{ "gib", UINT64_C(1) << 30 },
	{ "gb", 1000000000 },
	{ "t", UINT64_C(1) << 40 },
	{ "tib", UINT64_C(1) << 40 },
	{ "tb", UINT64_C(1000000000000) },
	{ NULL, 0 },
};

static const struct unit times[] = {
	{ "s", 1 },	    { "sec", 1 },	   { "second", 1 },
	{ "m", 60 },	    { "min", 60 },	   { "minute", 60 },
	{ "h", 3600 },	    { "hr", 3600 },	   { "hrs", 3600 },
	{ "hour", 3600 },   { "d", 86400 },	   { "day", 86400 },
	{ "w", 7 * 86400 }, { "week", 7 * 86400 }, { NULL, 0 },
};

/* The value of the unit of `n` letters, 0 for none of that name. */
static uint64_t worth_of(const struct unit *units, const char *name, size_t n)
{
	for (; units->name; units++) {
		size_t length = strlen(units->name);
		bool is_plural = length > 2 && n == length + 1 &&
				 ascii_lower(name[length]) == 's';

		if (ascii_begins(name, units->name) &&
		    (n == length || is_plural))
			return units->worth;
	}
	return 0;
}

/* The digits after the point, as millionths; how many there are, 0 where there
 * are none or too many. */
static size_t read_fraction(const char *text, uint64_t *millionths)
{
	size_t n = text_digits(text, UINT64_MAX, millionths);

	if (n > FRACTION_DIGITS)
		return 0;
	for (size_t i = n; n && i < FRACTION_DIGITS; i++)
		*millionths *= 10;
	return n;
}

/* "1.5 MB" at the start, with the blanks around the unit; how long it is, 0
 * where there is none.  *worth is the unit's, 0 for a number without one. */
static size_t read_amount(const char *text, const struct unit *units,
			  uint64_t most, uint64_t *out, uint64_t *worth)
{
	uint64_t fraction = 0;
	size_t n = text_digits(text, most, out);
	size_t digits = 0, letters = 0;

	if (n && text[n] == '.') {
		digits = read_fraction(text + n + 1, &fraction);
		n = digits ? n + 1 + digits : 0;
	}
	if (!n)
		return 0;
	n += strspn(text + n, " \t");
	while (ascii_is_letter(text[n + letters]))
		letters++;
	*worth = letters ? worth_of(units, text + n, letters) : 0;
	if (!*worth) /* a fraction needs a unit */
		return letters || digits ? 0 : n;
	if (*out > most / *worth)
		return 0;
	*out = *out * *worth + fraction * *worth / 1000000;
	n += letters;
	return *out > most ? 0 : n + strspn(text + n, " \t");
}

bool text_read_size(const char *text, uint64_t most, uint64_t *octets)
{
	uint64_t n, worth;
	size_t length = read_amount(text, sizes, most, &n, &worth);

	if (!length || text[length])
		return false;
	*octets = n;
	return true;
}

bool text_read_time(const char *text, uint64_t most, uint64_t *seconds)
{
	uint64_t sum = 0, last = UINT64_MAX, n, worth;

	do {
		size_t length =
			read_amount(text, times, most - sum, &n, &worth);

		/* a number alone is seconds, but not after a unit */
		if (!length || worth >= last ||
		    (!worth && (last != UINT64_MAX || text[length])))
			return false;
		sum += n;
		last = worth;
		text += length;
	} while (*text);
	*seconds = sum;
	return true;
}
