/* mailq.c - the list in Postfix's form, and one line for a monitor.
 *
 * Programs read the last line of the list, and people the others: the reasons
 * stand in parentheses above those who are waiting for them to pass. */
#include "queuerun/mailq.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "queuerun/mailq_busy.h"
#include "queuerun/mailq_visit.h"

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
	struct mailq_busy busy;
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
static void put_reason(struct buf *to, const struct mailq_mail *mail,
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
static int put_recipients(struct list *l, const struct mailq_mail *mail)
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

static const char *remark_on(const struct mailq_mail *mail)
{
	if (mail->place == QUEUE_GIVEN_UP)
		return "(given up, and its sender has not got it back)\n";
	if (mail->place == QUEUE_BAD)
		return "(set aside, since it could not be read)\n";
	return mail->entry->is_held ? "(held)\n" : "";
}

static int put_unreadable(struct list *l, const struct mailq_mail *mail)
{
	if (sink_printf(l->out, "%-*s %8s %-19s %s\n", ID_WIDTH, mail->id, "?",
			"?", "?") < 0)
		return -1;
	return sink_printf(l->out, "(cannot be read: %s)\n\n", mail->why->text);
}

static int put_mail(void *context, const struct mailq_mail *mail,
		    struct error *f)
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
		 mailq_is_busy(&l->busy, l->queue, mail->id) ? "*"
		 : e->is_held				     ? "!"
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

	mailq_busy_init(&l.busy);
	r = mailq_visit(q, choice, put_mail, &l, f);
	mailq_busy_free(&l.busy);
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

static int count_mail(void *context, const struct mailq_mail *mail,
		      struct error *f)
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

	if (mailq_visit(q, &all, count_mail, &s, f) < 0)
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
