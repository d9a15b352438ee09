/* address_read.c - parses addresses (RFC 5322 3.4, 4.4).
 *
 * An entry of a list is scanned twice: first past words and dots to the
 * character that tells what they are ("<" a name, "@" a local part, ":" a group
 * name, else a bare user), then again from its start as that.  The state of the
 * scanner is small and is copied for this.  There is no recursion. */
#include "mail/address.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/address_scan.h"
#include "mail/charset.h"
#include "mail/domain.h"
#include "mail/encoded.h"

#define LOCAL_MAX 256 /* RFC 5321 allows 64; servers accept more */
#define SHOWN_MAX 160 /* octets of the text that an error quotes */

#define SAY_FORM  "write user@host or \"Name\" <user@host>"
#define SAY_COMMA "separate addresses with a comma"
#define SAY_TWO                                                                \
	"put a comma between two addresses, or the name into double quotes"

struct reader {
	struct arena *arena;
	struct address_list *list;
	struct error *error;
	struct scan s;
	const char *item;  /* start of the list entry */
	const char *group; /* NULL outside of a group */
	size_t members;	   /* of that group */
	bool is_angled;	   /* the last one was in <> */
	bool is_inside;	   /* the content of a quoted string is parsed */
	bool null_ok;
};

/* Octets of the text that fit into `max` without splitting a character. */
static int cut(const char *text, size_t n, size_t max)
{
	return (int)(n > max ? text_cut(text, max) : n);
}

static size_t column_of(const char *start, const char *at)
{
	size_t column = 1;

	for (; start < at; start++)
		column += !text_is_continuation(*start);
	return column;
}

static bool names_program(const char *text)
{
	text += *text == '"';
	return *text == '|' || *text == '/';
}

/* Sets every parse error: quotes the entry, tells what is wrong at `at` and
 * what to do. */
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

	n += strcspn(at, ",;");
	while (n && text_is_blank(r->item[n - 1]))
		n--;
	shown = cut(r->item, n, SHOWN_MAX);
	if (names_program(r->item))
		return error_set(r->error, ERROR_USAGE,
				 "\"%.*s\" is not an address: mail goes to "
				 "people, not to commands or files; %s",
				 shown, r->item, SAY_FORM);
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return error_set(r->error, ERROR_USAGE,
			 "\"%.*s%s\" is not an address: %s at column %zu; %s",
			 shown, r->item, (size_t)shown < n ? "..." : "", why,
			 column_of(r->item, at), advice);
}

/* The current token is not what is expected. */
static int unexpected(struct reader *r, const char *wanted, const char *advice)
{
	const struct scan *s = &r->s;
	int shown = cut(s->start, (size_t)(s->end - s->start), 60);

	if (s->kind == SCAN_BAD)
		return refuse(r, s->start, SAY_FORM, "%s", s->problem);
	if (s->kind == SCAN_END)
		return refuse(r, s->start, advice,
			      "it ends where %s should be,", wanted);
	return refuse(r, s->start, advice,
		      "unexpected \"%.*s\" where %s should be,", shown,
		      s->start, wanted);
}

/* Words with dots between them (obs-local-part), and dots in the invalid places
 * that mobile carriers use. */
static int read_local(struct reader *r, struct buf *out)
{
	bool after_word = false;

	for (;; scan_next(&r->s)) {
		if (scan_is_word(&r->s)) {
			if (after_word)
				return unexpected(r, "\"@\"", SAY_FORM);
			if (r->s.kind == SCAN_QUOTED)
				scan_put_quoted(out, &r->s);
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

/* The tokens of a domain, without spaces and comments. */
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
	/* a trailing dot is removed, two are an error */
	if (out->len && r->s.kind != SCAN_QUOTED && !scan_is_sign(&r->s, '.'))
		return 0;
	return unexpected(r, "a domain", SAY_FORM);
}

/* *enclosed: an apostrophe precedes the address; set to whether another follows
 * it, which no host name contains. */
static int read_domain(struct reader *r, bool *enclosed, const char **domain)
{
	struct buf text = BUF_INIT(2 * ADDRESS_MAX);
	const char *start = r->s.start;
	struct error f = ERROR_INIT;
	int rc = gather_domain(r, &text);

	*enclosed = *enclosed && !rc && text.data[text.len - 1] == '\'';
	if (*enclosed)
		buf_truncate(&text, text.len - 1);
	if (!rc) {
		*domain = domain_to_ascii(r->arena, text.data, &f);
		rc = *domain ? 0 : -1;
	}
	if (f.cause == ERROR_DATA)
		refuse(r, start, SAY_FORM, "%s,", f.text);
	else if (error_is_set(&f) && !error_is_set(r->error))
		*r->error = f;
	buf_free(&text);
	return rc;
}

/* The domain, if any; the apostrophes of 'root' or 'bob@example.org', which
 * shells and other mailers leave there, are dropped.
 */
static int read_place(struct reader *r, struct address *one)
{
	size_t n = strlen(one->local);
	bool enclosed = *one->local == '\'' && n > 1;

	if (scan_is_sign(&r->s, '@')) {
		scan_next(&r->s);
		if (read_domain(r, &enclosed, &one->domain) < 0)
			return -1;
	} else {
		enclosed = enclosed && n > 2 && one->local[--n] == '\'';
	}
	if (enclosed) {
		one->local = arena_dup_n(r->arena, one->local + 1, n - 1);
		r->list->is_repaired = true;
	}
	return 0;
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
	if (read_place(r, one) < 0)
		return -1;
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

/* "@one,@two:" before an address, which is obsolete (RFC 5321 appendix C). */
static int skip_route(struct reader *r)
{
	const char *domain;
	bool enclosed = false;

	while (scan_is_sign(&r->s, '@') || scan_is_sign(&r->s, ',')) {
		bool comma = scan_is_sign(&r->s, ',');

		scan_next(&r->s);
		if (!comma && read_domain(r, &enclosed, &domain) < 0)
			return -1;
	}
	if (!scan_is_sign(&r->s, ':'))
		return unexpected(r, "\":\"", SAY_FORM);
	scan_next(&r->s);
	return 0;
}

/* "mailto:", which programs that create links put before an address. */
static void skip_scheme(struct reader *r)
{
	struct scan colon = r->s;

	scan_next(&colon);
	if (r->s.end - r->s.start != (ptrdiff_t)strlen("mailto") ||
	    !ascii_begins(r->s.start, "mailto") || !scan_is_sign(&colon, ':'))
		return;
	r->s = colon;
	scan_next(&r->s);
	r->list->is_repaired = true;
}

static int read_angle(struct reader *r, struct address *one)
{
	unsigned depth = 0;

	for (; scan_is_sign(&r->s, '<'); depth++)
		scan_next(&r->s);
	if (scan_is_sign(&r->s, '>') && r->null_ok && depth == 1) {
		one->local = one->domain = one->spec = "";
		scan_next(&r->s);
		return 0;
	}
	skip_scheme(r);
	if (scan_is_sign(&r->s, '@') && skip_route(r) < 0)
		return -1;
	if (read_spec(r, one) < 0)
		return -1;
	r->is_angled = true;
	if (depth > 1)
		r->list->is_repaired = true;
	for (; depth; depth--) {
		if (!scan_is_sign(&r->s, '>'))
			return unexpected(r, "\">\"", SAY_FORM);
		scan_next(&r->s);
	}
	return 0;
}

/* A name that should have quotes.  "a@b <a@b>" is common; in "a@b <c@d>" a
 * comma or quotes are missing, and a guess could lose a recipient. */
static int read_odd(struct reader *r, struct scan mark, struct scan angle,
		    struct address *one)
{
	one->name = scan_phrase(r->arena, mark, angle.start);
	r->s = angle;
	r->list->is_repaired = true;
	if (read_angle(r, one) < 0)
		return -1;
	one->name = scan_tidy_name(r->arena, one->name, one);
	if (!scan_name_has_other(mark, &angle, one))
		return 0;
	return refuse(r, angle.start, SAY_TWO, "a second address");
}

static int open_group(struct reader *r, struct scan mark)
{
	if (r->group)
		return unexpected(r, "a comma", "a group cannot hold another");
	if (mark.start == r->s.start)
		return unexpected(r, "an address", SAY_FORM);
	r->group = scan_phrase(r->arena, mark, r->s.start);
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
		return error_set(r->error, ERROR_USAGE,
				 "more than %d addresses in one list; send "
				 "to fewer at a time",
				 ADDRESS_LIST_MAX);
	address_append(r->arena, r->list, one);
	r->members++;
	return 0;
}

static int read_list(struct reader *r);

/* A quoted string that is a complete address: "bob@example.org". */
static bool read_inside(struct reader *r, const struct scan *quoted,
			struct address *one)
{
	struct buf text = BUF_INIT(ADDRESS_MAX);
	struct address_list list = { .items = NULL };
	struct error unused = ERROR_INIT;
	struct reader inner = { .arena = r->arena,
				.list = &list,
				.error = &unused,
				.is_inside = true };
	const char *group = one->group;
	bool is_one = false;

	scan_put_quoted(&text, quoted);
	if (!r->is_inside && !text.overflow && text.len) {
		inner.s.next = inner.item =
			arena_dup_n(r->arena, text.data, text.len);
		is_one = read_list(&inner) == 0 && list.count == 1 &&
			 !list.items[0].group && *list.items[0].domain;
	}
	buf_free(&text);
	if (!is_one)
		return false;
	*one = list.items[0];
	one->group = group;
	r->list->is_repaired = true;
	return true;
}

/* A quoted name that no "<" follows: an address may follow, if the string is
 * not its local part; or nothing. */
static int read_quoted(struct reader *r, struct scan mark, struct address *one)
{
	struct scan next = mark;
	const char *name;

	while (next.kind == SCAN_QUOTED)
		scan_next(&next);
	if (!scan_is_sign(&r->s, '@')) {
		if (next.start == r->s.start && read_inside(r, &mark, one))
			return 0;
		return unexpected(r, "\"@\" or \"<\"", SAY_FORM);
	}
	if (next.kind != SCAN_ATOM || !next.space) {
		r->s = mark;
		return read_spec(r, one);
	}
	r->s = next;
	r->list->is_repaired = true;
	if (read_spec(r, one) < 0)
		return -1;
	name = scan_phrase(r->arena, mark, next.start);
	one->name = scan_tidy_name(r->arena, name, one);
	if (!one->name || !strchr(one->name, '@'))
		return 0;
	return refuse(r, next.start, SAY_TWO, "a second address");
}

/* A bare word is a local user; quoted, it is more likely a name whose
 * address was forgotten. */
static int read_mailbox(struct reader *r, struct scan mark, struct address *one)
{
	if (scan_is_sign(&r->s, '<')) {
		if (mark.start < r->s.start)
			one->name = scan_phrase(r->arena, mark, r->s.start);
		return read_angle(r, one);
	}
	if (mark.kind == SCAN_QUOTED)
		return read_quoted(r, mark, one);
	r->s = mark;
	if (read_spec(r, one) < 0)
		return -1;
	if (*one->domain)
		return 0;
	if (*one->local == '\'' || encoded_length(one->local))
		return refuse(r, r->s.start, SAY_FORM, "a name, no address,");
	if (scan_is_sign(&r->s, ',') && scan_name_has_comma(one->local, r->s))
		return refuse(r, r->s.start,
			      "put the name into double quotes, as in "
			      "\"Last, First\" <user@host>",
			      "a comma that may belong to a name");
	return 0;
}

/* One entry of the list; the name of a group is one, too. */
static int read_item(struct reader *r)
{
	struct address one = { .group = r->group };
	struct scan mark = r->s, angle;
	int rc;

	r->is_angled = false;
	while (scan_is_word(&r->s) || scan_is_sign(&r->s, '.'))
		scan_next(&r->s);
	if (!scan_is_sign(&r->s, '<') && scan_find_angle(mark, &angle))
		rc = read_odd(r, mark, angle, &one);
	else if (r->s.kind == SCAN_BAD)
		return unexpected(r, "an address", SAY_FORM);
	else if (scan_is_sign(&r->s, ':'))
		return open_group(r, mark);
	else
		rc = read_mailbox(r, mark, &one);
	if (rc < 0)
		return -1;
	if (!one.name)
		one.name = scan_comment(r->arena, &r->s);
	if (r->s.start - r->item > ADDRESS_MAX)
		return refuse(r, r->item, SAY_FORM, "more than %d octets",
			      ADDRESS_MAX);
	if (append(r, &one) < 0)
		return -1;
	if (r->s.kind == SCAN_END || scan_is_sign(&r->s, ',') ||
	    scan_is_sign(&r->s, ';'))
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
	if (r->s.kind != SCAN_END && !scan_is_sign(&r->s, ','))
		r->list->is_repaired = true;
	return 0;
}

/* The end, within a group: "Re: help <bob@example.org>" is one address with a
 * name that should have quotes. */
static int end_list(struct reader *r)
{
	struct address *last;

	if (!r->group)
		return 0;
	if (r->members != 1 || !r->is_angled)
		return unexpected(r, "\";\"",
				  "close the group with a semicolon");
	last = &r->list->items[r->list->count - 1];
	last->name = arena_format(r->arena, "%s: %s", r->group,
				  last->name ? last->name : "");
	last->group = NULL;
	r->list->is_repaired = true;
	return 0;
}

/* A semicolon outside of groups separates like a comma: other mailers accept
 * that. */
static int read_list(struct reader *r)
{
	scan_next(&r->s);
	for (;;) {
		int rc;

		while (scan_is_sign(&r->s, ',') ||
		       (!r->group && scan_is_sign(&r->s, ';'))) {
			if (scan_is_sign(&r->s, ';'))
				r->list->is_repaired = true;
			scan_next(&r->s);
		}
		if (r->s.kind == SCAN_END)
			return end_list(r);
		if (r->group && scan_is_sign(&r->s, ';')) {
			rc = close_group(r);
		} else {
			/* its errors quote the group's name, too */
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
		return error_set(r->error, ERROR_USAGE,
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
		    struct address_list *list, struct error *f)
{
	struct reader r = {
		.arena = a,
		.list = list,
		.error = f,
		.s = { .next = utf8 },
		.item = utf8,
		.null_ok = null_ok,
	};

	size_t commas = 0;

	if (check_text(&r, utf8) < 0)
		return -1;
	for (const char *c = utf8; *c; c++)
		commas += *c == ',';
	address_reserve(a, list,
			commas < ADDRESS_LIST_MAX ? commas + 1
						  : ADDRESS_LIST_MAX);
	return read_list(&r);
}

int address_parse_list(struct arena *a, const char *utf8,
		       struct address_list *list, struct error *f)
{
	return read_all(a, utf8, false, list, f);
}

int address_parse(struct arena *a, const char *utf8, bool null_ok,
		  struct address *out, struct error *f)
{
	struct address_list list = { .items = NULL };

	if (read_all(a, utf8, null_ok, &list, f) < 0)
		return -1;
	if (list.count != 1 || list.items[0].group)
		return error_set(f, ERROR_USAGE,
				 "\"%.*s\" is not one address; %s",
				 cut(utf8, strlen(utf8), SHOWN_MAX), utf8,
				 SAY_FORM);
	*out = list.items[0];
	return 0;
}
