/* meaning.c - one table of the extensions, and two that need words of their
 * own. */
#include "probe/meaning.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

static const struct {
	const char *keyword, *there;
	enum caps_flag flag;
	const char *missing; /* NULL: nobody misses it */
} known[] = {
	{ "PIPELINING", "sender and recipients go in one flight",
	  CAPS_PIPELINING, "each command waits for its reply" },
	{ "CHUNKING", "the message goes by BDAT, in fewer round trips",
	  CAPS_CHUNKING, NULL },
	{ "8BITMIME", "text goes as it is, in UTF-8", CAPS_8BITMIME,
	  "text that is not ASCII goes as quoted-printable or base64" },
	{ "SMTPUTF8", "addresses may be in any script", CAPS_SMTPUTF8, NULL },
	{ "DSN", "reports of delivery can be asked for (--dsn-notify)",
	  CAPS_DSN, "no reports of delivery (--dsn-notify)" },
	{ "ENHANCEDSTATUSCODES", "refusals have an exact code",
	  CAPS_ENHANCEDSTATUSCODES, NULL },
	{ "STARTTLS", "TLS can begin here", 0, NULL },
	{ "BINARYMIME", "not needed", 0, NULL },
	{ "DELIVERBY", "not used", 0, NULL },
	{ "REQUIRETLS", "not used", 0, NULL },
	{ "LIMITS", "not used", 0, NULL },
	{ "ETRN", "not for senders", 0, NULL },
	{ "VRFY", "not used", 0, NULL },
	{ "EXPN", "not used", 0, NULL },
	{ "HELP", "for people", 0, NULL },
};

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
	size_t n = strcspn(line, " =");
	const char *keyword = arena_dup_n(a, line, n);
	const char *meaning = "not known here, and not used";

	if (ascii_equal(keyword, "SIZE"))
		meaning = size_text(a, caps->size);
	else if (ascii_equal(keyword, "AUTH"))
		meaning = auth_text(account);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (ascii_equal(keyword, known[i].keyword))
			meaning = known[i].there;
	return arena_format(a, "%s: %s", line, meaning);
}

void meaning_of_missing(struct check *c, struct check_step *step,
			const struct caps *caps)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].missing && !caps_has(caps, known[i].flag))
			check_add(c, step, CHECK_NOTE, "no %s: %s",
				  known[i].keyword, known[i].missing);
	if (!caps_has(caps, CAPS_SIZE))
		check_add(c, step, CHECK_NOTE,
			  "no SIZE: a mail that is too large is refused after "
			  "it was sent");
}
