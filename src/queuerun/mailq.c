/* mailq.c - the queue in Postfix's form, as JSON, and as one line for a
 * monitor.
 *
 * It is read without locks: what is taken out meanwhile is passed over, and
 * what moves may be seen in its old place or its new one.  One mail at a time
 * is in memory.  Programs read the last line of the list, and people the
 * others: the reasons stand in parentheses above those who are waiting for them
 * to pass. */
#include "queuerun/mailq.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/jsonify.h"
#include "queuerun/selection.h"

struct seen {
	enum queue_place place;
	const char *id;
	const struct entry *entry; /* NULL: it cannot be read */
	const struct error *why;   /* ... because of this */
};

static bool entry_fits(const struct mailq_choice *choice, const struct entry *e)
{
	if (!e)
		return !choice->senders.count && !choice->recipients.count;
	if (!selection_match_address(&choice->senders, e->reverse_path))
		return false;
	for (size_t i = 0; i < e->count; i++)
		if (selection_match_address(&choice->recipients,
					    e->recipients[i].address))
			return true;
	return !choice->recipients.count;
}

static int visit_one(struct queue *q, const struct mailq_choice *choice,
		     enum queue_place place, const char *id,
		     int (*each)(void *context, const struct seen *mail,
				 struct error *f),
		     void *context, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct error why = ERROR_INIT;
	struct entry e = { 0 };
	int r = queue_peek(q, &a, place, id, &e, &why);
	const struct seen mail = {
		.place = place,
		.id = id,
		.entry = r > 0 ? &e : NULL,
		.why = &why,
	};

	if (r != 0 && entry_fits(choice, mail.entry))
		r = each(context, &mail, f);
	else
		r = 0;
	arena_free(&a);
	return r;
}

/* Those that wait, that were given up, and that cannot be read; one at a time
 * is in memory.  One of the last kind fits no sender and no recipient. */
static int visit(struct queue *q, const struct mailq_choice *choice,
		 int (*each)(void *context, const struct seen *mail,
			     struct error *f),
		 void *context, struct error *f)
{
	int r = 0;

	for (int place = QUEUE_WAITING; r == 0 && place <= QUEUE_BAD; place++) {
		struct arena a = ARENA_INIT;
		struct queue_names names = { 0 };

		r = queue_list(q, &a, (enum queue_place)place, &names, f);
		for (size_t i = 0; r == 0 && i < names.count; i++)
			if (selection_match_id(&choice->ids, names.ids[i]))
				r = visit_one(q, choice,
					      (enum queue_place)place,
					      names.ids[i], each, context, f);
		arena_free(&a);
	}
	return r;
}

/* ---- which ones somebody has just now ----
 *
 * To try a lock would keep it from whoever wants it in that moment: the
 * system's own list of locks is read instead, once.  proc(5): "7: FLOCK
 * ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF"; the device is left out of it,
 * which is not what stat(2) says on every file system.  Where there is no list,
 * nobody is said to have anything. */

struct busy {
	struct buf locks; /* " INODE " of each that is locked */
};

#define LOCKS_MAX (1024 * 1024)

static void take_line(struct buf *out, const char *line, size_t n)
{
	char kind[16], inode[32];
	char text[128];

	if (n >= sizeof(text))
		return;
	memcpy(text, line, n);
	text[n] = '\0';
	if (sscanf(text, "%*s %15s %*s %*s %*s %*[^:]:%*[^:]:%31[0-9]", kind,
		   inode) == 2 &&
	    strcmp(kind, "FLOCK") == 0)
		buf_printf(out, " %s ", inode);
}

static void busy_init(struct busy *b)
{
	struct buf all = BUF_INIT(LOCKS_MAX);
	struct error unread = ERROR_INIT;

	buf_init(&b->locks, LOCKS_MAX);
	if (disk_read_file("/proc/locks", &all, true, &unread) == 0)
		for (const char *p = all.data; *p; p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			take_line(&b->locks, p, n);
			p += n;
		}
	buf_free(&all);
}

static void busy_free(struct busy *b)
{
	buf_free(&b->locks);
}

static bool is_busy(const struct busy *b, const struct queue *q, const char *id)
{
	char path[4096], inode[40];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/msg/%s", q->folder, id);

	if (!b->locks.len || n < 0 || (size_t)n >= sizeof(path) ||
	    lstat(path, &st) < 0)
		return false;
	snprintf(inode, sizeof(inode), " %ju ", (uintmax_t)st.st_ino);
	return strstr(b->locks.data, inode) != NULL;
}

#define ID_WIDTH 17
#define INDENT	 47 /* of a recipient: behind id, size and time */

/* ---- times ---- */

static void format_time(char *out, size_t size, const char *format,
			int64_t when)
{
	time_t local = (time_t)(when + (int64_t)sysenv_zone(when) * 60);
	struct tm t;

	out[0] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (!gmtime_r(&local, &t) || !strftime(out, size, format, &t))
		memcpy(out, "?", 2);
#pragma GCC diagnostic pop
}

/* "14:05", and the day where it is not today. */
static void format_next(char *out, size_t size, int64_t next)
{
	char today[16], day[16];

	format_time(today, sizeof(today), "%Y%m%d", sysenv_now());
	format_time(day, sizeof(day), "%Y%m%d", next);
	format_time(out, size,
		    strcmp(today, day) == 0 ? "%H:%M" : "%b %e %H:%M", next);
}

/* ---- one mail ---- */

struct list {
	struct queue *queue;
	struct sink *out;
	struct busy busy;
	uint64_t octets;
	unsigned count;
};

static int put_header(struct list *l)
{
	return sink_printf(l->out, "%-*s %8s %-19s %s\n", ID_WIDTH,
			   "-Queue ID-", "--Size--", "---Arrival Time----",
			   "-Sender/Recipient-------");
}

/* Why it is there, and when it goes on: what stands in the parentheses. */
static void put_reason(struct buf *to, const struct seen *mail,
		       const struct entry_recipient *r)
{
	char next[40];

	buf_reset(to);
	if (r->state != ENTRY_WAITING)
		buf_puts(to, "given up: ");
	text_puts_safe(to, small_error_is_set(&r->last)
				   ? small_error_text(&r->last)
				   : "not tried yet");
	if (r->state != ENTRY_WAITING || mail->entry->is_held ||
	    mail->place != QUEUE_WAITING)
		return;
	if (r->next <= sysenv_now()) {
		buf_puts(to, "; next try now");
		return;
	}
	format_next(next, sizeof(next), r->next);
	buf_printf(to, "; next try %s", next);
}

/* Those who have it are no matter of the queue. */
static int put_recipients(struct list *l, const struct seen *mail)
{
	struct buf one = BUF_INIT(4096), other = BUF_INIT(4096);
	struct buf *reason = &one, *last = &other;
	const struct entry *e = mail->entry;
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->count; i++) {
		const struct entry_recipient *to = &e->recipients[i];
		struct buf *swap = last;

		if (to->state == ENTRY_SENT)
			continue;
		put_reason(reason, mail, to);
		if (strcmp(reason->data, last->data) != 0)
			r = sink_printf(l->out, "(%.3900s)\n", reason->data);
		if (r == 0)
			r = sink_printf(l->out, "%*s%.3900s\n", INDENT, "",
					to->address);
		last = reason;
		reason = swap;
	}
	buf_free(&one);
	buf_free(&other);
	return r;
}

static const char *remark_on(const struct seen *mail)
{
	if (mail->place == QUEUE_GIVEN_UP)
		return "(given up, and its sender has not got it back)\n";
	if (mail->place == QUEUE_BAD)
		return "(set aside, since it could not be read)\n";
	return mail->entry->is_held ? "(held)\n" : "";
}

static int put_unreadable(struct list *l, const struct seen *mail)
{
	if (sink_printf(l->out, "%-*s %8s %-19s %s\n", ID_WIDTH, mail->id, "?",
			"?", "?") < 0)
		return -1;
	return sink_printf(l->out, "(cannot be read: %s)\n\n", mail->why->text);
}

static int put_mail(void *context, const struct seen *mail, struct error *f)
{
	struct list *l = context;
	const struct entry *e = mail->entry;
	char id[QUEUE_ID_SIZE + 2], when[40];

	(void)f;
	if (l->count++ == 0 && put_header(l) < 0)
		return -1;
	if (!e)
		return put_unreadable(l, mail);
	l->octets += e->size;
	snprintf(id, sizeof(id), "%s%s", mail->id,
		 is_busy(&l->busy, l->queue, mail->id) ? "*"
		 : e->is_held			       ? "!"
						       : "");
	format_time(when, sizeof(when), "%a %b %e %H:%M:%S", e->arrived);
	if (sink_printf(l->out, "%-*s %8" PRIu64 " %-19s %.3900s\n", ID_WIDTH,
			id, e->size, when,
			*e->reverse_path ? e->reverse_path : "<>") < 0 ||
	    sink_puts(l->out, remark_on(mail)) < 0 ||
	    put_recipients(l, mail) < 0)
		return -1;
	return sink_puts(l->out, "\n");
}

int mailq_list(struct queue *q, const struct mailq_choice *choice,
	       struct sink *out, struct error *f)
{
	struct list l = { .queue = q, .out = out };
	int r;

	busy_init(&l.busy);
	r = visit(q, choice, put_mail, &l, f);
	busy_free(&l.busy);
	if (r < 0)
		return -1;
	if (!l.count)
		return sink_puts(out, "Mail queue is empty\n");
	return sink_printf(out, "-- %" PRIu64 " Kbytes in %u Request%s.\n",
			   (l.octets + 1023) / 1024, l.count,
			   l.count == 1 ? "" : "s");
}

/* ---- for a monitor ---- */

struct state {
	size_t waiting, held, given_up, bad;
	int64_t age; /* of the oldest that may be tried */
};

static int count_mail(void *context, const struct seen *mail, struct error *f)
{
	struct state *s = context;
	const struct entry *e = mail->entry;

	(void)f;
	if (mail->place == QUEUE_GIVEN_UP) {
		s->given_up++;
	} else if (mail->place == QUEUE_BAD || !e) {
		s->bad++;
	} else {
		s->waiting++;
		s->held += e->is_held;
		if (!e->is_held && sysenv_now() - e->arrived > s->age)
			s->age = sysenv_now() - e->arrived;
	}
	return 0;
}

static bool is_over(uint64_t value, uint64_t limit)
{
	return limit && value >= limit;
}

/* "5" or nothing, as performance data has its limits. */
static void put_limit(struct buf *to, int64_t limit)
{
	if (limit)
		buf_printf(to, ";%" PRId64, limit);
	else
		buf_puts(to, ";");
}

static void put_age(struct buf *to, int64_t age)
{
	if (age < 2 * 3600)
		buf_printf(to, "%" PRId64 " min", age / 60);
	else if (age < 2 * 86400)
		buf_printf(to, "%" PRId64 " h", age / 3600);
	else
		buf_printf(to, "%" PRId64 " days", age / 86400);
}

static void put_state(struct buf *to, const struct state *s,
		      const struct mailq_limits *l)
{
	if (s->waiting) {
		buf_printf(to, "%zu wait%s, the oldest for ", s->waiting,
			   s->waiting == 1 ? "s" : "");
		put_age(to, s->age);
	} else {
		buf_puts(to, "nothing waits");
	}
	if (s->held)
		buf_printf(to, ", %zu held", s->held);
	if (s->given_up)
		buf_printf(to, ", %zu given up", s->given_up);
	if (s->bad)
		buf_printf(to, ", %zu unreadable", s->bad);
	buf_printf(to, " | count=%zu", s->waiting);
	put_limit(to, l->warn_count);
	put_limit(to, l->crit_count);
	buf_printf(to, ";0 age=%" PRId64 "s", s->age);
	put_limit(to, l->warn_age);
	put_limit(to, l->crit_age);
	buf_printf(to, ";0 held=%zu;;;0 failed=%zu;;;0 bad=%zu;;;0\n", s->held,
		   s->given_up, s->bad);
}

int mailq_check(struct queue *q, const struct mailq_limits *limits,
		struct sink *out, int *status, struct error *f)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
	const struct mailq_choice all = { .ids = { 0 } };
	struct buf line = BUF_INIT(512);
	struct state s = { 0 };
	int r;

	if (visit(q, &all, count_mail, &s, f) < 0)
		return -1;
	if (is_over(s.waiting, limits->crit_count) ||
	    is_over((uint64_t)s.age, (uint64_t)limits->crit_age))
		*status = 2;
	else if (is_over(s.waiting, limits->warn_count) ||
		 is_over((uint64_t)s.age, (uint64_t)limits->warn_age) ||
		 s.given_up || s.bad) /* somebody has to look at these */
		*status = 1;
	else
		*status = 0;
	buf_printf(&line, "MAILQ %s - ", words[*status]);
	put_state(&line, &s, limits);
	r = sink_put(out, line.data, line.len);
	buf_free(&line);
	return r;
}

/* ---- for programs ---- */

/* ISO 8601; null where it never was. */
static json_t *time_json(int64_t when)
{
	int zone = sysenv_zone(when);
	unsigned minutes = (unsigned)abs(zone);
	time_t local = (time_t)(when + (int64_t)zone * 60);
	char text[64];
	struct tm t;

	if (!when || !gmtime_r(&local, &t) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &t))
		return json_null();
	return json_sprintf("%s%c%02u:%02u", text, zone < 0 ? '-' : '+',
			    minutes / 60, minutes % 60);
}

static const char *state_name(enum entry_state state)
{
	static const char *const names[] = {
		[ENTRY_WAITING] = "waiting",
		[ENTRY_SENT] = "sent",
		[ENTRY_FAILED] = "failed",
		[ENTRY_TOLD] = "told",
	};

	return names[state];
}

static const char *kind_name(enum entry_kind kind)
{
	static const char *const names[] = {
		[ENTRY_MAIL] = "mail",
		[ENTRY_FAILURE_NOTICE] = "failure-notice",
		[ENTRY_DELAY_NOTICE] = "delay-notice",
	};

	return names[kind];
}

static const char *place_name(enum queue_place place)
{
	static const char *const names[] = {
		[QUEUE_WAITING] = "waiting",
		[QUEUE_GIVEN_UP] = "given-up",
		[QUEUE_BAD] = "unreadable",
	};

	return names[place];
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? jsonify_text(text) : json_null();
}

static json_t *recipient_json(const struct entry_recipient *r)
{
	json_t *o = json_object();
	bool failed = small_error_is_set(&r->last);

	json_object_set_new(o, "address", jsonify_text(r->address));
	json_object_set_new(o, "state", json_string(state_name(r->state)));
	json_object_set_new(o, "tries", json_integer(r->tries));
	json_object_set_new(o, "next",
			    r->state != ENTRY_WAITING
				    ? json_null()
				    : time_json(r->next ? r->next
							: sysenv_now()));
	json_object_set_new(o, "last_tried", time_json(r->tried));
	jsonify_reply(o, r->reply ? r->reply : "");
	json_object_set_new(o, "cause",
			    failed ? json_string(error_name(r->last.cause))
				   : json_null());
	json_object_set_new(o, "error",
			    failed ? jsonify_text(small_error_text(&r->last))
				   : json_null());
	json_object_set_new(o, "host", text_or_null(r->host));
	return o;
}

static void put_entry(json_t *o, const struct entry *e)
{
	json_t *list = json_array();
	int64_t age = sysenv_now() - e->arrived;

	for (size_t i = 0; i < e->count; i++)
		json_array_append_new(list, recipient_json(&e->recipients[i]));
	json_object_set_new(o, "kind", json_string(kind_name(e->kind)));
	json_object_set_new(o, "arrived", time_json(e->arrived));
	json_object_set_new(o, "age_seconds", json_integer(age > 0 ? age : 0));
	json_object_set_new(o, "size", json_integer((json_int_t)e->size));
	json_object_set_new(o, "held", json_boolean(e->is_held));
	json_object_set_new(o, "sender", jsonify_text(e->reverse_path));
	json_object_set_new(o, "message_id", text_or_null(e->message_id));
	json_object_set_new(o, "account", text_or_null(e->account));
	json_object_set_new(o, "recipients", list);
}

struct json_list {
	struct sink *out;
	unsigned count;
};

static int put_object(void *context, const struct seen *mail, struct error *f)
{
	struct json_list *l = context;
	json_t *o = json_object();
	char *text;
	int r;

	json_object_set_new(o, "id", jsonify_text(mail->id));
	json_object_set_new(o, "place", json_string(place_name(mail->place)));
	if (mail->entry)
		put_entry(o, mail->entry);
	else
		json_object_set_new(o, "error", jsonify_text(mail->why->text));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		return error_set(f, ERROR_SOFTWARE,
				 "what is known of %s cannot be written as "
				 "JSON",
				 mail->id);
	r = sink_puts(l->out, l->count++ ? ",\n" : "[\n");
	if (r == 0)
		r = sink_puts(l->out, text);
	free(text);
	return r;
}

int mailq_json(struct queue *q, const struct mailq_choice *choice,
	       struct sink *out, struct error *f)
{
	struct json_list l = { .out = out };

	if (visit(q, choice, put_object, &l, f) < 0)
		return -1;
	return sink_puts(out, l.count ? "\n]\n" : "[]\n");
}
