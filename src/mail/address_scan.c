/* address_scan.c - the position is the only state between tokens.  Nested
 * comments are counted, without recursion. */
#include "mail/address_scan.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/encoded.h"

#define COMMENT_DEPTH_MAX 100

static bool is_atext(char c)
{
	return ascii_is_atext(c) || (unsigned char)c >= 128;
}

static void scan_bad(struct scan *s, const char *problem)
{
	s->kind = SCAN_BAD;
	s->problem = problem;
}

/* Skips the comment that begins here; false when it has no end. */
static bool skip_comment(struct scan *s)
{
	const char *p = s->next;
	int depth = 0;

	for (; *p; p++) {
		if (*p == '(' && ++depth > COMMENT_DEPTH_MAX)
			break;
		if (*p == ')' && !--depth)
			break;
		if (*p == '\\' && p[1])
			p++;
	}
	if (*p != ')') {
		s->start = s->next;
		s->next = s->end = p + strlen(p);
		scan_bad(s, depth > COMMENT_DEPTH_MAX
				    ? "comments nested too deeply"
				    : "a comment that has no \")\"");
		return false;
	}
	s->comment = s->next + 1;
	s->comment_length = (size_t)(p - s->comment);
	s->next = p + 1;
	return true;
}

/* A "[" with an address before its "]" belongs to a name. */
static bool is_literal(const char *p)
{
	p += strcspn(p, "]<\\");
	return *p != '<';
}

/* Up to `close`, which is part of the token. */
static void scan_enclosed(struct scan *s, char close, enum scan_token kind,
			  const char *problem)
{
	const char *p = s->start + 1;

	for (; *p && *p != close; p++)
		if (*p == '\\' && p[1])
			p++;
	s->kind = kind;
	s->end = *p ? p + 1 : p;
	if (!*p)
		scan_bad(s, problem);
}

/* An encoded word is one atom, whatever it contains: many mailers put commas
 * and other specials there. */
static void scan_atom(struct scan *s)
{
	const char *p = s->start + encoded_length(s->start);

	while (is_atext(*p))
		p++;
	s->kind = SCAN_ATOM;
	s->end = p;
}

void scan_next(struct scan *s)
{
	const char *before = s->next;

	s->comment = NULL;
	for (;;) {
		s->next += strspn(s->next, " \t");
		if (*s->next != '(')
			break;
		if (!skip_comment(s))
			return;
	}
	s->space = s->next > before;
	s->start = s->end = s->next;
	if (!*s->start) {
		s->kind = SCAN_END;
	} else if (*s->start == '"') {
		scan_enclosed(s, '"', SCAN_QUOTED,
			      "a quoted string that has no closing quote");
	} else if (*s->start == '[' && is_literal(s->start)) {
		scan_enclosed(s, ']', SCAN_LITERAL,
			      "a \"[\" that has no \"]\"");
	} else if (is_atext(*s->start)) {
		scan_atom(s);
	} else {
		s->kind = SCAN_SIGN;
		s->end++;
	}
	s->next = s->end;
}

bool scan_is_sign(const struct scan *s, char c)
{
	return s->kind == SCAN_SIGN && *s->start == c;
}

bool scan_is_word(const struct scan *s)
{
	return s->kind == SCAN_ATOM || s->kind == SCAN_QUOTED;
}

/* Unescapes the content of a quoted string or comment. */
static void unescape(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		buf_putc(out, p[i]);
	}
}

void scan_put_quoted(struct buf *out, const struct scan *s)
{
	unescape(out, s->start + 1, (size_t)(s->end - s->start) - 2);
}

/* ---- display names ---- */

/* Names are parsed by tokens; anything but a word is copied unchanged. */

#define LOOK_AHEAD ADDRESS_MAX /* octets */

/* Only encoded words, which some wrongly put in quotes. */
static bool all_encoded(const char *text)
{
	size_t n, words = 0;

	text += strspn(text, " \t");
	while ((n = encoded_length(text))) {
		words++;
		text += n;
		text += strspn(text, " \t");
	}
	return words && !*text;
}

/* A copy without surrounding white space; NULL when nothing is left. */
static const char *keep_name(struct arena *a, const struct buf *text)
{
	const char *p = text->data, *end = text->data + text->len;

	while (p < end && text_is_blank(*p))
		p++;
	while (end > p && text_is_blank(end[-1]))
		end--;
	return end > p ? arena_dup_n(a, p, (size_t)(end - p)) : NULL;
}

/* The words from `from` up to `until` as a display name.  Unquoted text is
 * collected in `plain`, so that adjacent encoded words are decoded together. */
const char *scan_phrase(struct arena *a, struct scan from, const char *until)
{
	size_t max = 8 * (size_t)(until - from.start) + 16;
	struct buf out = BUF_INIT(max), plain = BUF_INIT(max);
	struct buf quoted = BUF_INIT(max);
	const char *name;

	for (bool first = true; from.start < until; scan_next(&from)) {
		if (from.space && !first)
			buf_putc(&plain, ' ');
		first = false;
		if (from.kind != SCAN_QUOTED) {
			buf_put(&plain, from.start,
				(size_t)(from.end - from.start));
			continue;
		}
		encoded_decode(&out, plain.data);
		buf_reset(&plain);
		buf_reset(&quoted);
		scan_put_quoted(&quoted, &from);
		if (all_encoded(quoted.data))
			encoded_decode(&out, quoted.data);
		else
			buf_put(&out, quoted.data, quoted.len);
	}
	encoded_decode(&out, plain.data);
	name = keep_name(a, &out);
	buf_free(&out);
	buf_free(&plain);
	buf_free(&quoted);
	return name;
}

/* The comment that follows an address, as a fallback name. */
const char *scan_comment(struct arena *a, const struct scan *s)
{
	size_t max = 8 * s->comment_length + 16;
	struct buf out = BUF_INIT(max), plain = BUF_INIT(max);
	const char *name;

	if (!s->comment)
		return NULL;
	unescape(&plain, s->comment, s->comment_length);
	encoded_decode(&out, plain.data);
	name = keep_name(a, &out);
	buf_free(&out);
	buf_free(&plain);
	return name;
}

/* Names without the required quotes. */

/* After the apostrophe that closes the one at `p`, if an angle address follows;
 * NULL if the name is not enclosed in apostrophes. */
static const char *apostrophes_end(const char *p)
{
	const char *start = p;

	if (*p != '\'')
		return NULL;
	for (p++; *p && *p != '<' && p - start < LOOK_AHEAD; p++) {
		const char *after = p + 1 + strspn(p + 1, " \t");

		if (*p != '\'')
			continue;
		if (*after == '<')
			return p + 1;
		if (!*after || *after == ',' || *after == ';')
			break;
	}
	return NULL;
}

bool scan_find_angle(struct scan from, struct scan *angle)
{
	const char *start = from.start, *close = apostrophes_end(start);

	for (; from.start - start < LOOK_AHEAD; scan_next(&from)) {
		if (scan_is_sign(&from, '<')) {
			*angle = from;
			return true;
		}
		if (from.kind == SCAN_END || from.kind == SCAN_BAD)
			break;
		if (from.kind == SCAN_SIGN && strchr(",;:>", *from.start) &&
		    (!close || from.start >= close))
			break;
	}
	return false;
}

/* Is the text around the "@", up to blanks and without apostrophes, a valid
 * address? */
static bool is_other(const char *start, const char *at, const char *end,
		     const struct address *one)
{
	const char *from = at, *to = at + 1;
	size_t n;

	while (from > start && !text_is_blank(from[-1]) && from[-1] != ')' &&
	       from[-1] != ']')
		from--;
	while (to < end && !text_is_blank(*to) && *to != '(' && *to != '[')
		to++;
	while (from < at && *from == '\'')
		from++;
	while (to > at + 1 && to[-1] == '\'')
		to--;
	if (from == at || to == at + 1)
		return false;
	n = (size_t)(to - from);
	return n != strlen(one->spec) || !ascii_begins(from, one->spec);
}

bool scan_name_has_other(struct scan from, const struct scan *angle,
			 const struct address *one)
{
	const char *start = from.start;

	if (apostrophes_end(start))
		return false;
	for (; from.start < angle->start; scan_next(&from))
		if (scan_is_sign(&from, '@') &&
		    is_other(start, from.start, angle->start, one))
			return true;
	return false;
}

const char *scan_tidy_name(struct arena *a, const char *name,
			   const struct address *one)
{
	size_t n = name ? strlen(name) : 0;

	if (n > 2 && *name == '\'' && name[n - 1] == '\'')
		name = arena_dup_n(a, name + 1, n - 2);
	return name && ascii_equal(name, one->spec) ? NULL : name;
}

bool scan_may_be_name(const char *local)
{
	return !(*local >= 'a' && *local <= 'z') && !ascii_is_digit(*local) &&
	       *local != '_';
}

bool scan_name_has_comma(const char *local, struct scan comma)
{
	if (!scan_may_be_name(local))
		return false;
	scan_next(&comma);
	if (comma.kind != SCAN_ATOM)
		return false;
	while (scan_is_word(&comma) || scan_is_sign(&comma, '.'))
		scan_next(&comma);
	return scan_is_sign(&comma, '<');
}
