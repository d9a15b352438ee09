/* rcfile.c - see rcfile.h. */
#include "persona/rcfile.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "mail/charset.h"

/* ---- yes, no, maybe ---- */

enum truth truth_of(bool b)
{
	return b ? YES : NO;
}

enum truth truth_not(enum truth t)
{
	return t == MAYBE ? MAYBE : truth_of(t == NO);
}

enum truth truth_and(enum truth one, enum truth other)
{
	if (one == NO || other == NO)
		return NO;
	return one == YES && other == YES ? YES : MAYBE;
}

enum truth truth_or(enum truth one, enum truth other)
{
	return truth_not(truth_and(truth_not(one), truth_not(other)));
}

enum truth truth_matches(const char *text, const char *pattern, int flags)
{
	regex_t compiled;
	int result;

	sysenv_use_locale();
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB | flags) != 0)
		return MAYBE;
	result = regexec(&compiled, text, 0, NULL, 0);
	regfree(&compiled);
	return result == 0 ? YES : result == REG_NOMATCH ? NO : MAYBE;
}

/* ---- lines and words ---- */

char *rcfile_read(struct arena *a, const char *path, struct error *f)
{
	struct buf text = BUF_INIT(RCFILE_MAX);
	char *copy = NULL;

	path = disk_expand_home(a, path);
	if (disk_read_file(path, &text, true, f) == 0)
		copy = arena_dup(a, charset_to_utf8(a, text.data, NULL));
	else if (error_is_set(f))
		log_warning("%s; its settings are unknown", f->text);
	buf_free(&text);
	return copy;
}

/* The end of the line that begins here; continuations become blanks. */
static char *join(char *p)
{
	for (; *p && *p != '\n'; p++) {
		if (*p != '\\')
			continue;
		if (p[1] == '\n')
			*p = ' ', *++p = ' ';
		else if (p[1])
			p++;
	}
	return p;
}

char *rcfile_line(char **at)
{
	while (**at) {
		char *start = *at;
		char *end = join(start);

		*at = *end ? end + 1 : end;
		*end = '\0';
		while (end > start && text_is_space(end[-1]))
			*--end = '\0';
		while (text_is_space(*start))
			start++;
		if (*start && *start != '#')
			return start;
	}
	return NULL;
}

/* An escaped character of a word. */
static char escaped(char c)
{
	switch (c) {
	case 'n':
	case 'r':
	case 't':
		return ' '; /* never a line break */
	default:
		return c;
	}
}

const char *rcfile_word(struct arena *a, const char **at, const char *ends)
{
	const char *p = *at;
	char quote = '\0';
	char *word, *end;

	while (text_is_space(*p))
		p++;
	*at = p;
	if (!*p || strchr(ends, *p))
		return NULL;
	word = end = arena_alloc(a, strlen(p) + 1);
	for (; *p && (quote || (!text_is_space(*p) && !strchr(ends, *p)));
	     p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && p[1] && (!quote || p[1] == quote))
			*end++ = escaped(*++p);
		else
			*end++ = *p;
	}
	*end = '\0';
	*at = p;
	return word;
}
