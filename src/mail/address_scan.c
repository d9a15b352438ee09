/* address_scan.c - one token after the other, with no state between them but
 * the place.  Comments nest to a depth that is counted, not recursed into. */
#include "mail/address_scan.h"

#include <string.h>

#include "base/ascii.h"
#include "mail/encoded.h"

#define COMMENT_DEPTH_MAX 100

static bool is_atext(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) ||
	       (unsigned char)c >= 128 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static void scan_bad(struct scan *s, const char *trouble)
{
	s->kind = SCAN_BAD;
	s->trouble = trouble;
}

/* Past the comment that begins here; false when it has no end. */
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

/* A "[" that an address follows before its "]" belongs to a name. */
static bool is_literal(const char *p)
{
	p += strcspn(p, "]<\\");
	return *p != '<';
}

/* Up to `close`, which is part of the token. */
static void scan_enclosed(struct scan *s, char close, enum scan_token kind,
			  const char *trouble)
{
	const char *p = s->start + 1;

	for (; *p && *p != close; p++)
		if (*p == '\\' && p[1])
			p++;
	s->kind = kind;
	s->end = *p ? p + 1 : p;
	if (!*p)
		scan_bad(s, trouble);
}

/* An encoded word is one atom whatever stands in it: many mailers put commas
 * and more there. */
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
			      "a quotation that has no end");
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

void scan_unescape(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		buf_putc(out, p[i]);
	}
}

void scan_put_quoted(struct buf *out, const struct scan *s)
{
	scan_unescape(out, s->start + 1, (size_t)(s->end - s->start) - 2);
}
