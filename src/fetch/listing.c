/* listing.c - one header at a time, printed as soon as it is read.
 *
 * mailbox_expect is told of all of them, so that a server is asked ahead. */
#include "fetch/act.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/jsonify.h"
#include "fetch/head.h"
#include "fetch/screen.h"

#define NAME_COLUMNS 24

struct listing {
	struct mailbox *m;
	bool json;
	size_t unread;
	struct error first; /* of what could not be read */
	struct sink_fd out;
	struct screen screen;
};

/* ---- for people ---- */

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

/* Characters, and not octets, in their column; cut where it ends. */
static void put_column(struct sink *to, const char *text, size_t columns)
{
	size_t n = 0, used = 0;

	for (; text[n] && used < columns; n++)
		used += !text_is_continuation(text[n + 1]);
	sink_put(to, text, n);
	for (; used < columns; used++)
		sink_put(to, " ", 1);
}

/* One line, whatever stands in the text. */
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
		return error_set(f, ERROR_SOFTWARE, "the list is no JSON");
	sink_puts(&l->out.sink, text);
	free(text);
	return sink_puts(&l->out.sink, "\n");
}

/* ---- all of them ---- */

/* One on this machine that cannot be read is told of, and the others are
 * listed; what else fails is the end. */
static int note_unread(struct listing *l, size_t number,
		       const struct error *why, struct error *f)
{
	const struct mailbox_message *one = &l->m->messages[number - 1];

	if (!one->is_gone && !one->is_unreadable)
		return error_copy(f, why);
	if (one->is_gone)
		return 0; /* it was not to be listed, a moment later */
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
	struct head head;
	int r;

	head_init(&head, &reading);
	r = mailbox_top(l->m, number, 0, &head.sink, &reading);
	if (r == 0)
		head_read(&head, &a, &fields);
	if (r == 0 && l->json)
		r = print_object(l, number, &fields, &reading);
	else if (r == 0)
		print_line(l, number, &a, &fields);
	head_free(&head);
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
	/* what was read is told, whatever came after it */
	if (r < 0) {
		struct error unheard = ERROR_INIT;

		l.out.sink.error = &unheard;
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
