/* glossary.c - searches the lines, from the first to the last.
 *
 * A thousand lines take some microseconds, and are only searched when something
 * failed or a person is watching, so there is no index. */
#include "net/glossary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/domain.h"

static bool is_attribute(const char *line)
{
	return *line == ' ';
}

/* The text after `word` and a blank at the beginning of `text`; NULL where it
 * does not begin with them. */
static const char *after(const char *text, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(text[i]) != ascii_lower(word[i]))
			return NULL;
	text += n;
	if (!*text)
		return text;
	return *text == ' ' ? text + 1 : NULL;
}

static const char *after_word(const char *text, const char *word)
{
	return after(text, word, strlen(word));
}

/* The text after the kind, for an entry of that kind (and protocol). */
static const char *of_kind(const char *line, const char *kind,
			   const char *protocol)
{
	const char *rest = after_word(line, kind);

	return rest && protocol ? after_word(rest, protocol) : rest;
}

/* The entry after `from`, or the first. */
static const char *next(const char *kind, const char *protocol,
			const char *from)
{
	if (!from)
		from = glossary_text;
	while (*(from = glossary_line_after(from)))
		if (of_kind(from, kind, protocol))
			return from;
	return NULL;
}

static const char *find(const char *kind, const char *protocol,
			const char *name, size_t n)
{
	const char *at = NULL;

	while (n && (at = next(kind, protocol, at)))
		if (after(of_kind(at, kind, protocol), name, n))
			return at;
	return NULL;
}

/* The entry's line of that name. */
static const char *attribute(const char *entry, const char *name)
{
	while (is_attribute(entry = glossary_line_after(entry))) {
		const char *value = after_word(entry + 1, name);

		if (value)
			return value;
	}
	return NULL;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static const char *text_of(const char *kind, const char *protocol,
			   const char *name, size_t n)
{
	const char *entry = find(kind, protocol, name, n);

	return entry ? after(of_kind(entry, kind, protocol), name, n) : NULL;
}

/* Splits off the name, which ends at a blank; returns the rest. */
static const char *take_name(const char *text, char *name, size_t size)
{
	size_t n = strcspn(text, " ");

	snprintf(name, size, "%.*s", (int)n, text);
	return text + n + (text[n] == ' ');
}

/* ---- replies and extensions ---- */

const char *glossary_response(const char *line)
{
	const char *open = strchr(line, '[');

	return open ? text_of("response", NULL, open + 1,
			      strcspn(open + 1, " ]"))
		    : NULL;
}

enum error_cause glossary_response_cause(const char *text)
{
	enum error_cause cause = ERROR_UNAVAILABLE;
	const char *entry = NULL;
	const char *name = NULL;

	if (*text == '[')
		entry = find("response", NULL, text + 1,
			     strcspn(text + 1, " ]"));
	if (entry)
		name = attribute(entry, "cause");
	if (name)
		error_cause_of(name, &cause);
	return cause;
}

/* "AUTH=PLAIN" means AUTH; "UTF8=ACCEPT" is a name of its own. */
static const char *find_extension(const char *protocol, const char *line)
{
	const char *entry =
		find("extension", protocol, line, strcspn(line, " "));

	return entry ? entry
		     : find("extension", protocol, line, strcspn(line, " ="));
}

const char *glossary_extension(const char *protocol, const char *line)
{
	const char *entry = find_extension(protocol, line);
	char name[32];

	return entry ? take_name(of_kind(entry, "extension", protocol), name,
				 sizeof(name))
		     : NULL;
}

bool glossary_is_unused(const char *protocol, const char *line)
{
	const char *entry = find_extension(protocol, line);

	return !entry || attribute(entry, "unused");
}

/* The exact code, such as 421, or its class. */
static const char *about_code(int code, bool is_class)
{
	char name[16];
	int n = is_class ? snprintf(name, sizeof(name), "%dxx", code / 100)
			 : snprintf(name, sizeof(name), "%d", code);

	return text_of("code", NULL, name, (size_t)n);
}

void glossary_reply(int code, const char *esc, struct buf *out)
{
	const char *of_class = about_code(code, true);
	const char *about = about_code(code, false);
	const char *detail = NULL;

	if (code >= 400 && strlen(esc) >= 5 && esc[1] == '.')
		detail = text_of("detail", NULL, esc + 2, strlen(esc + 2));
	if (detail && of_class)
		buf_printf(out, "%s: %s", of_class, detail);
	else
		buf_puts(out, or_empty(about ? about : of_class));
}

const char *glossary_word(const char *protocol, const char *word)
{
	bool is_detail = strlen(word) >= 5 && word[1] == '.';
	const char *detail = is_detail ? word + 2 : word;
	const char *about = glossary_extension(protocol, word);

	if (!about)
		about = text_of("response", NULL, word, strlen(word));
	if (!about)
		about = text_of("code", NULL, word, strlen(word));
	return about ? about : text_of("detail", NULL, detail, strlen(detail));
}

bool glossary_next_missing(const char *protocol, const char **at,
			   struct glossary_missing *out)
{
	while ((*at = next("extension", protocol, *at))) {
		take_name(of_kind(*at, "extension", protocol), out->name,
			  sizeof(out->name));
		out->about = attribute(*at, "missing");
		if (out->about)
			return true;
	}
	return false;
}

/* ---- commands ---- */

static bool take_verb(const char *protocol, const char *entry,
		      struct glossary_verb *out)
{
	if (!entry || !out)
		return entry != NULL;
	out->about = take_name(of_kind(entry, "verb", protocol), out->name,
			       sizeof(out->name));
	out->form = or_empty(attribute(entry, "form"));
	out->source = or_empty(attribute(entry, "see"));
	return true;
}

bool glossary_next_verb(const char *protocol, const char **at,
			struct glossary_verb *out)
{
	*at = next("verb", protocol, *at);
	return take_verb(protocol, *at, out);
}

bool glossary_verb(const char *protocol, const char *word, size_t n,
		   struct glossary_verb *out)
{
	return take_verb(protocol, find("verb", protocol, word, n), out);
}

bool glossary_verb_near(const char *protocol, const char *word, size_t n,
			struct glossary_verb *out)
{
	const char *at = NULL;
	struct glossary_verb one, best;
	struct nearest nearest;
	char text[32];

	if (n == 0 || n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)n, word);
	nearest_init(&nearest, text);
	while (glossary_next_verb(protocol, &at, &one)) {
		nearest_offer(&nearest, one.name);
		if (nearest.best != one.name)
			continue;
		best = one;
		nearest.best = best.name;
	}
	if (nearest.best && out)
		*out = best;
	return nearest.best != NULL;
}

/* ---- advice ---- */

static bool begins(const char *text, const char *word, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_lower(text[i]) == ascii_lower(word[i]))
		i++;
	return i == n;
}

/* At the beginning of a word of the text: "marble" does not contain RBL. */
static bool contains(const char *text, const char *word, size_t n)
{
	bool is_inside = false;

	for (; *text; text++) {
		if (!is_inside && begins(text, word, n))
			return true;
		is_inside = ascii_is_alnum(*text);
	}
	return false;
}

/* One of several words, separated by bars. */
static bool has_word(const char *text, const char *words)
{
	for (;; words++) {
		size_t n = strcspn(words, "|");

		if (contains(text, words, n))
			return true;
		words += n;
		if (!*words)
			return false;
	}
}

/* One of the domains themselves, or a host below it. */
static bool is_below(const char *host, const char *domains)
{
	while (*domains) {
		size_t n = strcspn(domains, " ");

		if (domain_is_above(domains, n, host))
			return true;
		domains += n + (domains[n] == ' ');
	}
	return false;
}

static bool fits_esc(const char *wanted, const char *esc)
{
	size_t n = strlen(wanted);

	return n && wanted[n - 1] == '.' ? !strncmp(esc, wanted, n)
					 : !strcmp(esc, wanted);
}

/* "535 5.7.8 WORDS", where * matches any code. */
static bool fits_reply(const char *row, int code, const char *esc,
		       const char *text)
{
	char word[16];

	row = take_name(row, word, sizeof(word));
	if (*word != '*' && strtol(word, NULL, 10) != code)
		return false;
	row = take_name(row, word, sizeof(word));
	return (*word == '*' || fits_esc(word, esc)) &&
	       (!*row || has_word(text, row));
}

static void take_advice(const char *entry, const char *kind, const char *row,
			struct advice *out)
{
	take_name(of_kind(entry, kind, NULL), out->name, sizeof(out->name));
	out->why = attribute(entry, "why");
	out->way_out = attribute(entry, "do");
	out->settings = or_empty(attribute(entry, "settings"));
	out->is_sure = attribute(entry, "sure");
	out->row = row;
}

bool glossary_advice_find(int code, const char *esc, const char *text,
			  const char *host, struct advice *out)
{
	const char *entry = NULL;

	while ((entry = next("advice", NULL, entry))) {
		const char *domains = attribute(entry, "at");

		if (domains && !(host && is_below(host, domains)))
			continue;
		for (const char *line = glossary_line_after(entry);
		     is_attribute(line); line = glossary_line_after(line)) {
			const char *row = after_word(line + 1, "reply");

			if (!row || !fits_reply(row, code, esc, text))
				continue;
			take_advice(entry, "advice", row, out);
			return true;
		}
	}
	return false;
}

/* The address or host name in an error message is not part of the reply. */
bool glossary_advice_of(const struct error *f, const char *host,
			struct advice *out)
{
	char code[16];
	const char *words;

	if (f->reply < 400)
		return false;
	snprintf(code, sizeof(code), ": %d", f->reply);
	words = strstr(f->text, code);
	return words &&
	       glossary_advice_find(f->reply, f->esc, words + 5, host, out);
}

bool glossary_cause(const char *name, struct advice *out)
{
	const char *entry = find("cause", NULL, name, strlen(name));

	if (entry)
		take_advice(entry, "cause", entry, out);
	return entry != NULL;
}

/* The first cause whose line `key` fits. */
static bool find_cause(const char *key,
		       bool (*fits)(const char *, const void *),
		       const void *what, struct advice *out)
{
	const char *entry = NULL;

	while ((entry = next("cause", NULL, entry))) {
		const char *row = attribute(entry, key);

		if (!row || !fits(row, what))
			continue;
		take_advice(entry, "cause", row, out);
		return true;
	}
	return false;
}

static bool fits_chain(const char *row, const void *verify)
{
	char *end;

	for (; *row; row = end)
		if (strtol(row, &end, 10) == *(const long *)verify)
			return true;
	return false;
}

bool glossary_cause_of_chain(long verify, struct advice *out)
{
	return find_cause("verify", fits_chain, &verify, out);
}

static bool fits_handshake(const char *row, const void *text)
{
	return has_word(text, row);
}

bool glossary_cause_of_handshake(const char *text, struct advice *out)
{
	return find_cause("tls", fits_handshake, text, out);
}
