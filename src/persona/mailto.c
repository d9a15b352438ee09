/* mailto.c - cut at '?' and '&' first and decoded after, so that neither can
 * be written into an address. */
#include "persona/mailto.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "mail/charset.h"
#include "persona/setters.h"
#include "persona/validate.h"

static const char scheme[] = "mailto:";

bool mailto_is(const char *text)
{
	return ascii_begins(text, scheme);
}

/* NULL with the error where it holds what no field may. */
static const char *decode(struct options_run *run, const char *text, size_t n,
			  struct error *f)
{
	char *out = arena_alloc(run->arena, n + 1), *end = out;

	for (const char *p = text; p < text + n; p++) {
		int octet =
			*p == '%' && text + n - p > 2 ? validate_octet(p) : -1;

		if (octet >= 0)
			p += 2;
		else
			octet = (unsigned char)*p;
		if (octet < ' ' || octet == 127) {
			error_set(f, ERROR_USAGE,
				  "the link has a line break or a control "
				  "character in it: leave it out");
			return NULL;
		}
		*end++ = (char)octet;
	}
	*end = '\0';
	return charset_to_utf8(run->arena, out, "utf-8");
}

static int take_list(struct options_run *run, const char *list, struct error *f)
{
	static const struct option_row to = { .name = "to", .value = LIST_TO };

	return list ? set_list(run, &to, list, f) : -1;
}

static int take_field(struct options_run *run, const char *name,
		      const char *value, struct error *f)
{
	static const char *const heeded[] = { "cc", "subject", "keywords",
					      "in-reply-to", "references" };

	/* the command line's holds */
	if (ascii_equal(name, "subject") && run->request->subject)
		return 0;
	if (ascii_equal(name, "to"))
		return take_list(run, value, f);
	if (ascii_equal(name, "body"))
		return error_set(f, ERROR_USAGE,
				 "the text is read from standard input: leave "
				 "'body=' out of the link");
	for (size_t i = 0; i < sizeof(heeded) / sizeof(*heeded); i++)
		if (ascii_equal(name, heeded[i]))
			return set_header(run, NULL,
					  arena_format(run->arena, "%s: %s",
						       name, value),
					  f);
	log_note("'%s' of the link is passed over", name);
	return 0;
}

static int take_pair(struct options_run *run, const char *pair, size_t n,
		     struct error *f)
{
	const char *equals = memchr(pair, '=', n);
	size_t length = equals ? (size_t)(equals - pair) : n;
	const char *name = decode(run, pair, length, f), *value;

	if (!name || !equals)
		return name ? 0 : -1;
	value = decode(run, equals + 1, n - length - 1, f);
	return value ? take_field(run, name, value, f) : -1;
}

int mailto_take(struct options_run *run, const char *text, struct error *f)
{
	const char *at = text + strlen(scheme);
	size_t n = strcspn(at, "?");

	if (n && take_list(run, decode(run, at, n, f), f) < 0)
		return -1;
	for (at += n; *at; at += n) {
		at++;
		n = strcspn(at, "&");
		if (take_pair(run, at, n, f) < 0)
			return -1;
	}
	return 0;
}
