/* rewrite.c - address fields are parsed, resolved, and written if they changed.
 */
#include "compose/rewrite.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "mail/sealed.h"

#define VALUE_MAX (1024 * 1024) /* octets of one field */

enum part { PART_RECIPIENTS, PART_AUTHOR, PART_OTHER, PART_HIDDEN };

/* Reply-To is resolved like recipients.  Bcc is never shown. */
static enum part part_of(const char *name)
{
	static const char *const recipients[] = {
		"To",
		"Cc",
		"Reply-To",
		"Apparently-To",
		"Mail-Reply-To",
		"Mail-Followup-To",
		NULL,
	};

	if (header_is_bcc(name))
		return PART_HIDDEN;
	if (ascii_begins(name, "Resent-"))
		name += strlen("Resent-");
	if (ascii_equal(name, "From"))
		return PART_AUTHOR;
	return ascii_is_among(name, recipients) ? PART_RECIPIENTS : PART_OTHER;
}

bool rewrite_is_notice(const char *value)
{
	value += strspn(value, " \t\"<(");
	return !strchr(value, '@') &&
	       (ascii_begins(value, "undisclosed") ||
		ascii_begins(value, "unlisted-recipients") ||
		ascii_begins(value, "recipient list "));
}

static int resolve_each(struct resolver *r, const struct address_list *from,
			struct address_list *to, bool is_author,
			struct error *f)
{
	for (size_t i = 0; i < from->count; i++) {
		struct address one = from->items[i];

		if ((is_author ? resolve_sender(r, &one, f)
			       : resolve_domain(r, &one, f)) < 0)
			return -1;
		address_append(r->arena, to, &one);
	}
	return 0;
}

/* One by one, as the alias of one of them has an error. */
static int resolve_apart(struct resolver *r, const struct address_list *from,
			 struct address_list *to, struct error *f)
{
	for (size_t i = 0; i < from->count; i++) {
		struct address_list one = { 0 }, found = { 0 };
		struct error unused = ERROR_INIT;

		address_append(r->arena, &one, &from->items[i]);
		if (resolve_recipients(r, &one, &found, NULL, &unused) < 0)
			found = one;
		if (resolve_each(r, &found, to, false, f) < 0)
			return -1;
	}
	return 0;
}

static int resolve_list(struct resolver *r, const struct address_list *from,
			struct address_list *to, enum part part,
			struct error *f)
{
	struct error unused = ERROR_INIT;

	if (part != PART_RECIPIENTS)
		return resolve_each(r, from, to, part == PART_AUTHOR, f);
	if (resolve_recipients(r, from, to, NULL, &unused) == 0)
		return 0;
	to->count = 0;
	return resolve_apart(r, from, to, f);
}

static bool is_same(const struct address_list *one,
		    const struct address_list *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (one->items[i].group_only != other->items[i].group_only ||
		    strcmp(one->items[i].spec, other->items[i].spec) != 0)
			return false;
	return true;
}

static bool needs_utf8(const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].needs_smtputf8)
			return true;
	return false;
}

static int rewrite_list(struct resolver *r, struct field *field,
			const struct address_list *read, bool *has_utf8,
			struct error *f)
{
	struct address_list now = { 0 };
	struct buf value = BUF_INIT(VALUE_MAX);

	if (resolve_list(r, read, &now, part_of(field->name), f) < 0)
		return -1;
	if (!read->is_repaired && is_same(read, &now))
		return 0;
	if (address_put_list(&value, &now) == 0) {
		field->value = arena_dup(r->arena, value.data);
		*has_utf8 |= needs_utf8(&now);
	}
	buf_free(&value);
	return 0;
}

int rewrite_field(struct resolver *r, struct field *field, bool *has_utf8,
		  struct error *f)
{
	struct arena scratch = ARENA_INIT;
	struct address_list read = { 0 };
	struct error unused = ERROR_INIT;
	int rc = 0;

	if (!header_is_address(field->name) ||
	    part_of(field->name) == PART_HIDDEN ||
	    rewrite_is_notice(field->value))
		return 0;
	if (address_parse_list(&scratch, field->value, &read, &unused) == 0)
		rc = rewrite_list(r, field, &read, has_utf8, f);
	arena_free(&scratch);
	return rc;
}

int rewrite_fields(struct resolver *r, struct field *first,
		   const struct field *history, const char *dkim,
		   bool *has_utf8, struct error *f)
{
	bool is_past = false;

	for (struct field *x = first; x; x = x->next) {
		is_past |= x == history;
		if (is_past && ascii_begins(x->name, "Resent-"))
			continue;
		if (part_of(x->name) != PART_AUTHOR &&
		    dkim_covers(dkim, x->name))
			continue;
		if (rewrite_field(r, x, has_utf8, f) < 0)
			return -1;
	}
	return 0;
}
