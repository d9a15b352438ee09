/* head.c - raw fields, decoded one by one. */
#include "fetch/head.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/rawfield.h"

#define FIELD_MAX 16384 /* octets of one field that are looked at */

/* What does not fit is no longer looked at. */
static int head_put(struct sink *sink, const void *data, size_t n)
{
	struct head *h = (struct head *)sink;
	size_t room = HEAD_MAX - h->text.len;

	buf_put(&h->text, data, n < room ? n : room);
	return 0;
}

static const struct sink_ops ops = { .put = head_put };

void head_init(struct head *h, struct error *f)
{
	*h = (struct head){ .sink = { .ops = &ops, .error = f } };
	buf_init(&h->text, HEAD_MAX);
}

void head_free(struct head *h)
{
	buf_free(&h->text);
}

static const char *decoded(struct arena *a, const char *text)
{
	struct buf out = BUF_INIT(FIELD_MAX * 4);
	const char *copy;

	encoded_decode(&out, text);
	copy = arena_dup(a, out.data);
	buf_free(&out);
	return copy;
}

/* "Ann Example" of "Ann Example <ann@example.org>"; else the address, else what
 * stands there. */
static const char *name_of(struct arena *a, const char *text)
{
	struct address_list list = { 0 };
	struct error f = ERROR_INIT;

	if (address_parse_list(a, text, &list, &f) < 0 || !list.count)
		return decoded(a, text);
	if (list.items[0].name && *list.items[0].name)
		return decoded(a, list.items[0].name);
	return list.items[0].spec ? list.items[0].spec : decoded(a, text);
}

static void read_date(struct head_fields *out, const char *text)
{
	struct error f = ERROR_INIT;
	int zone;

	/* "@1" and ISO 8601 are for options, not for mail */
	out->has_date =
		*text != '@' && date_parse(text, &out->date, &zone, &f) == 0;
}

/* The beginning of one that is too long, up to a word's end. */
static struct rawfield cut(const struct rawfield *whole)
{
	struct rawfield r = *whole;

	if (r.length <= FIELD_MAX)
		return r;
	for (r.length = FIELD_MAX; r.length > FIELD_MAX / 2; r.length--)
		if (text_is_space(r.start[r.length]))
			break;
	return r;
}

static void read_field(struct head_fields *out, struct arena *a,
		       const struct rawfield *whole)
{
	const struct rawfield field = cut(whole), *r = &field;
	const char *text = rawfield_text(a, r);

	text += strspn(text, " ");
	if (rawfield_is(r, "From") && !*out->from) {
		out->from = decoded(a, text);
		out->name = name_of(a, text);
	} else if (rawfield_is(r, "To") && !*out->to) {
		out->to = decoded(a, text);
	} else if (rawfield_is(r, "Subject") && !*out->subject) {
		out->subject = decoded(a, text);
	} else if (rawfield_is(r, "Message-ID") && !*out->message_id) {
		out->message_id = text;
	} else if (rawfield_is(r, "Date") && !out->has_date) {
		read_date(out, text);
	}
}

static bool is_wanted(const struct rawfield *r)
{
	return rawfield_is(r, "From") || rawfield_is(r, "To") ||
	       rawfield_is(r, "Subject") || rawfield_is(r, "Message-ID") ||
	       rawfield_is(r, "Date");
}

void head_read(const struct head *h, struct arena *a, struct head_fields *out)
{
	size_t above = rawfield_preamble(h->text.data, h->text.len);
	const char *p = h->text.data + above;
	size_t n = h->text.len - above;
	struct rawfield r;

	*out = (struct head_fields){ .from = "",
				     .to = "",
				     .subject = "",
				     .message_id = "",
				     .name = "" };
	for (; rawfield_read(p, n, &r); p += r.length, n -= r.length)
		if (is_wanted(&r))
			read_field(out, a, &r);
}
