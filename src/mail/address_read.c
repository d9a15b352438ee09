/* address_read.c - reading addresses (RFC 5322 3.4, 4.4).
 *
 * An entry of a list is looked at twice: first over words and dots to the sign
 * that says what they were ("<" a name, "@" a local part, ":" a group's
 * name, else a bare user), then from its start again as that.  The scanner's
 * state is small and copied for it.  There is no recursion. */
#include "mail/address.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/address_scan.h"
#include "mail/charset.h"
#include "mail/domain.h"
#include "mail/encoded.h"

#define LOCAL_MAX 256 /* RFC 5321 says 64; servers take more */
#define SHOWN_MAX 160 /* octets of the text that an error quotes */

#define SAY_FORM  "write user@host or \"Name\" <user@host>"
#define SAY_COMMA "separate addresses with a comma"

struct reader {
	struct arena *arena;
	struct address_list *list;
	struct fault *fault;
	struct scan s;
	const char *item;  /* where the entry of the list began */
	const char *group; /* NULL outside of one */
	size_t members;	   /* of that group */
	bool null_ok;
};

/* Octets of the text that fit into `max` without cutting a character. */
static int cut(const char *text, size_t n, size_t max)
{
	if (n > max)
		for (n = max; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	return (int)n;
}

static size_t column_of(const char *start, const char *at)
{
	size_t column = 1;

	for (; start < at; start++)
		column += ((unsigned char)*start & 0xc0) != 0x80;
	return column;
}

static bool names_program(const char *text)
{
	text += *text == '"';
	return *text == '|' || *text == '/';
}

/* Every error ends here: quotes the entry, and says what is wrong at `at`
 * and what to do. */
static int refuse(struct reader *r, const char *at, const char *advice,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static int refuse(struct reader *r, const char *at, const char *advice,
		  const char *format, ...)
{
	size_t n = (size_t)(at - r->item);
	char why[400];
	va_list ap;
	int shown;

	n += strcspn(at, ",");
	while (n && (r->item[n - 1] == ' ' || r->item[n - 1] == '\t'))
		n--;
	shown = cut(r->item, n, SHOWN_MAX);
	if (names_program(r->item))
		return fault_set(r->fault, FAULT_USAGE,
				 "\"%.*s\" is not an address: mail goes to "
				 "people, not to commands or files; %s",
				 shown, r->item, SAY_FORM);
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return fault_set(r->fault, FAULT_USAGE,
			 "\"%.*s%s\" is not an address: %s at column %zu; %s",
			 shown, r->item, (size_t)shown < n ? "..." : "", why,
			 column_of(r->item, at), advice);
}

/* The token at hand is not what should be there. */
static int unexpected(struct reader *r, const char *wanted, const char *advice)
{
	const struct scan *s = &r->s;
	int shown = cut(s->start, (size_t)(s->end - s->start), 60);

	if (s->kind == SCAN_BAD)
		return refuse(r, s->start, SAY_FORM, "%s", s->trouble);
	if (s->kind == SCAN_END)
		return refuse(r, s->start, advice,
			      "it ends where %s should be,", wanted);
	return refuse(r, s->start, advice,
		      "unexpected \"%.*s\" where %s should be,", shown,
		      s->start, wanted);
}

static void put_quoted(struct buf *out, const struct scan *s)
{
	scan_unescape(out, s->start + 1, (size_t)(s->end - s->start) - 2);
}

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
static const char *keep_name(struct reader *r, const struct buf *text)
{
	const char *p = text->data, *end = text->data + text->len;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end > p ? arena_dup_n(r->arena, p, (size_t)(end - p)) : NULL;
}

/* The words from `from` up to `until` as a display name.  What is not quoted
 * is gathered in `plain`, so that encoded words meet their neighbours. */
static const char *phrase_text(struct reader *r, struct scan from,
			       const char *until)
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
		put_quoted(&quoted, &from);
		if (all_encoded(quoted.data))
			encoded_decode(&out, quoted.data);
		else
			buf_put(&out, quoted.data, quoted.len);
	}
	encoded_decode(&out, plain.data);
	name = keep_name(r, &out);
	buf_free(&out);
	buf_free(&plain);
	buf_free(&quoted);
	return name;
}

/* The comment that stands behind an address, for want of a better name. */
static const char *comment_text(struct reader *r)
{
	size_t max = 8 * r->s.comment_length + 16;
	struct buf out = BUF_INIT(max), plain = BUF_INIT(max);
	const char *name;

	if (!r->s.comment)
		return NULL;
	scan_unescape(&plain, r->s.comment, r->s.comment_length);
	encoded_decode(&out, plain.data);
	name = keep_name(r, &out);
	buf_free(&out);
	buf_free(&plain);
	return name;
}

/* Words with dots between them (obs-local-part), and dots in places where
 * only mobile carriers put them. */
static int read_local(struct reader *r, struct buf *out)
{
	bool after_word = false;

	for (;; scan_next(&r->s)) {
		if (scan_is_word(&r->s)) {
			if (after_word)
				return unexpected(r, "\"@\"", SAY_FORM);
			if (r->s.kind == SCAN_QUOTED)
				put_quoted(out, &r->s);
			else
				buf_put(out, r->s.start,
					(size_t)(r->s.end - r->s.start));
			after_word = true;
		} else if (scan_is_sign(&r->s, '.')) {
			buf_putc(out, '.');
			after_word = false;
		} else {
			break;
		}
	}
	if (out->overflow)
		return refuse(r, r->s.start, SAY_FORM,
			      "a user name of more than %d octets", LOCAL_MAX);
	return out->len ? 0 : unexpected(r, "a user name", SAY_FORM);
}

/* The tokens of a domain, spaces and comments left out. */
static int gather_domain(struct reader *r, struct buf *out)
{
	if (r->s.kind == SCAN_LITERAL) {
		for (const char *c = r->s.start; c < r->s.end; c++)
			if (*c != ' ' && *c != '\t')
				buf_putc(out, *c);
		scan_next(&r->s);
		return 0;
	}
	while (r->s.kind == SCAN_ATOM) {
		buf_put(out, r->s.start, (size_t)(r->s.end - r->s.start));
		scan_next(&r->s);
		if (!scan_is_sign(&r->s, '.'))
			return 0;
		buf_putc(out, '.');
		scan_next(&r->s);
	}
	/* a last dot is harmless and taken away, two are a slip */
	if (out->len && r->s.kind != SCAN_QUOTED && !scan_is_sign(&r->s, '.'))
		return 0;
	return unexpected(r, "a domain", SAY_FORM);
}

static int read_domain(struct reader *r, const char **domain)
{
	struct buf text = BUF_INIT(2 * ADDRESS_MAX);
	const char *start = r->s.start;
	struct fault f = FAULT_INIT;
	int rc = gather_domain(r, &text);

	if (!rc) {
		*domain = domain_to_ascii(r->arena, text.data, &f);
		rc = *domain ? 0 : -1;
	}
	if (f.cause == FAULT_DATA)
		refuse(r, start, SAY_FORM, "%s,", f.text);
	else if (fault_is_set(&f) && !fault_is_set(r->fault))
		*r->fault = f;
	buf_free(&text);
	return rc;
}

/* local@domain, or a local part alone that needs no quotes. */
static int read_spec(struct reader *r, struct address *one)
{
	struct buf local = BUF_INIT(LOCAL_MAX);
	int rc = read_local(r, &local);

	one->local = arena_dup_n(r->arena, local.data, local.len);
	one->domain = "";
	buf_free(&local);
	if (rc < 0)
		return -1;
	if (scan_is_sign(&r->s, '@')) {
		scan_next(&r->s);
		if (read_domain(r, &one->domain) < 0)
			return -1;
	}
	if (*one->local == '|' || (*one->local == '/' && !*one->domain)) {
		r->item = one->local;
		return refuse(r, r->item, SAY_FORM, "a command or file");
	}
	for (const char *c = one->local; *c; c++)
		one->needs_smtputf8 |= (unsigned char)*c >= 128;
	address_respell(r->arena, one);
	if (*one->spec == '"' && !*one->domain)
		return unexpected(r, "\"@\"", SAY_FORM);
	return 0;
}

/* "@one,@two:" before an address, which nothing follows any more (RFC 5321
 * appendix C). */
static int skip_route(struct reader *r)
{
	const char *domain;

	while (scan_is_sign(&r->s, '@') || scan_is_sign(&r->s, ',')) {
		bool comma = scan_is_sign(&r->s, ',');

		scan_next(&r->s);
		if (!comma && read_domain(r, &domain) < 0)
			return -1;
	}
	if (!scan_is_sign(&r->s, ':'))
		return unexpected(r, "\":\"", SAY_FORM);
	scan_next(&r->s);
	return 0;
}

static int read_angle(struct reader *r, struct address *one)
{
	scan_next(&r->s);
	if (scan_is_sign(&r->s, '>') && r->null_ok) {
		one->local = one->domain = one->spec = "";
		scan_next(&r->s);
		return 0;
	}
	if (scan_is_sign(&r->s, '@') && skip_route(r) < 0)
		return -1;
	if (read_spec(r, one) < 0)
		return -1;
	if (!scan_is_sign(&r->s, '>'))
		return unexpected(r, "\">\"", SAY_FORM);
	scan_next(&r->s);
	return 0;
}

/* "a@b <a@b>" is written by many; "a@b <c@d>" has lost a comma or quotes, and
 * a guess would lose a recipient. */
static int read_repeated(struct reader *r, const struct address *first)
{
	struct address again = { .name = NULL };
	const char *at = r->s.start;

	if (read_angle(r, &again) < 0)
		return -1;
	if (address_equal(first, &again))
		return 0;
	return refuse(r, at,
		      "put a comma between two addresses, or the name into "
		      "double quotes",
		      "a second address");
}

static int open_group(struct reader *r, struct scan mark)
{
	if (r->group)
		return unexpected(r, "a comma", "a group cannot hold another");
	if (mark.start == r->s.start)
		return unexpected(r, "an address", SAY_FORM);
	r->group = phrase_text(r, mark, r->s.start);
	if (!r->group)
		r->group = "";
	if (ascii_equal(r->group, "mailto"))
		return refuse(r, r->s.start, "leave out \"mailto:\"",
			      "unexpected \":\"");
	r->members = 0;
	scan_next(&r->s);
	return 0;
}

static int append(struct reader *r, const struct address *one)
{
	if (r->list->count >= ADDRESS_LIST_MAX)
		return fault_set(r->fault, FAULT_USAGE,
				 "more than %d addresses in one list; send "
				 "to fewer at a time",
				 ADDRESS_LIST_MAX);
	address_append(r->arena, r->list, one);
	r->members++;
	return 0;
}

/* A bare word is a user of this house; quoted, it is more likely a name whose
 * address was forgotten. */
static int read_mailbox(struct reader *r, struct scan mark, struct address *one)
{
	if (scan_is_sign(&r->s, '<')) {
		if (mark.start < r->s.start)
			one->name = phrase_text(r, mark, r->s.start);
		return read_angle(r, one);
	}
	if (mark.kind == SCAN_QUOTED && !scan_is_sign(&r->s, '@'))
		return unexpected(r, "\"@\" or \"<\"", SAY_FORM);
	r->s = mark;
	if (read_spec(r, one) < 0)
		return -1;
	if (scan_is_sign(&r->s, '<'))
		return read_repeated(r, one);
	return 0;
}

/* One entry of the list; the head of a group is one, too. */
static int read_item(struct reader *r)
{
	struct address one = { .group = r->group };
	struct scan mark = r->s;

	while (scan_is_word(&r->s) || scan_is_sign(&r->s, '.'))
		scan_next(&r->s);
	if (r->s.kind == SCAN_BAD)
		return unexpected(r, "an address", SAY_FORM);
	if (scan_is_sign(&r->s, ':'))
		return open_group(r, mark);
	if (read_mailbox(r, mark, &one) < 0)
		return -1;
	if (!one.name)
		one.name = comment_text(r);
	if (r->s.start - r->item > ADDRESS_MAX)
		return refuse(r, r->item, SAY_FORM, "more than %d octets",
			      ADDRESS_MAX);
	if (append(r, &one) < 0)
		return -1;
	if (r->s.kind == SCAN_END || scan_is_sign(&r->s, ',') ||
	    (r->group && scan_is_sign(&r->s, ';')))
		return 0;
	return unexpected(r, "a comma", SAY_COMMA);
}

static int close_group(struct reader *r)
{
	const struct address none = {
		.local = "",
		.domain = "",
		.spec = "",
		.group = r->group,
		.group_only = true,
	};

	if (!r->members && append(r, &none) < 0)
		return -1;
	r->group = NULL;
	scan_next(&r->s);
	if (r->s.kind == SCAN_END || scan_is_sign(&r->s, ','))
		return 0;
	return unexpected(r, "a comma", SAY_COMMA);
}

static int read_list(struct reader *r)
{
	scan_next(&r->s);
	for (;;) {
		int rc;

		while (scan_is_sign(&r->s, ','))
			scan_next(&r->s);
		if (r->s.kind == SCAN_END && !r->group)
			return 0;
		if (r->s.kind == SCAN_END)
			return unexpected(r, "\";\"",
					  "close the group with a semicolon");
		if (r->group && scan_is_sign(&r->s, ';')) {
			rc = close_group(r);
		} else {
			/* the group's head stays in sight of its errors */
			if (!r->group || r->members)
				r->item = r->s.start;
			rc = read_item(r);
		}
		if (rc < 0)
			return -1;
	}
}

static int check_text(struct reader *r, const char *utf8)
{
	if (!charset_is_utf8(utf8, strlen(utf8)))
		return fault_set(r->fault, FAULT_USAGE,
				 "\"%.160s\" is not an address: it is not "
				 "UTF-8 text",
				 utf8);
	for (const char *c = utf8; *c; c++)
		if (((unsigned char)*c < 32 && *c != '\t') || *c == 127)
			return refuse(r, c, "take it out",
				      *c == '\r' || *c == '\n'
					      ? "a line break"
					      : "a control character");
	return 0;
}

static int read_all(struct arena *a, const char *utf8, bool null_ok,
		    struct address_list *list, struct fault *f)
{
	struct reader r = {
		.arena = a,
		.list = list,
		.fault = f,
		.s = { .next = utf8 },
		.item = utf8,
		.null_ok = null_ok,
	};

	return check_text(&r, utf8) < 0 ? -1 : read_list(&r);
}

int address_parse_list(struct arena *a, const char *utf8,
		       struct address_list *list, struct fault *f)
{
	return read_all(a, utf8, false, list, f);
}

int address_parse(struct arena *a, const char *utf8, bool null_ok,
		  struct address *out, struct fault *f)
{
	struct address_list list = { .items = NULL };

	if (read_all(a, utf8, null_ok, &list, f) < 0)
		return -1;
	if (list.count != 1 || list.items[0].group)
		return fault_set(f, FAULT_USAGE,
				 "\"%.*s\" is not one address; %s",
				 cut(utf8, strlen(utf8), SHOWN_MAX), utf8,
				 SAY_FORM);
	*out = list.items[0];
	return 0;
}
