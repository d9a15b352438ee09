/* address_name.c - names are read token by token; what is no word stands in
 * them as it was written. */
#include "mail/address_name.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/encoded.h"

#define LOOK_AHEAD ADDRESS_MAX /* octets */

/* Nothing but encoded words: what people wrongly put between quotes. */
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

/* A copy without white space around it; NULL when nothing is left. */
static const char *keep_name(struct arena *a, const struct buf *text)
{
	const char *p = text->data, *end = text->data + text->len;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end > p ? arena_dup_n(a, p, (size_t)(end - p)) : NULL;
}

/* The words from `from` up to `until` as a display name.  What is not quoted
 * is gathered in `plain`, so that encoded words meet their neighbours. */
const char *name_of_phrase(struct arena *a, struct scan from, const char *until)
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

/* The comment that stands behind an address, for want of a better name. */
const char *name_of_comment(struct arena *a, const struct scan *s)
{
	size_t max = 8 * s->comment_length + 16;
	struct buf out = BUF_INIT(max), plain = BUF_INIT(max);
	const char *name;

	if (!s->comment)
		return NULL;
	scan_unescape(&plain, s->comment, s->comment_length);
	encoded_decode(&out, plain.data);
	name = keep_name(a, &out);
	buf_free(&out);
	buf_free(&plain);
	return name;
}

/* ---- names without the quotes that they need ------------------------------
 */

/* Past the apostrophe that closes the one at `p`, where an angle address
 * follows it; NULL where the name is not enclosed so. */
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

bool name_find_angle(struct scan from, struct scan *angle)
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

/* Is what stands around the "@", up to blanks and without apostrophes, an
 * address of its own? */
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

bool name_has_other(struct scan from, const struct scan *angle,
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

const char *name_tidy(struct arena *a, const char *name,
		      const struct address *one)
{
	size_t n = name ? strlen(name) : 0;

	if (n > 2 && *name == '\'' && name[n - 1] == '\'')
		name = arena_dup_n(a, name + 1, n - 2);
	return name && ascii_equal(name, one->spec) ? NULL : name;
}

bool name_may_be(const char *local)
{
	return !(*local >= 'a' && *local <= 'z') && !ascii_is_digit(*local) &&
	       *local != '_';
}

bool name_has_comma(const char *local, struct scan comma)
{
	if (!name_may_be(local))
		return false;
	scan_next(&comma);
	if (comma.kind != SCAN_ATOM)
		return false;
	while (scan_is_word(&comma) || scan_is_sign(&comma, '.'))
		scan_next(&comma);
	return scan_is_sign(&comma, '<');
}
