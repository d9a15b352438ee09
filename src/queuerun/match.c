/* match.c - see match.h. */
#include "queuerun/match.h"

#include <string.h>

#include "base/ascii.h"

static bool has_part(const char *text, const char *word)
{
	for (; *text; text++)
		if (ascii_begins(text, word))
			return true;
	return !*word;
}

static bool address_fits(const char *address, const char *word)
{
	const char *at = strrchr(address, '@');

	if (*word == '@')
		return at && ascii_equal(at, word);
	if (strcmp(word, "<>") == 0)
		return !*address;
	return *address && has_part(address, word);
}

bool match_id(const struct flush_words *words, const char *id)
{
	for (size_t i = 0; i < words->count; i++)
		if (has_part(id, words->words[i]))
			return true;
	return !words->count;
}

bool match_address(const struct flush_words *words, const char *address)
{
	for (size_t i = 0; i < words->count; i++)
		if (address_fits(address, words->words[i]))
			return true;
	return !words->count;
}
