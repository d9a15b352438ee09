/* repeated.c - see repeated.h. */
#include "compose/repeated.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/sealed.h"

#define SHOWN_MAX 200 /* octets of a value in a message */

static bool is_from(struct arena *a, const char *value)
{
	struct address_list list = { 0 };
	struct error unused = ERROR_INIT;

	return address_parse_list(a, value, &list, &unused) == 0 && list.count;
}

static bool is_date(struct arena *a, const char *value)
{
	struct error unused = ERROR_INIT;
	int64_t when;
	int zone;

	(void)a;
	return date_parse(value, &when, &zone, &unused) == 0;
}

static bool is_text(struct arena *a, const char *value)
{
	(void)a;
	return value[strspn(value, " \t")] != '\0';
}

static const struct once {
	const char *name;
	bool (*is_valid)(struct arena *a, const char *value);
} fields[] = {
	{ "From", is_from },
	{ "Date", is_date },
	{ "Message-ID", is_text },
	{ "Subject", is_text },
};

/* The one to keep, and how many there are. */
static struct field *choose(struct composition *c, const struct once *o,
			    size_t *count)
{
	struct field *first = NULL, *valid = NULL;

	*count = 0;
	for (struct field *x = c->draft.header.first; x; x = x->next) {
		if (!ascii_equal(x->name, o->name))
			continue;
		++*count;
		first = first ? first : x;
		if (!valid && o->is_valid(c->arena, x->value))
			valid = x;
	}
	return valid ? valid : first;
}

static void drop_others(struct header *h, const struct field *kept)
{
	for (struct field **x = &h->first; *x;) {
		if (*x != kept && ascii_equal((*x)->name, kept->name))
			*x = (*x)->next;
		else
			x = &(*x)->next;
		h->last = x;
	}
}

void repeated_drop(struct composition *c)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t count;
		struct field *kept = choose(c, &fields[i], &count);

		if (count < 2)
			continue;
		if (dkim_covers(c->draft.dkim, kept->name)) {
			log_warning("the message has %zu %s fields, which are "
				    "signed and kept; many servers refuse "
				    "such mail",
				    count, fields[i].name);
			continue;
		}
		log_warning("the message has %zu %s fields: only \"%.*s\" is "
			    "sent",
			    count, fields[i].name,
			    (int)text_cut(kept->value,
					  strlen(kept->value) < SHOWN_MAX
						  ? strlen(kept->value)
						  : SHOWN_MAX),
			    kept->value);
		drop_others(&c->draft.header, kept);
	}
}
