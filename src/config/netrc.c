/* netrc.c - a tokenizer that works in place, entry by entry. */
#include "config/netrc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

struct scanner {
	char *at, *end;
	bool line_start; /* only blanks since the last line end */
};

struct candidate {
	bool fits; /* it is for this host */
	struct netrc_entry entry;
};

static bool is_space(char c)
{
	return text_is_space(c) || c == '\0';
}

static void skip_line(struct scanner *s)
{
	while (s->at < s->end && *s->at != '\n')
		s->at++;
}

static void skip_space(struct scanner *s)
{
	for (; s->at < s->end; s->at++) {
		if (s->line_start && *s->at == '#')
			skip_line(s);
		if (s->at == s->end || !is_space(*s->at))
			return;
		if (*s->at == '\n')
			s->line_start = true;
	}
}

static char unescape(char c)
{
	return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

static char *quoted_token(struct scanner *s)
{
	char *token = ++s->at, *out = token;

	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\' && s->at + 1 < s->end)
			*out++ = unescape(*++s->at);
		else
			*out++ = *s->at;
		s->at++;
	}
	if (s->at < s->end)
		s->at++;
	*out = '\0';
	return token;
}

/* NULL at the end.  The buffer ends in a NUL that takes the last token's. */
static char *next_token(struct scanner *s)
{
	char *token;

	skip_space(s);
	if (s->at >= s->end)
		return NULL;
	s->line_start = false;
	if (*s->at == '"')
		return quoted_token(s);
	token = s->at;
	while (s->at < s->end && !is_space(*s->at))
		s->at++;
	if (s->at < s->end) {
		s->line_start = *s->at == '\n';
		*s->at++ = '\0';
	}
	return token;
}

/* A macro's text ends at the first empty line. */
static void skip_macro(struct scanner *s)
{
	next_token(s); /* its name */
	if (!s->line_start)
		skip_line(s);
	else
		s->at--; /* the line end after the name */
	while (s->at < s->end) {
		char *line = ++s->at;

		skip_line(s);
		if (s->at == line || (s->at == line + 1 && *line == '\r'))
			break;
	}
	s->line_start = true;
}

static bool is_wanted(const struct candidate *c, const char *user)
{
	const char *login = c->entry.login;

	if (!c->fits || !c->entry.password)
		return false;
	if (!user)
		return login != NULL;
	return !login || strcmp(login, user) == 0;
}

bool netrc_find(struct buf *text, const char *host, const char *user,
		struct netrc_entry *out)
{
	struct scanner s = { .at = text->data,
			     .end = text->data + text->len,
			     .line_start = true };
	struct candidate c = { .fits = false };
	char *token;

	while ((token = next_token(&s))) {
		bool machine = strcmp(token, "machine") == 0;

		if (machine || strcmp(token, "default") == 0) {
			const char *name = machine ? next_token(&s) : host;

			if (is_wanted(&c, user))
				break;
			c = (struct candidate){ .fits = false };
			c.fits = name && ascii_equal(name, host);
		} else if (strcmp(token, "login") == 0 ||
			   strcmp(token, "user") == 0) {
			c.entry.login = next_token(&s);
		} else if (strcmp(token, "password") == 0 ||
			   strcmp(token, "passwd") == 0) {
			c.entry.password = next_token(&s);
		} else if (strcmp(token, "account") == 0 ||
			   strcmp(token, "port") == 0) {
			next_token(&s);
		} else if (strcmp(token, "macdef") == 0) {
			skip_macro(&s);
		}
	}
	*out = c.entry;
	return is_wanted(&c, user);
}
