/* entity.c - what a header says about the body. */
#include "mail/entity.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "mail/parameter.h"
#include "mail/rawfield.h"

static enum entity_label label_of(const char *text)
{
	static const struct {
		const char *name;
		enum entity_label label;
	} labels[] = {
		{ "7bit", LABEL_7BIT },
		{ "8bit", LABEL_8BIT },
		{ "binary", LABEL_BINARY },
		{ "quoted-printable", LABEL_QUOTED_PRINTABLE },
		{ "base64", LABEL_BASE64 },
	};
	size_t n = parameter_main(text);

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (ascii_is_word(text, n, labels[i].name))
			return labels[i].label;
	return n ? LABEL_OTHER : LABEL_NONE;
}

static void read_boundary(struct arena *a, struct entity *e, const char *text)
{
	struct buf value = BUF_INIT(PARSE_BOUNDARY_MAX);
	size_t n;

	if (!parameter_get(&value, text, "boundary") || value.overflow)
		value.len = 0;
	for (n = value.len; n && value.data[n - 1] == ' ';)
		n--;
	for (size_t i = 0; i < n; i++)
		if (value.data[i] < 32 || value.data[i] > 126)
			n = 0;
	if (n)
		e->boundary = arena_dup_n(a, value.data, n);
	buf_free(&value);
}

/* S/MIME (RFC 8551) and PGP/MIME (RFC 3156), with vendor-specific names. */
static bool is_signed_type(const char *text, size_t n)
{
	static const char *const types[] = {
		"multipart/signed",	     "multipart/encrypted",
		"application/pkcs7-mime",    "application/x-pkcs7-mime",
		"application/pgp-encrypted", "application/pgp",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (ascii_is_word(text, n, types[i]))
			return true;
	return false;
}

static void read_type(struct arena *a, struct entity *e, const char *text)
{
	struct buf charset = BUF_INIT(64);
	size_t n = parameter_main(text);

	if (!memchr(text, '/', n))
		e->type = TYPE_PLAIN; /* RFC 2045 5.2 */
	else if (ascii_is_word(text, n, "text/plain"))
		e->type = TYPE_PLAIN;
	else if (ascii_begins(text, "text/"))
		e->type = TYPE_TEXT;
	else if (ascii_is_word(text, n, "message/rfc822"))
		e->type = TYPE_RFC822;
	else if (ascii_begins(text, "message/"))
		e->type = TYPE_MESSAGE;
	else if (ascii_begins(text, "multipart/"))
		e->type = TYPE_MULTIPART;
	else
		e->type = TYPE_OTHER;
	if (e->type == TYPE_MULTIPART)
		read_boundary(a, e, text);
	e->is_digest = ascii_is_word(text, n, "multipart/digest");
	e->is_sealed = e->is_sealed || is_signed_type(text, n);
	if (parameter_get(&charset, text, "charset")) {
		e->has_charset =
			charset.overflow ||
			(charset.len && !ascii_equal(charset.data, "us-ascii"));
		e->claims_utf8 = ascii_equal(charset.data, "utf-8");
	}
	buf_free(&charset);
}

/* Not a part of a message. */
static bool is_message(const struct entity *e)
{
	return !e->parent || e->parent->kind == ENTITY_MESSAGE;
}

/* ARC (RFC 8617 4.1.2) signs as DKIM does. */
static bool is_signature(const struct rawfield *r)
{
	return rawfield_is(r, "DKIM-Signature") ||
	       rawfield_is(r, "ARC-Message-Signature");
}

void entity_read_header(struct arena *a, struct entity *e, const char *text,
			size_t n)
{
	struct arena values = ARENA_INIT;
	struct rawfield r;

	for (; rawfield_read(text, n, &r); text += r.length, n -= r.length) {
		e->is_fit = e->is_fit && r.fit;
		e->has_high = e->has_high || r.high;
		if (rawfield_is(&r, "Content-Type") && e->type == TYPE_NONE)
			read_type(a, e, rawfield_text(&values, &r));
		else if (rawfield_is(&r, "Content-Transfer-Encoding") &&
			 e->label == LABEL_NONE)
			e->label = label_of(rawfield_text(&values, &r));
		else if (is_message(e) && is_signature(&r))
			e->is_sealed = e->has_dkim = true;
		else if (rawfield_is(&r, "Content-Disposition"))
			e->is_attachment =
				ascii_begins(rawfield_text(&values, &r),
					     "attachment");
	}
	arena_free(&values);
	if (e->type == TYPE_NONE && e->parent &&
	    e->parent->kind == ENTITY_MULTIPART && e->parent->is_digest)
		e->type = TYPE_RFC822;
}

bool entity_is_armour(const char *line, size_t n)
{
	while (n && strchr(" \t\r\n", line[n - 1]) && line[n - 1])
		n--;
	return (n == strlen(ENTITY_SIGNED) &&
		!memcmp(line, ENTITY_SIGNED, n)) ||
	       (n == strlen(ENTITY_ENCRYPTED) &&
		!memcmp(line, ENTITY_ENCRYPTED, n));
}
