/* header.c - the syntax of a field by its name, and folding.
 *
 * Folding adds nothing but line ends and removes nothing: a value is folded
 * before white space, which is kept, and only if a token follows, so that no
 * line is only white space.  The only exception is white space too long for a
 * line: it becomes one space. */
#include "mail/header.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "codec/words.h"
#include "mail/address.h"

#define HEADER_NAME_MAX	 200
#define HEADER_VALUE_MAX (16 * 1024 * 1024) /* encoded */
#define HEADER_LINE_MAX	 998
#define HEADER_FOLD_AT	 76

void header_init(struct header *h)
{
	h->first = NULL;
	h->last = &h->first;
}

/* RFC 5322 3.6.8: printable, no colon. */
static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (name[n] < 33 || name[n] > 126 || name[n] == ':')
			return false;
	return n > 0 && n <= HEADER_NAME_MAX;
}

int header_add(struct arena *a, struct header *h, const char *name,
	       const char *value, struct error *f)
{
	struct field *field;

	if (!is_name(name))
		return error_set(f, ERROR_USAGE,
				 "\"%.100s\" is not the name of a header "
				 "field; write it as in \"X-Name: value\"",
				 name);
	if (strpbrk(value, "\r\n"))
		return error_set(f, ERROR_USAGE,
				 "the value of the header field %s has a line "
				 "break; write it in one line",
				 name);
	field = arena_alloc(a, sizeof(*field));
	field->name = arena_dup(a, name);
	field->value = arena_dup(a, value);
	*h->last = field;
	h->last = &field->next;
	return 0;
}

int header_add_line(struct arena *a, struct header *h, const char *line,
		    struct error *f)
{
	size_t n = strcspn(line, ":"), end = n;
	const char *value;
	size_t length;

	if (!line[n])
		return error_set(f, ERROR_USAGE,
				 "\"%.100s\" is not a header field: it has no "
				 "colon; write \"Name: value\"",
				 line);
	while (end && text_is_blank(line[end - 1]))
		end--;
	value = line + n + 1;
	while (text_is_blank(*value))
		value++;
	length = strlen(value);
	while (length && text_is_blank(value[length - 1]))
		length--;
	return header_add(a, h, arena_dup_n(a, line, end),
			  arena_dup_n(a, value, length), f);
}

const char *header_get_before(const struct header *h, const char *name,
			      const struct field *end)
{
	for (const struct field *x = h->first; x && x != end; x = x->next)
		if (ascii_equal(x->name, name))
			return x->value;
	return NULL;
}

const char *header_get(const struct header *h, const char *name)
{
	return header_get_before(h, name, NULL);
}

bool header_has(const struct header *h, const char *name)
{
	return header_get(h, name) != NULL;
}

size_t header_remove_if(struct header *h,
			bool (*is_it)(const struct field *x,
				      const void *context),
			const void *context)
{
	struct field **at = &h->first;
	size_t n = 0;

	while (*at) {
		if (is_it(*at, context)) {
			*at = (*at)->next;
			n++;
		} else {
			at = &(*at)->next;
		}
	}
	h->last = at;
	return n;
}

static bool has_name(const struct field *x, const void *name)
{
	return ascii_equal(x->name, name);
}

size_t header_remove(struct header *h, const char *name)
{
	return header_remove_if(h, has_name, name);
}

static bool is_listed(const char *name, const char *const *list)
{
	for (; *list; list++) {
		size_t n = strlen(*list);

		if ((*list)[n - 1] == '-' ? ascii_begins(name, *list)
					  : ascii_equal(name, *list))
			return true;
	}
	return false;
}

bool header_is_address(const char *name)
{
	static const char *const names[] = {
		"From",
		"Sender",
		"Reply-To",
		"To",
		"Cc",
		"Bcc",
		"Apparently-To",
		"Disposition-Notification-To",
		"Errors-To",
		"Mail-Followup-To",
		"Mail-Reply-To",
		"Return-Receipt-To",
		NULL,
	};

	if (ascii_begins(name, "Resent-"))
		name += strlen("Resent-");
	return is_listed(name, names);
}

bool header_is_bcc(const char *name)
{
	return ascii_equal(name, "Bcc") || ascii_equal(name, "Resent-Bcc");
}

/* Their grammar has no encoded words, so these are used only for octets that
 * are invalid in a header.  A '-' at the end means a prefix. */
static bool is_structured(const char *name)
{
	static const char *const names[] = {
		"ARC-",
		"Authentication-Results",
		"Auto-Submitted",
		"Autocrypt",
		"Content-",
		"Date",
		"Delivered-To",
		"DKIM-Signature",
		"DomainKey-Signature",
		"Expires",
		"Importance",
		"In-Reply-To",
		"List-",
		"Message-ID",
		"MIME-Version",
		"Original-Recipient",
		"Precedence",
		"Received",
		"Received-SPF",
		"References",
		"Resent-Date",
		"Resent-Message-ID",
		"Return-Path",
		"X-Original-To",
		NULL,
	};

	return is_listed(name, names);
}

/* A field that is being written, with its current line. */
enum form { FORM_TEXT, FORM_STRUCTURED, FORM_LIST };

struct fold {
	struct sink *to;
	const char *name;
	size_t column;	      /* octets on the line so far */
	bool has_token;	      /* the line has more than the field name */
	const char *item_end; /* of the current entry; NULL: not a list */
	bool has_quotes;      /* quoted strings are special in this field */
};

/* The end of the entry of an address list that begins here: after the next
 * comma that is not in a quoted string. */
static const char *find_item_end(const char *p)
{
	bool quoted = false;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == ',' && !quoted)
			return p + 1;
	}
	return p;
}

/* Entries of a list are not split if they fit a line.  The first token gets a
 * line of its own only if that helps. */
static bool must_break(struct fold *s, const char *p, size_t n)
{
	size_t whole = n;

	if (s->item_end && p >= s->item_end) {
		s->item_end = find_item_end(p);
		whole = (size_t)(s->item_end - p);
	}
	if (s->column + n > HEADER_LINE_MAX)
		return true;
	if (s->column + n > HEADER_FOLD_AT)
		return s->has_token || n <= HEADER_FOLD_AT;
	return s->has_token && s->column + whole > HEADER_FOLD_AT;
}

/* A token of n octets and the preceding white space. */
static int put_token(struct fold *s, const char *p, size_t space, size_t n)
{
	if (space + n > HEADER_LINE_MAX) {
		p += space - 1;
		space = 1;
	}
	if (space + n > HEADER_LINE_MAX)
		return error_set(
			s->to->error, ERROR_DATA,
			"the header field %s has a word of %zu octets, "
			"and a line can have %d; put spaces into it",
			s->name, n, HEADER_LINE_MAX);
	if (must_break(s, p, space + n)) {
		sink_puts(s->to, "\r\n");
		s->column = 0;
	}
	s->column += space + n;
	s->has_token = true;
	return sink_put(s->to, p, space + n);
}

/* The text that stays on one line: a quoted string if it fits, since some
 * readers take a line end inside it for a part of the file name. */
static size_t token_length(const struct fold *s, const char *p, size_t room)
{
	size_t n = 0;
	bool quoted = false;

	while (n <= room && p[n] && (quoted || !text_is_blank(p[n]))) {
		if (s->has_quotes && p[n] == '"')
			quoted = !quoted;
		else if (quoted && p[n] == '\\' && p[n + 1])
			n++;
		n++;
	}
	return n <= room ? n : strcspn(p, " \t");
}

/* `value` begins with the space after the colon. */
static int put_folded(struct sink *to, const char *name, const char *value,
		      enum form form)
{
	struct fold s = { .to = to,
			  .name = name,
			  .column = strlen(name) + 1,
			  .item_end = form == FORM_LIST ? value : NULL,
			  .has_quotes = form != FORM_TEXT };

	sink_puts(to, name);
	sink_puts(to, ":");
	for (;;) {
		size_t space = strspn(value, " \t");
		size_t room =
			space < HEADER_FOLD_AT ? HEADER_FOLD_AT - space : 0;
		size_t token = token_length(&s, value + space, room);

		if (!token)
			return sink_puts(to, "\r\n");
		if (put_token(&s, value, space, token) < 0)
			return -1;
		value += space + token;
	}
}

/* The value after a space, as it is. */
static void put_plain(struct buf *out, const char *value)
{
	buf_puts(out, value + strspn(value, " \t"));
}

static int put_addresses(struct buf *out, const char *value, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	int rc = address_parse_list(&a, value, &list, f);

	if (!rc)
		address_put_list(out, &list);
	arena_free(&a);
	return rc;
}

/* Octets that are invalid in a header line, except TAB. */
static bool is_unsafe(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value >= 127 ||
		    ((unsigned char)*value < 32 && *value != '\t'))
			return true;
	return false;
}

/* Leading and trailing white space would not survive, and is not
 * significant. */
static void put_text(struct buf *out, const char *value)
{
	size_t longest = 0;

	for (const char *p = value; *p;) {
		size_t n = strcspn(p, " \t");

		longest = n > longest ? n : longest;
		p += n;
		p += strspn(p, " \t");
	}
	if (is_unsafe(value) || strstr(value, "=?") ||
	    longest >= HEADER_LINE_MAX)
		words_put_text(out, value + strspn(value, " \t"));
	else
		put_plain(out, value);
}

static int check_value(struct sink *to, const char *name, const char *value)
{
	if (!strpbrk(value, "\r\n"))
		return 0;
	return error_set(to->error, ERROR_DATA,
			 "the value of the header field %s has a line break; "
			 "write it in one line",
			 name);
}

static int write_value(struct sink *to, const char *name, struct buf *value,
		       enum form form)
{
	if (value->overflow)
		return error_set(to->error, ERROR_DATA,
				 "the header field %s is longer than %d octets",
				 name, HEADER_VALUE_MAX);
	return put_folded(to, name, value->data, form);
}

int header_write_field(struct sink *to, const char *name, const char *value)
{
	struct buf out = BUF_INIT(HEADER_VALUE_MAX);
	enum form form = FORM_TEXT;
	int rc = 0;

	if (check_value(to, name, value) < 0)
		return -1;
	buf_putc(&out, ' ');
	if (header_is_address(name))
		form = FORM_LIST;
	else if (is_structured(name) && !is_unsafe(value))
		form = FORM_STRUCTURED;
	if (form == FORM_LIST)
		rc = put_addresses(&out, value, to->error);
	else if (form == FORM_STRUCTURED)
		put_plain(&out, value);
	else
		put_text(&out, value);
	if (!rc)
		rc = write_value(to, name, &out, form);
	buf_free(&out);
	return rc;
}

int header_write_encoded(struct sink *to, const char *name, const char *value)
{
	struct buf out = BUF_INIT(HEADER_VALUE_MAX);
	int rc;

	if (check_value(to, name, value) < 0)
		return -1;
	buf_putc(&out, ' ');
	put_plain(&out, value);
	rc = write_value(to, name, &out,
			 header_is_address(name) ? FORM_LIST : FORM_STRUCTURED);
	buf_free(&out);
	return rc;
}

int header_write(struct sink *to, const struct header *h)
{
	for (const struct field *x = h->first; x; x = x->next)
		if (!header_is_bcc(x->name) &&
		    header_write_field(to, x->name, x->value) < 0)
			return -1;
	return 0;
}

/* ---- the newest Resent block ---- */

/* Two consecutive fields of the same name are one list, as in the obsolete
 * syntax (RFC 5322 4.5.6); otherwise the second belongs to the next block. */

static bool is_trace(const struct field *x)
{
	return ascii_equal(x->name, "Received") ||
	       ascii_equal(x->name, "Return-Path");
}

static bool is_there(const struct field *from, const struct field *x)
{
	for (; from != x; from = from->next)
		if (ascii_equal(from->name, x->name))
			return true;
	return false;
}

const struct field *header_resent_end(const struct header *h)
{
	const struct field *first = NULL, *last = NULL;

	for (const struct field *x = h->first; x; x = x->next) {
		if (first && is_trace(x))
			return x;
		if (!ascii_begins(x->name, "Resent-"))
			continue;
		if (!first)
			first = x;
		else if (!ascii_equal(last->name, x->name) &&
			 is_there(first, x))
			return x;
		last = x;
	}
	return NULL;
}
