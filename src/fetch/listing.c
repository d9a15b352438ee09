/* listing.c - one header at a time, printed as soon as it is read.
 *
 * mailbox_expect gets all numbers first, so that requests can be pipelined. */
#include "fetch/fetch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/jsonify.h"
#include "flow/sink.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/rawfield.h"

/* ---- a header ---- */

/* The header of a message, for people and for JSON.
 *
 * Fields are decoded (RFC 2047) and converted to UTF-8 on one line; none of
 * them is trusted.  Only the first HEAD_MAX octets of a header are read. */

#define HEAD_MAX ((size_t)256 * 1024)

struct head_fields {
	const char *from, *to, *subject, *message_id; /* "" where there is
							   none */
	const char *name; /* of the author, else the address */
	bool has_date;
	int64_t date;
};

#define FIELD_MAX 16384 /* octets of one field that are read */

static const char *decoded(struct arena *a, const char *text)
{
	return encoded_dup(a, text, FIELD_MAX * 4);
}

/* "Ann Example" of "Ann Example <ann@example.org>"; else the address, else the
 * text itself. */
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

/* The beginning of a field that is too long, up to the end of a word. */
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

/* Allocates in the arena. */
static void head_read(const struct buf *h, struct arena *a,
		      struct head_fields *out)
{
	size_t above = rawfield_preamble(h->data, h->len);
	const char *p = h->data + above;
	size_t n = h->len - above;
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

/* ---- for people ---- */

#define NAME_COLUMNS 24

struct listing {
	struct mailbox *m;
	bool json;
	size_t unread;
	struct error first; /* of a message that could not be read */
	struct sink_fd out;
	struct screen screen;
};

static void put_size(char *out, size_t room, uint64_t size)
{
	static const char units[] = "kMGT";
	double value = (double)size;
	int unit = -1;

	while (value >= 999.5 && unit < 3) {
		value /= 1024;
		unit++;
	}
	if (!size)
		snprintf(out, room, "-");
	else if (unit < 0)
		snprintf(out, room, "%" PRIu64, size);
	else
		snprintf(out, room, value < 9.95 ? "%.1f%c" : "%.0f%c", value,
			 units[unit]);
}

static void put_date(char *out, size_t room, const struct head_fields *h)
{
	int64_t local = h->date + (int64_t)sysenv_zone(h->date) * 60;
	time_t t = (time_t)local;
	struct tm tm;

	if (!h->has_date || !gmtime_r(&t, &tm) ||
	    !strftime(out, room, "%Y-%m-%d %H:%M", &tm))
		snprintf(out, room, "%-16s", "-");
}

/* Counts characters, not octets; cut at the width of the column. */
static void put_column(struct sink *to, const char *text, size_t columns)
{
	size_t n = 0, used = 0;

	for (; text[n] && used < columns; n++)
		used += !text_is_continuation(text[n + 1]);
	sink_put(to, text, n);
	for (; used < columns; used++)
		sink_put(to, " ", 1);
}

/* One line, whatever the text contains. */
static const char *one_line(struct arena *a, const char *text)
{
	return text_dup_safe(a, text, strlen(text));
}

static void print_line(struct listing *l, size_t number, struct arena *a,
		       const struct head_fields *h)
{
	struct sink *to = &l->screen.sink;
	char size[24], date[32];

	put_size(size, sizeof(size), l->m->messages[number - 1].size);
	put_date(date, sizeof(date), h);
	sink_printf(to, "%5zu %5s  %s  ", number, size, date);
	put_column(to, one_line(a, h->name), NAME_COLUMNS);
	sink_puts(to, "  ");
	sink_puts(to, one_line(a, h->subject));
	sink_puts(to, "\n");
}

/* ---- as JSON ---- */

static void put_when(json_t *object, const struct head_fields *h)
{
	time_t t = (time_t)h->date;
	char text[40];
	struct tm tm;

	if (h->has_date && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		json_object_set_new(object, "date", json_string(text));
	else
		json_object_set_new(object, "date", json_null());
}

static int print_object(struct listing *l, size_t number,
			const struct head_fields *h, struct error *f)
{
	const struct mailbox_message *one = &l->m->messages[number - 1];
	const char *id = mailbox_id(l->m, number, f);
	json_t *object;
	char *text;

	if (!id)
		return -1;
	object = json_object();
	json_object_set_new(object, "number", json_integer((json_int_t)number));
	json_object_set_new(object, "id", jsonify_text(id));
	json_object_set_new(object, "size",
			    one->size ? json_integer((json_int_t)one->size)
				      : json_null());
	put_when(object, h);
	json_object_set_new(object, "from", jsonify_text(h->from));
	json_object_set_new(object, "to", jsonify_text(h->to));
	json_object_set_new(object, "subject", jsonify_text(h->subject));
	json_object_set_new(object, "message_id", jsonify_text(h->message_id));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		return error_set(f, ERROR_SOFTWARE,
				 "the list cannot be written as JSON");
	sink_puts(&l->out.sink, text);
	free(text);
	return sink_puts(&l->out.sink, "\n");
}

/* ---- the list ---- */

/* A message on this machine that cannot be read is reported, and the others are
 * listed; other errors end the list. */
static int note_unread(struct listing *l, size_t number,
		       const struct error *why, struct error *f)
{
	const struct mailbox_message *one = &l->m->messages[number - 1];

	if (!one->is_gone && !one->is_unreadable)
		return error_copy(f, why);
	if (one->is_gone)
		return 0; /* it was deleted meanwhile */
	log_error("message %zu: %s", number, why->text);
	if (!l->unread++)
		l->first = *why;
	return 0;
}

static int print_one(struct listing *l, size_t number, struct error *f)
{
	struct error reading = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct head_fields fields;
	struct buf head = BUF_INIT(HEAD_MAX);
	struct sink_start start;
	int r;

	sink_start_init(&start, &head, &reading);
	r = mailbox_top(l->m, number, 0, &start.sink, &reading);
	if (r == 0)
		head_read(&head, &a, &fields);
	if (r == 0 && l->json)
		r = print_object(l, number, &fields, &reading);
	else if (r == 0)
		print_line(l, number, &a, &fields);
	buf_free(&head);
	arena_free(&a);
	if (error_is_set(f))
		return -1;
	return r < 0 ? note_unread(l, number, &reading, f) : 0;
}

int listing_print(struct mailbox *m, const struct choice *c, bool json,
		  struct error *f)
{
	struct listing l = { .m = m, .json = json };
	int r = 0;

	sink_fd_init(&l.out, STDOUT_FILENO, "standard output", f);
	screen_init(&l.screen, &l.out.sink, true);
	mailbox_expect(m, c->numbers, c->count, 0);
	for (size_t i = 0; r == 0 && i < c->count; i++)
		r = print_one(&l, c->numbers[i], f);
	/* print what was read before the error */
	if (r < 0) {
		struct error ignored = ERROR_INIT;

		l.out.sink.error = &ignored;
		sink_close(&l.out.sink);
	} else {
		sink_close(&l.screen.sink);
		r = sink_close(&l.out.sink);
	}
	sink_fd_free(&l.out);
	if (r == 0 && l.unread)
		r = error_set(f, l.first.cause,
			      "%zu of %zu messages could not be read", l.unread,
			      c->count);
	return r;
}

/* ---- a terminal ---- */

/* A character is buffered until it is complete. */

static unsigned length_of(unsigned char c)
{
	return c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

static int put_doubt(struct screen *s)
{
	unsigned n = s->count;

	s->count = 0;
	return sink_put(s->sink.next, "????", n);
}

static int put_wide(struct screen *s)
{
	unsigned n = s->count;

	if (!text_safe_step((const char *)s->held, s->want))
		return put_doubt(s);
	s->count = 0;
	return sink_put(s->sink.next, s->held, n);
}

static int put_one(struct screen *s, unsigned char c)
{
	if (s->count && text_is_continuation((char)c)) {
		s->held[s->count++] = c;
		return s->count == s->want ? put_wide(s) : 0;
	}
	if (s->count && put_doubt(s) < 0)
		return -1;
	s->want = s->is_utf8 ? length_of(c) : 0;
	if (s->want) {
		s->held[s->count++] = c;
		return 0;
	}
	if ((c < 32 && c != '\n' && c != '\t') || c >= 127)
		c = '?';
	return sink_put(s->sink.next, &c, 1);
}

static bool is_plain(unsigned char c)
{
	return (c >= 32 && c < 127) || c == '\n' || c == '\t';
}

static int screen_put(struct sink *sink, const void *data, size_t n)
{
	struct screen *s = (struct screen *)sink;
	const unsigned char *p = data, *end = p + n;

	while (p < end) {
		const unsigned char *from = p;

		while (p < end && !s->count && is_plain(*p))
			p++;
		if (p > from &&
		    sink_put(sink->next, from, (size_t)(p - from)) < 0)
			return -1;
		if (p < end && put_one(s, *p++) < 0)
			return -1;
	}
	return 0;
}

static int screen_close(struct sink *sink)
{
	struct screen *s = (struct screen *)sink;

	return s->count ? put_doubt(s) : 0;
}

static const struct sink_ops ops = { .put = screen_put, .close = screen_close };

void screen_init(struct screen *s, struct sink *next, bool is_utf8)
{
	*s = (struct screen){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.is_utf8 = is_utf8,
	};
}
