/* fix_header.c - writes a header field by field. */
#include "mail/fix_header.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "codec/words.h"
#include "flow/crlf.h"
#include "mail/address.h"
#include "mail/encoded.h"
#include "mail/filetype.h"
#include "mail/header.h"
#include "mail/parameter.h"

#define VALUE_MAX (4 * PARSE_HEADER_MAX)

const char *fix_header_meaning(struct arena *a, const struct rawfield *r)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	const char *text = rawfield_text(a, r), *meaning = text;
	char name[RAWFIELD_NAME_MAX + 1];

	memcpy(name, r->start, r->name);
	name[r->name] = '\0';
	if (!strstr(text, "=?") || header_is_address(name))
		return text;
	if (encoded_decode(&out, text) == 0)
		meaning = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return meaning;
}

static bool is_ascii(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 32 || p[i] > 126)
			return false;
	return true;
}

/* As written, except what requires RFC 2231. */
static void put_parameter(struct buf *out, const struct parameter *p)
{
	struct buf name = BUF_INIT(RAWFIELD_LINE_MAX);
	struct buf value = BUF_INIT(VALUE_MAX);
	const char *quote = p->quoted ? "\"" : "";

	buf_put(&name, p->name, p->name_length);
	if (!is_ascii(name.data, name.len)) {
		name.len = 0; /* the name is unknown */
	} else if (is_ascii(p->value, p->value_length)) {
		buf_printf(out, "; %s=%s", name.data, quote);
		buf_put(out, p->value, p->value_length);
		buf_puts(out, quote);
	} else {
		name.data[strcspn(name.data, "*")] = '\0';
		parameter_put_value(&value, p);
		words_put_parameter(out, name.data, value.data);
	}
	buf_free(&name);
	buf_free(&value);
}

/* A value with parameters; `charset` replaces its charset. */
static void put_structured(struct buf *out, const char *value,
			   const char *charset)
{
	struct parameter p = { .next = value + parameter_main(value) };
	size_t n = parameter_main(value);

	if (is_ascii(value, n) && n)
		buf_put(out, value, n);
	else
		buf_puts(out, FILETYPE_UNKNOWN);
	if (charset)
		words_put_parameter(out, "charset", charset);
	while (parameter_next(&p))
		if (!charset || !parameter_is(&p, "charset"))
			put_parameter(out, &p);
}

static int write_structured(struct sink *to, const char *name,
			    const char *value, const char *charset)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	int rc;

	put_structured(&out, value, charset);
	rc = header_write_encoded(to, name, out.data);
	buf_free(&out);
	return rc;
}

/* An invalid address list is kept as text: it is no reason to lose a mail. */
static int write_anew(struct sink *to, const char *name, const char *value)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	int rc;

	if (ascii_equal(name, "Content-Type") ||
	    ascii_equal(name, "Content-Disposition"))
		return write_structured(to, name, value, NULL);
	if (!header_is_address(name) || address_count_list(value) >= 0)
		return header_write_field(to, name, value);
	words_put_text(&out, value);
	rc = header_write_encoded(to, name, out.data);
	buf_free(&out);
	return rc;
}

static int write_raw(struct sink *to, const char *raw, size_t n)
{
	struct crlf lines;

	crlf_init(&lines, to, false, true);
	sink_put(&lines.sink, raw, n);
	return sink_close(&lines.sink);
}

static int write_type(struct fix_header *r, const char *value)
{
	if (fix_body_as_plain(r->entity))
		value = "text/plain";
	return write_structured(r->to, "Content-Type", value, r->fix->charset);
}

/* If a field that may occur only once is repeated, the first wins. */
static bool is_again(bool *seen)
{
	bool again = *seen;

	*seen = true;
	return again;
}

/* Nothing that may be signed is added or dropped. */
static bool is_dkim(const struct entity *e)
{
	return e->has_dkim && e->is_sealed;
}

int fix_header_put(struct fix_header *r, const char *name, const char *value,
		   const char *raw, size_t n)
{
	bool is_type = ascii_equal(name, "Content-Type");
	bool is_label = ascii_equal(name, "Content-Transfer-Encoding");

	if (raw && is_dkim(r->entity))
		return write_raw(r->to, raw, n);
	if ((is_type && is_again(&r->has_type)) ||
	    (is_label && is_again(&r->has_label)) ||
	    (ascii_equal(name, "MIME-Version") && is_again(&r->has_version)))
		return 0;
	if (is_label && r->fix->label)
		return 0;
	if (is_type && r->fix->charset)
		return write_type(r, value);
	if (raw)
		return write_raw(r->to, raw, n);
	return write_anew(r->to, name, value);
}

/* Does a MIME-Version belong here: in a message, not in a part of one. */
static bool is_message(const struct entity *e)
{
	return !e->parent || e->parent->kind == ENTITY_MESSAGE;
}

int fix_header_finish(struct fix_header *r)
{
	const struct entity *e = r->entity;
	const char *charset = r->fix->charset ? r->fix->charset : "us-ascii";

	if (is_dkim(e))
		return sink_puts(r->to, "\r\n");
	if (!r->has_type && e->type == TYPE_NONE &&
	    (r->fix->charset || (is_message(e) && r->fix->label))) {
		sink_printf(r->to, "Content-Type: text/plain; charset=%s\r\n",
			    charset);
		r->has_type = true;
	}
	if (r->fix->label)
		sink_printf(r->to, "Content-Transfer-Encoding: %s\r\n",
			    r->fix->label);
	if (is_message(e) && !r->has_version &&
	    (r->has_type || r->has_label || r->fix->label))
		sink_puts(r->to, "MIME-Version: 1.0\r\n");
	return sink_puts(r->to, "\r\n");
}
