/* mailrc_if.c - a condition is cut into words, then read from left to right.
 *
 *	list = test { ("&&" | "||") test }	as in the shell, both bind alike
 *	test = "!" test | "[" list "]" | "-N" NAME | "-n" WORD | WORD [OP WORD]
 *
 * Versions of s-nail differ: whether "==" looks at case, and whether "$x"
 * alone asks if it is set or what it says.  Where they would not agree it is
 * MAYBE. */
#include "persona/mailrc.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/sysenv.h"
#include "base/text.h"

#define WORDS_MAX 64
#define DEPTH_MAX 16
#define WORD_MAX  4096

struct word {
	const char *text; /* NULL: unknown */
	bool is_quoted;	  /* then it is not an operator */
	bool is_variable; /* "$x" and nothing else ... */
	bool is_unset;	  /* ... which is not set */
};

struct reader {
	const struct mailrc *rc;
	struct word words[WORDS_MAX];
	size_t count, at;
	int depth;
	bool found_unset; /* the variable that was expanded last */
	bool is_wrong;	  /* syntax that we do not know */
};

/* ---- words ---- */

/* "$x" and "${x}"; false if the value is unknown. */
static bool expand(struct reader *r, const char **at, struct buf *out)
{
	const char *p = *at + 1, *value;
	bool braces = *p == '{';
	size_t n;

	p += braces;
	n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_-");
	/* where a name ends without braces the versions differ */
	if (!braces)
		n = strcspn(p, "-") < n ? strcspn(p, "-") : n;
	if (!n || ascii_is_digit(*p) || (braces && p[n] != '}'))
		return false;
	if (!mailrc_look_up(r->rc, arena_dup_n(r->rc->arena, p, n), &value))
		return false;
	*at = p + n + braces;
	r->found_unset = !value;
	return !value || buf_puts(out, value) == 0;
}

/* Does an expansion begin here?  "$" at the end or before another sign is a
 * "$". */
static bool is_expansion(const char *p)
{
	return *p == '`' || (*p == '$' && p[1] &&
			     (ascii_is_letter(p[1]) || ascii_is_digit(p[1]) ||
			      strchr("_{('?!#*@^$", p[1])));
}

/* Skips what is unknown; false: so is the word. */
static bool read_quoted(struct reader *r, const char **at, struct buf *out)
{
	const char quote = **at;
	const char *p = *at + 1;
	bool is_known = true;

	while (*p && *p != quote) {
		if (quote == '"' && *p == '$' && is_expansion(p) &&
		    expand(r, &p, out))
			continue;
		if (quote == '"' && is_expansion(p))
			is_known = false;
		if (quote == '"' && *p == '\\' && p[1] &&
		    strchr("\"\\$`", p[1]))
			p++;
		buf_putc(out, *p++);
	}
	*at = p + (*p == quote);
	return is_known && *p == quote;
}

static bool read_word(struct reader *r, const char **at, struct word *w,
		      struct buf *out)
{
	const char *p = *at;
	bool is_known = true;
	size_t parts = 0;

	for (; *p && !text_is_blank(*p); parts++) {
		bool is_plain = *p == '$' && parts == 0;

		w->is_variable = w->is_unset = false;
		if (*p == '"' || *p == '\'') {
			w->is_quoted = true;
			is_known &= read_quoted(r, &p, out);
		} else if (*p == '$' && is_expansion(p) && expand(r, &p, out)) {
			w->is_variable = is_plain;
			w->is_unset = is_plain && r->found_unset;
			w->is_quoted = true;
		} else {
			is_known &= !is_expansion(p);
			p += *p == '\\' && p[1];
			buf_putc(out, *p++);
		}
	}
	*at = p;
	return is_known && !out->overflow;
}

static void read_words(struct reader *r, const char *p)
{
	while (*(p += strspn(p, " \t")) && *p != '#') {
		struct buf out = BUF_INIT(WORD_MAX);
		struct word w = { 0 };

		if (read_word(r, &p, &w, &out))
			w.text = arena_dup(r->rc->arena,
					   out.data ? out.data : "");
		buf_free(&out);
		if (r->count == WORDS_MAX)
			r->is_wrong = true;
		else
			r->words[r->count++] = w;
	}
}

/* Takes the next word if it is that sign. */
static bool take(struct reader *r, const char *sign)
{
	const struct word *w = &r->words[r->at];

	if (r->at == r->count || w->is_quoted || !w->text ||
	    strcmp(w->text, sign) != 0)
		return false;
	r->at++;
	return true;
}

/* ---- comparisons ---- */

/* If they differ in case alone, the result is certain only with "?". */
static enum truth equal(const char *one, const char *other, bool any_case)
{
	if (strcmp(one, other) == 0)
		return YES;
	if (!ascii_equal(one, other))
		return NO;
	return any_case ? YES : MAYBE;
}

static enum truth contains(const char *text, const char *part, bool any_case)
{
	bool is_there = strstr(text, part) != NULL, in_any_case = false;

	for (const char *p = text; !in_any_case; p++) {
		in_any_case = ascii_begins(p, part);
		if (!*p)
			break;
	}
	if (is_there || !in_any_case)
		return truth_of(is_there);
	return any_case ? YES : MAYBE;
}

static enum truth matches_either(const char *text, const char *pattern,
				 bool any_case)
{
	enum truth exact = truth_matches(text, pattern, 0);
	enum truth loose = truth_matches(text, pattern, REG_ICASE);

	if (any_case)
		return loose;
	return exact == loose ? exact : MAYBE;
}

static bool is_integer(const char *text, long long *out)
{
	char *end;

	if (!*text || strlen(text) > 18 ||
	    text[strspn(text, "+-0123456789")] != '\0' ||
	    (text[0] == '0' && text[1])) /* octal in some versions */
		return false;
	*out = strtoll(text, &end, 10);
	return !*end;
}

static enum truth compare(const char *one, const char *op, const char *other)
{
	long long a, b;

	if (!is_integer(one, &a) || !is_integer(other, &b))
		return MAYBE;
	if (strcmp(op, "-eq") == 0)
		return truth_of(a == b);
	if (strcmp(op, "-ne") == 0)
		return truth_of(a != b);
	if (strcmp(op, "-lt") == 0)
		return truth_of(a < b);
	if (strcmp(op, "-le") == 0)
		return truth_of(a <= b);
	if (strcmp(op, "-gt") == 0)
		return truth_of(a > b);
	return strcmp(op, "-ge") == 0 ? truth_of(a >= b) : MAYBE;
}

/* "==", "!=", "=%" and "!%" for a substring, "=~" and "!~" for a pattern; a "?"
 * or "?case" after them ignores case. */
static enum truth operate(const char *one, const char *op, const char *other)
{
	bool any_case = op[0] && op[1] &&
			(strcmp(op + 2, "?") == 0 ||
			 (op[2] == '?' && ascii_begins("case", op + 3)));
	enum truth result = MAYBE;

	if (op[0] == '-')
		return compare(one, op, other);
	if ((op[0] != '=' && op[0] != '!') || !op[1] || (op[2] && !any_case))
		return MAYBE;
	switch (op[1]) {
	case '=':
		result = equal(one, other, any_case);
		break;
	case '%':
	case '@':
		result = contains(one, other, any_case);
		break;
	case '~':
		result = matches_either(one, other, any_case);
		break;
	default:
		return MAYBE;
	}
	return op[0] == '!' ? truth_not(result) : result;
}

/* ---- tests ---- */

static bool begins_word(const char *name, const char *typed)
{
	return *typed && ascii_begins(name, typed);
}

static enum truth at_terminal(void)
{
	if (!sysenv_is_terminal(0))
		return NO;
	return sysenv_is_terminal(1) ? YES : MAYBE;
}

/* "send", "receive" and "terminal" by their first letters, and constants. */
static enum truth alone(const struct word *w)
{
	static const char *const on[] = { "1", "yes", "true", "on", "y", NULL };
	static const char *const off[] = {
		"0", "no", "false", "off", "n", NULL
	};

	if (!w->text)
		return MAYBE;
	if (w->is_unset)
		return NO;
	if (ascii_is_among(w->text, on))
		return YES;
	if (ascii_is_among(w->text, off))
		return w->is_variable ? MAYBE : NO;
	if (w->is_quoted)
		/* one version asks whether it is set, another what it says */
		return MAYBE;
	if (begins_word("send", w->text))
		return YES;
	if (begins_word("receive", w->text))
		return NO;
	return begins_word("terminal", w->text) ? at_terminal() : MAYBE;
}

static const struct word *next_word(struct reader *r)
{
	static const struct word none;

	if (r->at < r->count)
		return &r->words[r->at++];
	r->is_wrong = true;
	return &none;
}

static enum truth is_set(struct reader *r)
{
	const struct word *w = next_word(r);
	const char *value;

	if (!w->text || !mailrc_look_up(r->rc, w->text, &value))
		return MAYBE;
	return truth_of(value != NULL);
}

static enum truth is_filled(struct reader *r)
{
	const struct word *w = next_word(r);

	return w->text ? truth_of(*w->text) : MAYBE;
}

static bool is_end(const struct reader *r)
{
	static const char *const ends[] = { "&&", "||", "]", NULL };
	const struct word *w = &r->words[r->at];

	return r->at == r->count ||
	       (!w->is_quoted && w->text && ascii_is_among(w->text, ends));
}

static enum truth read_list(struct reader *r);

static enum truth read_test(struct reader *r)
{
	const struct word *one, *op, *other;
	enum truth result = MAYBE;
	bool negated = false;

	while (take(r, "!"))
		negated = !negated;
	if (take(r, "[")) {
		if (++r->depth < DEPTH_MAX)
			result = read_list(r);
		r->depth--;
		r->is_wrong |= !take(r, "]");
	} else if (take(r, "-N")) {
		result = is_set(r);
	} else if (take(r, "-Z")) {
		result = truth_not(is_set(r));
	} else if (take(r, "-n")) {
		result = is_filled(r);
	} else if (take(r, "-z")) {
		result = truth_not(is_filled(r));
	} else {
		one = next_word(r);
		if (is_end(r)) {
			result = alone(one);
		} else {
			op = next_word(r);
			other = next_word(r);
			if (one->text && other->text && op->text &&
			    !op->is_quoted)
				result = operate(one->text, op->text,
						 other->text);
		}
	}
	return negated ? truth_not(result) : result;
}

static enum truth read_list(struct reader *r)
{
	enum truth result = read_test(r);

	for (;;)
		if (take(r, "&&"))
			result = truth_and(result, read_test(r));
		else if (take(r, "||"))
			result = truth_or(result, read_test(r));
		else
			return result;
}

enum truth mailrc_condition(const struct mailrc *rc, const char *text)
{
	struct reader r = { .rc = rc };
	enum truth result;

	read_words(&r, text);
	result = read_list(&r);
	return r.is_wrong || r.at != r.count ? MAYBE : result;
}
