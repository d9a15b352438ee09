/* muttrc_hook.c - send-hook of mutt: commands for the mails that match a
 * pattern, which is read from left to right, as mutt's pattern.c does:
 *
 *	any  = all { "|" all }
 *	all  = test { test }
 *	test = { "!" } ( "(" any ")" | "~" LETTER [WORD] | "=" LETTER WORD )
 *
 * "~t", "~c", "~C" and "~s" are matched against what the command names, with
 * nicknames expanded; "~A", "~P" and "." always hold, and so does a word that
 *is found in a recipient.  Anything else in a pattern makes it MAYBE.  A
 *regular expression with a capital letter is case-sensitive. */
#include "persona/muttrc_inside.h"

#include <regex.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/personal_aliases.h"

#define DEPTH_MAX 16

struct reader {
	struct arena *arena;
	const struct request *request;
	const char *at;
	int depth;
	bool is_wrong;
};

/* ---- comparisons ---- */

static bool has_capital(const char *text)
{
	while (*text && (*text < 'A' || *text > 'Z'))
		text++;
	return *text;
}

static bool contains(const char *text, const char *part, bool any_case)
{
	for (;; text++) {
		if (any_case ? ascii_begins(text, part)
			     : strncmp(text, part, strlen(part)) == 0)
			return true;
		if (!*text)
			return false;
	}
}

static enum truth fits(const char *text, const char *word, bool is_plain)
{
	bool any_case = !has_capital(word);

	if (is_plain)
		return truth_of(contains(text, word, any_case));
	return truth_matches(text, word, any_case ? REG_ICASE : 0);
}

/* mutt adds the host name to a name without a domain. */
static enum truth fits_one(struct reader *r, const struct address *one,
			   const char *word, bool is_plain)
{
	const char *spec = one->spec;
	enum truth result;

	if (!*one->domain)
		spec = arena_format(r->arena, "%s@%s", one->local,
				    sysenv_host());
	result = fits(spec, word, is_plain);
	return one->name ? truth_or(result, fits(one->name, word, is_plain))
			 : result;
}

static enum truth fits_list(struct reader *r, const struct address_list *list,
			    const char *word, bool is_plain)
{
	struct address_list all = { 0 };
	struct error unused = ERROR_INIT;
	enum truth result = NO;

	if (r->request->draft_path)
		return MAYBE; /* its header has not been read yet */
	if (personal_aliases_expand(r->arena, &r->request->nicknames, list,
				    &all, &unused) < 0)
		return MAYBE;
	for (size_t i = 0; i < all.count && result != YES; i++)
		result = truth_or(result,
				  fits_one(r, &all.items[i], word, is_plain));
	return result;
}

static enum truth fits_subject(struct reader *r, const char *word,
			       bool is_plain)
{
	const char *subject = r->request->subject;

	if (r->request->draft_path && !subject)
		return MAYBE;
	return fits(subject ? subject : "", word, is_plain);
}

/* ---- reading ---- */

static void skip_blanks(struct reader *r)
{
	while (text_is_blank(*r->at))
		r->at++;
}

/* Quotes and backslashes as in other words of mutt. */
static const char *read_word(struct reader *r)
{
	char *word, *end;
	char quote = '\0';

	skip_blanks(r);
	word = end = arena_alloc(r->arena, strlen(r->at) + 1);
	for (; *r->at; r->at++) {
		char c = *r->at;

		if (!quote && (text_is_blank(c) || strchr("~%=!|", c) ||
			       (c == ')' && r->depth)))
			break;
		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && r->at[1])
			c = *++r->at;
		*end++ = c;
	}
	*end = '\0';
	return word;
}

static enum truth read_letter(struct reader *r, bool is_plain)
{
	const struct request *q = r->request;
	char letter = *r->at ? *r->at++ : '\0';
	const char *word;

	switch (letter) {
	case 'A':
	case 'P':
		return YES;
	case 't':
		return fits_list(r, &q->to, read_word(r), is_plain);
	case 'c':
		return fits_list(r, &q->cc, read_word(r), is_plain);
	case 'C':
		word = read_word(r);
		return truth_or(fits_list(r, &q->to, word, is_plain),
				fits_list(r, &q->cc, word, is_plain));
	case 's':
		return fits_subject(r, read_word(r), is_plain);
	default: /* it is also unknown whether a word follows */
		r->is_wrong = true;
		return MAYBE;
	}
}

static enum truth read_any(struct reader *r);

static enum truth read_test(struct reader *r)
{
	enum truth result = MAYBE;
	bool negated = false;

	for (; *r->at == '!' || text_is_blank(*r->at); r->at++)
		negated ^= *r->at == '!';
	if (*r->at == '(' && r->depth < DEPTH_MAX) {
		r->at++;
		r->depth++;
		result = read_any(r);
		r->depth--;
		r->is_wrong |= *r->at != ')';
		r->at += *r->at == ')';
	} else if (*r->at == '~' || *r->at == '=') {
		r->at++;
		result = read_letter(r, r->at[-1] == '=');
	} else {
		r->is_wrong = true;
	}
	return negated ? truth_not(result) : result;
}

static enum truth read_all(struct reader *r)
{
	enum truth result = YES;

	do {
		result = truth_and(result, read_test(r));
		skip_blanks(r);
	} while (*r->at && *r->at != '|' && *r->at != ')' && !r->is_wrong);
	return result;
}

static enum truth read_any(struct reader *r)
{
	enum truth result = read_all(r);

	while (*r->at == '|' && !r->is_wrong) {
		r->at++;
		result = truth_or(result, read_all(r));
	}
	return result;
}

/* A pattern without "~", "%" and "=" is $default_hook: "~f %s !~P | (~P ~C
 * %s)". */
static bool is_simple(const char *pattern)
{
	return !strpbrk(pattern, "~%=");
}

static enum truth match(struct arena *a, const char *pattern,
			const struct request *q)
{
	struct reader r = { .arena = a, .request = q, .at = pattern };
	enum truth result;

	pattern += strspn(pattern, " \t");
	if (strcmp(pattern, ".") == 0 || strcmp(pattern, ".*") == 0)
		return YES;
	if (is_simple(pattern)) {
		bool negated = *pattern == '!';

		pattern += negated;
		result = truth_or(fits_list(&r, &q->to, pattern, false),
				  fits_list(&r, &q->cc, pattern, false));
		return negated ? truth_not(result) : result;
	}
	result = read_any(&r);
	return r.is_wrong || *r.at ? MAYBE : result;
}

/* ---- hooks ---- */

/* send-hook PATTERN COMMAND: stored until everything is read. */
int muttrc_send_hook(const struct muttrc_command *c, struct error *f)
{
	const char *pattern = muttrc_word(c->words, MUTTRC_PLAIN);
	struct muttrc_hook *new = arena_alloc(muttrc_arena(c), sizeof(*new));

	(void)f;
	new->pattern = c->words->unknown ? NULL : pattern;
	new->text = muttrc_word(c->words, MUTTRC_SPACE);
	new->file = c->file;
	new->line = c->line;
	new->doubt = c->doubt;
	*c->rc->last_hook = new;
	c->rc->last_hook = &new->next;
	return 0;
}

/* unhook send-hook: drops those so far. */
int muttrc_unhook(const struct muttrc_command *c, struct error *f)
{
	(void)f;
	while (muttrc_has_more(c->words)) {
		const char *kind = muttrc_word(c->words, MUTTRC_PLAIN);
		bool is_ours = strcmp(kind, "*") == 0 ||
			       strcmp(kind, "send-hook") == 0;

		if (!is_ours)
			continue;
		if (!c->doubt) {
			c->rc->hooks = NULL;
			c->rc->last_hook = &c->rc->hooks;
			continue;
		}
		for (struct muttrc_hook *x = c->rc->hooks; x; x = x->next)
			x->doubt = c->doubt;
	}
	return 0;
}

int muttrc_hooks(struct muttrc *rc, struct error *f)
{
	struct arena *a = rc->run->arena;

	for (const struct muttrc_hook *x = rc->hooks; x; x = x->next) {
		struct muttrc_command c = { .rc = rc,
					    .file = x->file,
					    .line = x->line,
					    .doubt = x->doubt };
		enum truth fits =
			x->pattern ? match(a, x->pattern, rc->run->request)
				   : MAYBE;

		if (fits == NO)
			continue;
		if (fits == MAYBE)
			c.doubt = arena_format(
				a,
				"whether the mail matches '%s' is unknown "
				"here; -e 'unhook send-hook' removes such "
				"hooks",
				x->pattern ? x->pattern : "the pattern");
		if (muttrc_run(&c, x->text, f) < 0)
			return -1;
	}
	return 0;
}
