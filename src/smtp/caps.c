/* caps.c - one table of the extensions that we use. */
#include "smtp/caps.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
	const char *keyword;
	enum caps_flag flag;
} known[] = {
	{ "STARTTLS", CAPS_STARTTLS },
	{ "SIZE", CAPS_SIZE },
	{ "PIPELINING", CAPS_PIPELINING },
	{ "CHUNKING", CAPS_CHUNKING },
	{ "8BITMIME", CAPS_8BITMIME },
	{ "DSN", CAPS_DSN },
	{ "SMTPUTF8", CAPS_SMTPUTF8 },
	{ "ENHANCEDSTATUSCODES", CAPS_ENHANCEDSTATUSCODES },
	{ "AUTH", CAPS_AUTH },
};

void caps_reset(struct caps *c)
{
	*c = (struct caps){ 0 };
}

/* Digits only, up to the end of the line; 0 ("not known") for anything else, or
 * for what does not fit into 64 bits. */
static uint64_t parse_size(const char *s)
{
	uint64_t value;
	size_t n = text_digits(s, UINT64_MAX, &value);

	return n && strchr(" \t\r\n", s[n]) ? value : 0;
}

static size_t word_length(const char *s)
{
	return strcspn(s, " \t\r\n");
}

static void add_mechanisms(struct caps *c, const char *s)
{
	for (size_t n; *(s += strspn(s, " \t\r\n")); s += n) {
		n = word_length(s);
		sasl_offer_add(&c->auth, s, n);
	}
}

void caps_add(struct caps *c, const char *line)
{
	size_t n = word_length(line);

	/* "AUTH=LOGIN PLAIN", of servers from before RFC 2554. */
	if (!strncasecmp(line, "AUTH=", 5)) {
		c->flags |= CAPS_AUTH;
		add_mechanisms(c, line + 5);
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].keyword) != n ||
		    strncasecmp(line, known[i].keyword, n))
			continue;
		c->flags |= known[i].flag;
		line += n;
		line += strspn(line, " \t");
		if (known[i].flag == CAPS_SIZE)
			c->size = parse_size(line);
		if (known[i].flag == CAPS_AUTH)
			add_mechanisms(c, line);
		return;
	}
}
