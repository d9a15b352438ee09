/* dkim.c - the list is kept as ":from:to:", in small letters; names may come
 * more than once. */
#include "mail/dkim.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"

#define FIELDS_MAX (1024 * 1024)

/* The value of the tag h of a "tag=value; tag=value" list. */
static const char *find_names(const char *p)
{
	while (*p) {
		p += strspn(p, " \t;");
		if (ascii_lower(*p) == 'h') {
			const char *at = p + 1 + strspn(p + 1, " \t");

			if (*at == '=')
				return at + 1;
		}
		p += strcspn(p, ";");
	}
	return "";
}

static void put_names(struct buf *out, const char *p)
{
	for (; *p && *p != ';'; p++)
		if (*p != ' ' && *p != '\t')
			buf_putc(out, ascii_lower(*p));
	buf_putc(out, ':');
}

/* Of ARC (RFC 8617 5.1.1) the set's own fields are signed as well. */
static bool put_signature(struct buf *out, const char *name)
{
	if (ascii_equal(name, "DKIM-Signature"))
		return buf_puts(out, ":dkim-signature:") == 0;
	if (ascii_equal(name, "ARC-Message-Signature"))
		return buf_puts(out, ":arc-message-signature:arc-seal:"
				     "arc-authentication-results:") == 0;
	return false;
}

const char *dkim_fields(struct arena *a, const struct header *h)
{
	struct buf out = BUF_INIT(FIELDS_MAX);
	const char *fields = NULL;

	for (const struct field *x = h->first; x; x = x->next) {
		if (put_signature(&out, x->name))
			put_names(&out, find_names(x->value));
	}
	if (out.len)
		fields = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return fields;
}

bool dkim_covers(const char *fields, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = fields; p && (p = strchr(p, ':'));) {
		p++;
		if (ascii_begins(p, name) && p[n] == ':')
			return true;
	}
	return false;
}
