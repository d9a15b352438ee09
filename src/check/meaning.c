/* meaning.c - one table of the extensions, and two that need words of their
 * own. */
#include "check/meaning.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "net/glossary.h"

static bool is_offered(const struct check *c, const char *keyword)
{
	size_t n = strlen(keyword);

	for (size_t i = 0; c->capabilities[i]; i++)
		if (ascii_begins(c->capabilities[i], keyword) &&
		    strchr(" =", c->capabilities[i][n]))
			return true;
	return false;
}

static const char *size_text(struct arena *a, uint64_t size)
{
	if (!size)
		return "no limit of size is told";
	if (size < 1000000)
		return arena_format(a, "mails up to %.1f kB",
				    (double)size / 1e3);
	return arena_format(a, "mails up to %.1f MB", (double)size / 1e6);
}

static const char *auth_text(const struct account *account)
{
	return strcmp(account->auth, "off") ? "the ways to log in"
					    : "a log-in, which auth off leaves "
					      "out";
}

const char *meaning_of(struct arena *a, const char *line,
		       const struct caps *caps, const struct account *account)
{
	const char *keyword = arena_dup_n(a, line, strcspn(line, " ="));
	const char *meaning = glossary_extension("smtp", line);

	if (ascii_equal(keyword, "SIZE"))
		meaning = size_text(a, caps->size);
	else if (ascii_equal(keyword, "AUTH"))
		meaning = auth_text(account);
	else if (!meaning)
		meaning = "not known here, and not used";
	else if (glossary_is_unused("smtp", line))
		meaning = arena_format(a, "%s; not used", meaning);
	return arena_format(a, "%s: %s", line, meaning);
}

void meaning_of_missing(struct check *c, struct check_step *step)
{
	const char *const *at = NULL;
	struct glossary_missing missing;

	while (glossary_next_missing("smtp", &at, &missing))
		if (!is_offered(c, missing.name))
			check_add(c, step, CHECK_NOTE, "no %s: %s",
				  missing.name, missing.about);
}
