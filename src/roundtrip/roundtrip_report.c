/* roundtrip_report.c - for people: legs, hops, verdicts.  For monitors: one
 * line. */
#include "roundtrip/roundtrip_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATUS_LATE 75

/* ---- parts of it ---- */

/* "312 ms", "3.2 s", "4 min 10 s". */
static const char *span(struct arena *a, uint64_t milliseconds)
{
	uint64_t seconds = milliseconds / 1000;

	if (milliseconds < 1000)
		return arena_format(a, "%" PRIu64 " ms", milliseconds);
	if (seconds < 100)
		return arena_format(a, "%" PRIu64 ".%" PRIu64 " s", seconds,
				    milliseconds % 1000 / 100);
	return arena_format(a, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
			    seconds % 60);
}

static void put_leg(const struct roundtrip *t, const char *name,
		    unsigned milliseconds, const char *what, struct buf *out)
{
	buf_printf(out, "  %-12s %9s%s%s\n", name, span(t->arena, milliseconds),
		   *what ? "   " : "", what);
}

static void put_submission(const struct roundtrip *t, struct buf *out)
{
	const struct outcome *o = &t->outcome;
	const struct timing *l = &t->legs;

	buf_printf(out, "sent to %s by account %s", t->address, o->account);
	if (o->host)
		buf_printf(out, " and server %s", o->host);
	buf_printf(out, " in %s\n", span(t->arena, t->submission));
	for (unsigned i = 0; i < LEGS; i++) {
		const char *what = i == LEG_TLS	    ? l->tls
				   : i == LEG_LOGIN ? l->mechanism
				   : i == LEG_TRANSACTION
					   ? received_clean(t->arena, o->reply,
							    strlen(o->reply))
					   : "";

		if (l->is_there[i])
			put_leg(t, timing_name((enum leg)i), l->milliseconds[i],
				what, out);
	}
}

static const char *tls_words(struct arena *a, const struct hop *h)
{
	if (h->tls == HOP_TLS_UNTOLD)
		return "";
	if (h->tls == HOP_TLS_NONE)
		return ", no TLS told";
	if (!*h->tls_version && !*h->cipher)
		return ", TLS";
	return arena_format(a, ", %s%s%s",
			    *h->tls_version ? h->tls_version : "TLS",
			    *h->cipher ? " " : "", h->cipher);
}

static void put_time(const struct roundtrip *t, const struct hop *h,
		     struct buf *out)
{
	int64_t off = h->skew < 0 ? -h->skew : h->skew;

	if (h->has_delay)
		buf_printf(out, "  +%-10s ",
			   arena_format(t->arena, "%" PRId64 " s", h->delay));
	else
		buf_printf(out, "  %-11s ", h->has_date ? "?" : "no date");
	buf_printf(out, "%s%s%s", h->from, *h->from && *h->by ? " -> " : "",
		   h->by);
	if (!*h->from && !*h->by)
		buf_printf(out, "(%s)", h->note);
	if (*h->with)
		buf_printf(out, ", %s", h->with);
	buf_printf(out, "%s%s", tls_words(t->arena, h),
		   h->is_login ? ", logged in" : "");
	if (h->skew)
		buf_printf(out, "; its clock is %" PRId64 " s %s ours", off,
			   h->skew < 0 ? "behind" : "ahead of");
	buf_putc(out, '\n');
}

static void put_verdicts(const struct roundtrip *t, struct buf *out)
{
	const struct authres *r = &t->authres;

	if (!r->server) {
		buf_puts(out, "nobody says whether SPF, DKIM or DMARC held\n");
	} else {
		buf_printf(out, "checked by %s:\n",
			   *r->server ? r->server
				      : "the receiver, which gives no name");
		for (size_t i = 0; i < r->count; i++)
			buf_printf(out, "  %-8s %-10s %s\n",
				   r->results[i].method, r->results[i].result,
				   r->results[i].detail);
		if (!r->count)
			buf_puts(out, "  nothing\n");
	}
	if (r->ignored)
		buf_printf(out,
			   "  (%zu more by others, whom nobody vouches for)\n",
			   r->ignored);
	for (size_t i = 0; i < t->spam_count; i++)
		buf_printf(out, "%s: %s\n", t->spam[i].name, t->spam[i].value);
}

static void put_end(const struct roundtrip *t, struct buf *out)
{
	if (t->is_deleted)
		buf_puts(out, "it was deleted there\n");
	else if (error_is_set(&t->not_deleted))
		buf_printf(out, "it is still there: %s\n", t->not_deleted.text);
	else
		buf_puts(out, "it was left there\n");
}

void roundtrip_text(const struct roundtrip *t, struct buf *out)
{
	const char *source = t->wish->options->source;

	if (t->end == ROUNDTRIP_NOT_SENT)
		return;
	put_submission(t, out);
	if (t->end == ROUNDTRIP_NOT_SEEN)
		return;
	buf_printf(out, "arrived in %s %s later, by %zu hop%s:\n", source,
		   span(t->arena, t->arrival), t->hops.count + t->hops.left_off,
		   t->hops.count + t->hops.left_off == 1 ? "" : "s");
	if (t->hops.left_off)
		buf_printf(out, "  (%zu older ones are not looked at)\n",
			   t->hops.left_off);
	for (size_t i = 0; i < t->hops.count; i++)
		put_time(t, &t->hops.items[i], out);
	put_verdicts(t, out);
	put_end(t, out);
	buf_printf(out, "in all %s\n", span(t->arena, roundtrip_total(t)));
}

const char *roundtrip_trouble(const struct roundtrip *t)
{
	const struct roundtrip_options *wish = t->wish->options;

	if (t->end != ROUNDTRIP_NOT_SEEN)
		return NULL;
	if (error_is_set(&t->trouble))
		return arena_format(t->arena,
				    "the mail was accepted, but %s cannot be "
				    "looked at any more: %s",
				    wish->source, t->trouble.text);
	return arena_format(
		t->arena,
		"the mail was accepted, but is not in %s after %s: it may come "
		"late (--wait), be in a folder for spam, have been refused "
		"farther on, or belong to another mailbox; its subject has %s",
		wish->source, span(t->arena, t->arrival), t->token);
}

int roundtrip_exit(const struct roundtrip *t, const struct error *f)
{
	if (t->end == ROUNDTRIP_ARRIVED)
		return 0;
	if (t->end == ROUNDTRIP_NOT_SEEN)
		return STATUS_LATE;
	return outcome_exit(&t->outcome, f);
}

/* ---- for monitors ---- */

enum { OK, WARNING, CRITICAL, UNKNOWN };

static int status_of(const struct roundtrip *t, const struct error *f)
{
	const struct roundtrip_options *wish = t->wish->options;
	unsigned total = roundtrip_total(t);

	if (t->end == ROUNDTRIP_NOT_SENT)
		return f->cause == ERROR_CONFIG || f->cause == ERROR_USAGE ||
				       f->cause == ERROR_NOINPUT ||
				       f->cause == ERROR_SOFTWARE
			       ? UNKNOWN
			       : CRITICAL;
	if (t->end == ROUNDTRIP_NOT_SEEN)
		return error_is_set(&t->trouble) ? UNKNOWN : CRITICAL;
	if (wish->crit && total > (unsigned)wish->crit * 1000)
		return CRITICAL;
	return wish->warn && total > (unsigned)wish->warn * 1000 ? WARNING : OK;
}

/* A bar begins the performance data. */
static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_putc(out, *text == '|' ? '/' : *text);
}

static void put_limit(struct buf *out, int seconds)
{
	if (seconds)
		buf_printf(out, ";%d", seconds);
	else
		buf_putc(out, ';');
}

static void put_seconds(struct buf *out, const char *label,
			unsigned milliseconds)
{
	buf_printf(out, " %s=%u.%03us", label, milliseconds / 1000,
		   milliseconds % 1000);
}

static void put_data(const struct roundtrip *t, struct buf *out)
{
	const struct roundtrip_options *wish = t->wish->options;

	if (t->end == ROUNDTRIP_NOT_SENT)
		return;
	buf_puts(out, " |");
	if (t->end == ROUNDTRIP_ARRIVED) {
		put_seconds(out, "time", roundtrip_total(t));
		put_limit(out, wish->warn);
		put_limit(out, wish->crit);
		buf_puts(out, ";0");
	}
	put_seconds(out, "submission", t->submission);
	buf_puts(out, ";;;0");
	if (t->end == ROUNDTRIP_ARRIVED) {
		put_seconds(out, "arrival", t->arrival);
		buf_puts(out, ";;;0");
	}
}

int roundtrip_nagios(const struct roundtrip *t, const struct error *f,
		     struct buf *out)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
					     "UNKNOWN" };
	int status = status_of(t, f);

	buf_printf(out, "MAILSEND %s - ", words[status]);
	if (t->end == ROUNDTRIP_NOT_SENT)
		put_text(out, f->text);
	else if (t->end == ROUNDTRIP_NOT_SEEN)
		put_text(out, roundtrip_trouble(t));
	else {
		buf_puts(out, "a mail to ");
		put_text(out, t->address);
		buf_printf(out, " took %s", span(t->arena, roundtrip_total(t)));
	}
	put_data(t, out);
	buf_putc(out, '\n');
	return status;
}
