/* mailq.c - the queue in Postfix's form, as JSON, and as one line for a
 * monitor.
 *
 * Programs read the last line of the list, people read the others.  A reason
 * stands in parentheses above the recipients that it holds for. */
#include "queuerun/mailq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/jsonify.h"
#include "mail/date.h"

#define ID_WIDTH 17
#define INDENT	 47 /* of a recipient: after id, size and time */

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

/* ---- one mail ---- */

static int put_header(struct mailq_view *v)
{
	return sink_printf(v->out, "%-*s %8s %-19s %s\n", ID_WIDTH,
			   "-Queue ID-", "--Size--", "---Arrival Time----",
			   "-Sender/Recipient-------");
}

/* The text in the parentheses: why it is there, and when it is tried next. */
static void put_reason(struct buf *to, const struct record *mail,
		       const struct entry_recipient *r)
{
	char next[DATE_SIZE];

	buf_reset(to);
	if (r->state != ENTRY_WAITING)
		buf_puts(to, "given up: ");
	text_puts_safe(to, small_error_is_set(&r->last)
				   ? small_error_text(&r->last)
				   : "not tried yet");
	if (r->state != ENTRY_WAITING || mail->entry->is_held ||
	    mail->entry->limit_by || mail->place != QUEUE_WAITING)
		return;
	if (r->next <= sysenv_now()) {
		buf_puts(to, "; next try now");
		return;
	}
	date_format_short(next, r->next);
	buf_printf(to, "; next try %s", next);
}

/* "<>" where it is empty, and sanitized: it may be another user's. */
static void put_safe_address(struct buf *to, const char *address)
{
	text_puts_safe(to, *address ? address : "<>");
}

static int put_address(struct mailq_view *v, const char *address)
{
	struct buf safe = BUF_INIT(3900);
	int r;

	put_safe_address(&safe, address);
	r = sink_printf(v->out, "%*s%s\n", INDENT, "", safe.data);
	buf_free(&safe);
	return r;
}

/* Those that have the mail are not shown. */
static int put_recipients(struct mailq_view *v, const struct record *mail)
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
			r = sink_printf(v->out, "(%.3900s)\n", reason->data);
		if (r == 0)
			r = put_address(v, to->address);
		last = reason;
		reason = swap;
	}
	buf_free(&one);
	buf_free(&other);
	return r;
}

static int put_remark(struct mailq_view *v, const struct record *mail)
{
	const struct entry *e = mail->entry;
	char until[DATE_SIZE];

	if (mail->place == QUEUE_GIVEN_UP)
		return sink_puts(
			v->out, "(given up, and not returned to its sender)\n");
	if (mail->place == QUEUE_BAD)
		return sink_puts(v->out, "(set aside, since it could not be "
					 "read)\n");
	if (e->is_held)
		return sink_puts(v->out, "(held)\n");
	if (!e->limit_by)
		return 0;
	date_format_short(until, e->limit_until);
	return sink_printf(v->out, "(held by %.40s until %s)\n", e->limit_by,
			   until);
}

/* At the end of the mail's line, where the sender's address has no blank.
 * `sent_by` is the user from whom a service took it, or NULL. */
static int put_owner(struct mailq_view *v, const struct user *owner,
		     const char *sent_by)
{
	bool has_both = v->shows_owner && sent_by;

	if (!v->shows_owner && !sent_by)
		return sink_puts(v->out, "\n");
	return sink_printf(v->out, " (%s%.100s%s%s%.100s)\n",
			   v->shows_owner ? "owner " : "",
			   v->shows_owner ? owner->name : "",
			   has_both ? ", " : "", sent_by ? "sent by " : "",
			   sent_by ? sent_by : "");
}

static int put_unreadable(struct mailq_view *v, const struct user *owner,
			  const struct record *mail)
{
	if (sink_printf(v->out, "%-*s %8s %-19s %s", ID_WIDTH, mail->id, "?",
			"?", "?") < 0 ||
	    put_owner(v, owner, NULL) < 0)
		return -1;
	return sink_printf(v->out, "(cannot be read: %s)\n\n",
			   mail->error.text);
}

static int put_mail(struct mailq_view *v, const struct user *owner,
		    const struct record *mail)
{
	const struct entry *e = mail->entry;
	struct buf sender = BUF_INIT(3900);
	char id[QUEUE_ID_SIZE + 2], when[40];
	int r;

	v->octets += e->size;
	snprintf(id, sizeof(id), "%s%s", mail->id,
		 mail->is_busy		     ? "*"
		 : e->is_held || e->limit_by ? "!"
					     : "");
	format_time(when, sizeof(when), "%a %b %e %H:%M:%S", e->arrived);
	put_safe_address(&sender, e->reverse_path);
	r = sink_printf(v->out, "%-*s %8" PRIu64 " %-19s %s", ID_WIDTH, id,
			e->size, when, sender.data);
	buf_free(&sender);
	if (r < 0 || put_owner(v, owner, entry_owner_name(e)) < 0 ||
	    put_remark(v, mail) < 0 || put_recipients(v, mail) < 0)
		return -1;
	return sink_puts(v->out, "\n");
}

/* A line in place of the mails that are not shown. */
static int put_more(struct mailq_view *v, const struct user *owner,
		    const struct record *r)
{
	v->more += r->count;
	return sink_printf(v->out,
			   "(and %" PRIu64 " more of %.100s: mailq --user "
			   "%.100s)\n\n",
			   r->count, owner->name, owner->name);
}

int mailq_list_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r)
{
	if (r->kind == RECORD_MORE)
		return put_more(v, owner, r);
	if (r->kind != RECORD_MAIL)
		return 0;
	if (v->count++ == 0 && put_header(v) < 0)
		return -1;
	return r->entry ? put_mail(v, owner, r) : put_unreadable(v, owner, r);
}

int mailq_list_end(struct mailq_view *v)
{
	uint64_t all = v->count + v->more;

	if (!all)
		return sink_puts(v->out, "Mail queue is empty\n");
	return sink_printf(v->out,
			   "-- %" PRIu64 " Kbytes in %" PRIu64 " Request%s.\n",
			   (v->octets + 1023) / 1024, all, all == 1 ? "" : "s");
}

/* ---- JSON: one array, an object for each mail ---- */

static const char *state_name(enum entry_state state)
{
	static const char *const names[] = {
		[ENTRY_WAITING] = "waiting",
		[ENTRY_SENT] = "sent",
		[ENTRY_FAILED] = "failed",
		[ENTRY_REPORTED] = "told",
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
				    : jsonify_time(r->next ? r->next
							   : sysenv_now()));
	json_object_set_new(o, "last_tried", jsonify_time(r->tried));
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
	json_object_set_new(o, "arrived", jsonify_time(e->arrived));
	json_object_set_new(o, "age_seconds", json_integer(age > 0 ? age : 0));
	json_object_set_new(o, "size", json_integer((json_int_t)e->size));
	json_object_set_new(o, "held", json_boolean(e->is_held));
	json_object_set_new(o, "held_by", text_or_null(e->limit_by));
	json_object_set_new(o, "held_until", jsonify_time(e->limit_until));
	json_object_set_new(o, "sent_by", text_or_null(entry_owner_name(e)));
	json_object_set_new(o, "sender", jsonify_text(e->reverse_path));
	json_object_set_new(o, "message_id", text_or_null(e->message_id));
	json_object_set_new(o, "account", text_or_null(e->account));
	json_object_set_new(o, "recipients", list);
}

int mailq_json_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r, struct error *f)
{
	json_t *o;
	char *text;
	int result;

	if (r->kind == RECORD_MORE)
		v->more += r->count;
	if (r->kind != RECORD_MAIL)
		return 0;
	o = json_object();
	json_object_set_new(o, "id", jsonify_text(r->id));
	json_object_set_new(o, "owner", jsonify_text(owner->name));
	json_object_set_new(o, "uid", json_integer(owner->uid));
	json_object_set_new(o, "place", json_string(place_name(r->place)));
	if (r->entry)
		put_entry(o, r->entry);
	else
		json_object_set_new(o, "error", jsonify_text(r->error.text));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		return error_set(f, ERROR_SOFTWARE,
				 "the entry of %s cannot be written as JSON",
				 r->id);
	result = sink_puts(v->out, v->count++ ? ",\n" : "[\n");
	if (result == 0)
		result = sink_puts(v->out, text);
	free(text);
	return result;
}

int mailq_json_end(struct mailq_view *v)
{
	return sink_puts(v->out, v->count ? "\n]\n" : "[]\n");
}

/* ---- for a monitor ---- */

/* A mail waits from when it could be tried: one that a limit held from the end
 * of that on, and one that it still holds not at all. */
static void count_waiting(struct mailq_state *s, const struct entry *e)
{
	int64_t since = e->limit_by ? e->limit_until : e->arrived;

	if (e->limit_by && sysenv_now() < since) {
		s->limited++;
		return;
	}
	s->waiting++;
	s->held += e->is_held;
	if (!e->is_held && sysenv_now() - since > s->age)
		s->age = sysenv_now() - since;
}

void mailq_count(struct mailq_state *s, const struct record *r)
{
	uint64_t count = r->kind == RECORD_MORE ? r->count : 1;
	const struct entry *e = r->entry;

	if (r->kind != RECORD_MAIL && r->kind != RECORD_MORE)
		return;
	if (r->place == QUEUE_GIVEN_UP) {
		s->given_up += count;
	} else if (r->place == QUEUE_BAD || (!e && r->kind == RECORD_MAIL)) {
		s->bad += count;
	} else if (e) {
		count_waiting(s, e);
	} else {
		s->waiting += count;
	}
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

static void put_state(struct buf *to, const struct mailq_state *s,
		      const struct mailq_limits *l)
{
	if (s->waiting) {
		buf_printf(to, "%" PRIu64 " waiting, the oldest for ",
			   s->waiting);
		text_put_span(to, s->age);
	} else {
		buf_puts(to, "no mail waiting");
	}
	if (s->held)
		buf_printf(to, ", %" PRIu64 " held", s->held);
	if (s->limited)
		buf_printf(to, ", %" PRIu64 " held by a limit", s->limited);
	if (s->given_up)
		buf_printf(to, ", %" PRIu64 " given up", s->given_up);
	if (s->bad)
		buf_printf(to, ", %" PRIu64 " unreadable", s->bad);
	if (s->unread)
		buf_printf(to, ", the queue of %.100s cannot be read",
			   s->unread_owner);
	if (s->unread > 1)
		buf_printf(to, ", and those of %u others", s->unread - 1);
	if (s->remark)
		buf_printf(to, " (%s)", s->remark);
	buf_printf(to, " | count=%" PRIu64, s->waiting);
	put_limit(to, l->warn_count);
	put_limit(to, l->crit_count);
	buf_printf(to, ";0 age=%" PRId64 "s", s->age);
	put_limit(to, (uint64_t)l->warn_age);
	put_limit(to, (uint64_t)l->crit_age);
	buf_printf(to,
		   ";0 held=%" PRIu64 ";;;0 limited=%" PRIu64
		   ";;;0 failed=%" PRIu64 ";;;0 bad=%" PRIu64 ";;;0\n",
		   s->held, s->limited, s->given_up, s->bad);
}

int mailq_check_end(const struct mailq_state *s,
		    const struct mailq_limits *limits, struct sink *out,
		    int *status)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
	struct buf line = BUF_INIT(1024);
	int r;

	if (is_over(s->waiting, limits->crit_count) ||
	    is_over((uint64_t)s->age, (uint64_t)limits->crit_age))
		*status = 2;
	else if (is_over(s->waiting, limits->warn_count) ||
		 is_over((uint64_t)s->age, (uint64_t)limits->warn_age) ||
		 /* a person has to look at these */
		 s->given_up || s->bad || s->unread)
		*status = 1;
	else
		*status = 0;
	buf_printf(&line, "MAILQ %s - ", words[*status]);
	put_state(&line, s, limits);
	r = sink_put(out, line.data, line.len);
	buf_free(&line);
	return r;
}

int mailq_no_such_mail(const char *id, struct error *f)
{
	return error_set(f, ERROR_NOINPUT,
			 "there is no mail '%s' in the queue: mailq lists "
			 "those that are there",
			 id);
}
