/* authres.c - comments are removed, then it is words between semicolons:
 *
 *	ID [VERSION]; METHOD[/VERSION]=RESULT TYPE.PROPERTY=VALUE...; ... */
#include "mail/authres.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/received.h"

/* Without comments, one blank where there were some, none around signs. */
static char *plain(struct arena *a, const char *value)
{
	char *copy = arena_alloc(a, strlen(value) + 1), *out = copy;
	bool is_quoted = false;
	unsigned depth = 0;

	for (const char *p = value; *p; p++) {
		bool is_space = text_is_space(*p) || depth || *p == '(';

		if (!is_quoted && *p == '(')
			depth++;
		else if (!is_quoted && depth && *p == ')')
			depth--;
		else if (!depth && *p == '"')
			is_quoted = !is_quoted;
		if (*p == '\\' && p[1] && depth)
			p++;
		if (!is_quoted && is_space) {
			if (out > copy && !strchr(" =;/", out[-1]))
				*out++ = ' ';
			continue;
		}
		if (!is_quoted && strchr("=;/", *p) && out > copy &&
		    out[-1] == ' ')
			out--;
		*out++ = *p;
	}
	*out = '\0';
	return copy;
}

/* Octets up to the next semicolon outside of quotes. */
static size_t segment_length(const char *p)
{
	bool is_quoted = false;
	size_t n = 0;

	for (; p[n] && (is_quoted || p[n] != ';'); n++)
		if (p[n] == '"')
			is_quoted = !is_quoted;
	return n;
}

static const char *lower(struct arena *a, const char *text, size_t n)
{
	char *copy = arena_dup(a, received_clean(a, text, n));

	for (char *p = copy; *p; p++)
		*p = (char)ascii_lower(*p);
	return copy;
}

static void take_result(struct authres *r, struct arena *a, const char *text,
			size_t n)
{
	size_t word = 0, sign = 0, method, rest;
	struct authres_result *one;

	while (word < n && text[word] != ' ')
		word++;
	while (sign < word && text[sign] != '=')
		sign++;
	if (sign == 0 || sign + 1 >= word || r->count == AUTHRES_MAX)
		return; /* "none", or nothing that we know */
	for (method = 0; method < sign && text[method] != '/'; method++)
		;
	if (!r->results)
		r->results = arena_array(a, AUTHRES_MAX, sizeof(*r->results));
	one = &r->results[r->count++];
	rest = word < n ? word + 1 : n;
	one->method = lower(a, text, method);
	one->result = lower(a, text + sign + 1, word - sign - 1);
	one->detail = received_clean(a, text + rest, n - rest);
}

void authres_add(struct authres *r, struct arena *a, const char *value)
{
	const char *text = plain(a, value);
	size_t n, word = 0;
	const char *server;
	bool has_name;

	text += *text == ' ';
	n = segment_length(text);
	while (word < n && text[word] != ' ')
		word++;
	has_name = !memchr(text, '=', word);
	server = has_name ? received_clean(a, text, word) : "";
	if (r->server && !ascii_equal(r->server, server)) {
		r->ignored++;
		return;
	}
	r->server = server;
	for (bool is_name = has_name;; is_name = false) {
		if (!is_name)
			take_result(r, a, text, n);
		text += n;
		if (!*text)
			break;
		text++;
		text += *text == ' ';
		n = segment_length(text);
	}
}

const struct authres_result *authres_find(const struct authres *r,
					  const char *method)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->results[i].method, method))
			return &r->results[i];
	return NULL;
}
