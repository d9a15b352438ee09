/* roundtrip_report.c - the result: for people, times, hops and verdicts; for
 * monitors one line; for programs JSON. */
#include "roundtrip/roundtrip.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "deliver/jsonify.h"

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

static void put_step(const struct roundtrip *t, const char *name,
		     unsigned milliseconds, const char *what, struct buf *out)
{
	buf_printf(out, "  %-12s %9s%s%s\n", name, span(t->arena, milliseconds),
		   *what ? "   " : "", what);
}

static void put_submission(const struct roundtrip *t, struct buf *out)
{
	const struct outcome *o = &t->outcome;
	const struct timing *l = &t->timing;

	buf_printf(out, "sent to %s by account %s", t->address, o->account);
	if (o->host)
		buf_printf(out, " and server %s", o->host);
	buf_printf(out, " in %s\n", span(t->arena, t->submission));
	for (unsigned i = 0; i < TIMING_STEPS; i++) {
		const char *what = i == TIMING_TLS     ? l->tls
				   : i == TIMING_LOGIN ? l->mechanism
				   : i == TIMING_TRANSACTION
					   ? received_clean(t->arena, o->reply,
							    strlen(o->reply))
					   : "";

		if (l->is_there[i])
			put_step(t, timing_name((enum timing_step)i),
				 l->milliseconds[i], what, out);
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
		buf_puts(out, "no results for SPF, DKIM or DMARC\n");
	} else {
		buf_printf(
			out, "checked by %s:\n",
			*r->server
				? r->server
				: "the receiver, which does not name itself");
		for (size_t i = 0; i < r->count; i++)
			buf_printf(out, "  %-8s %-10s %s\n",
				   r->results[i].method, r->results[i].result,
				   r->results[i].detail);
		if (!r->count)
			buf_puts(out, "  nothing\n");
	}
	if (r->ignored)
		buf_printf(out, "  (%zu more by other servers, not trusted)\n",
			   r->ignored);
	for (size_t i = 0; i < t->spam_count; i++)
		buf_printf(out, "%s: %s\n", t->spam[i].name, t->spam[i].value);
}

static void put_end(const struct roundtrip *t, struct buf *out)
{
	if (t->is_deleted)
		buf_puts(out, "the test mail was deleted\n");
	else if (error_is_set(&t->not_deleted))
		buf_printf(out, "the test mail could not be deleted: %s\n",
			   t->not_deleted.text);
	else
		buf_puts(out, "the test mail was not deleted\n");
}

void roundtrip_text(const struct roundtrip *t, struct buf *out)
{
	const char *source = t->order->options->source;
	size_t hops = t->hops.count + t->hops.left_off;

	if (t->end == ROUNDTRIP_NOT_SENT)
		return;
	put_submission(t, out);
	if (t->end == ROUNDTRIP_NOT_SEEN)
		return;
	buf_printf(out, "arrived in %s %s later", source,
		   span(t->arena, t->arrival));
	if (hops)
		buf_printf(out, ", by %zu hop%s:\n", hops,
			   hops == 1 ? "" : "s");
	else
		buf_putc(out, '\n');
	if (t->hops.left_off)
		buf_printf(out, "  (%zu older ones are left out)\n",
			   t->hops.left_off);
	for (size_t i = 0; i < t->hops.count; i++)
		put_time(t, &t->hops.items[i], out);
	put_verdicts(t, out);
	put_end(t, out);
	buf_printf(out, "total: %s\n", span(t->arena, roundtrip_total(t)));
}

const char *roundtrip_problem(const struct roundtrip *t)
{
	const struct roundtrip_options *options = t->order->options;

	if (t->end != ROUNDTRIP_NOT_SEEN)
		return NULL;
	if (interrupt_signal())
		return arena_format(t->arena,
				    "the mail was accepted, and %s ended the "
				    "wait for it; its subject has %s",
				    interrupt_name(), t->token);
	if (error_is_set(&t->look_error))
		return arena_format(
			t->arena,
			"the mail was accepted, but %s cannot be read "
			"any more: %s",
			options->source, t->look_error.text);
	return arena_format(
		t->arena,
		"the mail was accepted, but is not in %s after %s: it may come "
		"late (--wait), be in a spam folder, have been refused farther "
		"on, or belong to another mailbox; its subject has %s",
		options->source, span(t->arena, t->arrival), t->token);
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
	const struct roundtrip_options *options = t->order->options;
	unsigned total = roundtrip_total(t);

	if (t->end == ROUNDTRIP_NOT_SENT)
		return f->cause == ERROR_CONFIG || f->cause == ERROR_USAGE ||
				       f->cause == ERROR_NOINPUT ||
				       f->cause == ERROR_SOFTWARE
			       ? UNKNOWN
			       : CRITICAL;
	if (t->end == ROUNDTRIP_NOT_SEEN)
		return error_is_set(&t->look_error) ? UNKNOWN : CRITICAL;
	if (options->crit && total > (unsigned)options->crit * 1000)
		return CRITICAL;
	return options->warn && total > (unsigned)options->warn * 1000 ? WARNING
								       : OK;
}

/* A bar begins the performance data, so it is replaced. */
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
	const struct roundtrip_options *options = t->order->options;

	if (t->end == ROUNDTRIP_NOT_SENT)
		return;
	buf_puts(out, " |");
	if (t->end == ROUNDTRIP_ARRIVED) {
		put_seconds(out, "time", roundtrip_total(t));
		put_limit(out, options->warn);
		put_limit(out, options->crit);
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
		put_text(out, roundtrip_problem(t));
	else {
		buf_puts(out, "a mail to ");
		put_text(out, t->address);
		buf_printf(out, " took %s", span(t->arena, roundtrip_total(t)));
	}
	put_data(t, out);
	buf_putc(out, '\n');
	return status;
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
	return *text ? jsonify_text(text) : json_null();
}

static json_t *timing_json(const struct timing *l)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < TIMING_STEPS; i++)
		json_object_set_new(object, timing_name((enum timing_step)i),
				    l->is_there[i]
					    ? json_integer(l->milliseconds[i])
					    : json_null());
	return object;
}

static json_t *hop_json(const struct hop *h)
{
	json_t *object = json_object();

	json_object_set_new(object, "from", text_or_null(h->from));
	json_object_set_new(object, "by", text_or_null(h->by));
	json_object_set_new(object, "with", text_or_null(h->with));
	json_object_set_new(object, "tls",
			    h->tls == HOP_TLS_UNTOLD
				    ? json_null()
				    : json_boolean(h->tls == HOP_TLS_USED));
	json_object_set_new(object, "tls_version",
			    text_or_null(h->tls_version));
	json_object_set_new(object, "cipher", text_or_null(h->cipher));
	json_object_set_new(object, "login", json_boolean(h->is_login));
	json_object_set_new(object, "time",
			    h->has_date ? json_integer((json_int_t)h->when)
					: json_null());
	json_object_set_new(object, "delay",
			    h->has_delay ? json_integer((json_int_t)h->delay)
					 : json_null());
	json_object_set_new(object, "clock_skew",
			    h->has_date ? json_integer((json_int_t)h->skew)
					: json_null());
	return object;
}

static json_t *verdicts_json(const struct authres *r)
{
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < r->count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "method",
				    jsonify_text(r->results[i].method));
		json_object_set_new(one, "result",
				    jsonify_text(r->results[i].result));
		json_object_set_new(one, "detail",
				    jsonify_text(r->results[i].detail));
		json_array_append_new(list, one);
	}
	json_object_set_new(object, "by", text_or_null(r->server));
	json_object_set_new(object, "results", list);
	json_object_set_new(object, "ignored",
			    json_integer((json_int_t)r->ignored));
	return object;
}

static void put_arrival(const struct roundtrip *t, json_t *object)
{
	json_t *hops = json_array(), *spam = json_object();

	for (size_t i = 0; i < t->hops.count; i++)
		json_array_append_new(hops, hop_json(&t->hops.items[i]));
	for (size_t i = 0; i < t->spam_count; i++)
		json_object_set_new(spam, t->spam[i].name,
				    jsonify_text(t->spam[i].value));
	json_object_set_new(object, "hops", hops);
	json_object_set_new(object, "authentication",
			    t->authres.server ? verdicts_json(&t->authres)
					      : json_null());
	json_object_set_new(object, "spam", spam);
	json_object_set_new(object, "deleted", json_boolean(t->is_deleted));
}

static json_t *milliseconds(bool is_there, unsigned value)
{
	return is_there ? json_integer(value) : json_null();
}

int roundtrip_json(const struct roundtrip *t, const struct error *f,
		   struct buf *out)
{
	static const char *const ends[] = { "not-sent", "not-seen", "arrived" };
	const char *problem = roundtrip_problem(t);
	bool has_arrived = t->end == ROUNDTRIP_ARRIVED;
	bool is_sent = t->end != ROUNDTRIP_NOT_SENT;
	json_t *o = json_object();

	json_object_set_new(o, "status", json_string(ends[t->end]));
	json_object_set_new(o, "exit", jsonify_exit(roundtrip_exit(t, f)));
	json_object_set_new(o, "token", jsonify_text(t->token));
	json_object_set_new(o, "to", jsonify_text(t->address));
	json_object_set_new(o, "source",
			    jsonify_text(t->order->options->source));
	json_object_set_new(o, "message_id",
			    jsonify_text(t->outcome.message_id));
	json_object_set_new(o, "account", jsonify_text(t->outcome.account));
	json_object_set_new(o, "host", jsonify_text(t->outcome.host));
	json_object_set_new(o, "reply", jsonify_text(t->outcome.reply));
	json_object_set_new(o, "tls", text_or_null(t->timing.tls));
	json_object_set_new(o, "legs", timing_json(&t->timing));
	json_object_set_new(o, "submission_milliseconds",
			    milliseconds(is_sent, t->submission));
	json_object_set_new(o, "arrival_milliseconds",
			    milliseconds(has_arrived, t->arrival));
	json_object_set_new(o, "milliseconds",
			    milliseconds(has_arrived, roundtrip_total(t)));
	if (has_arrived)
		put_arrival(t, o);
	json_object_set_new(o, "error",
			    error_is_set(f) ? jsonify_text(f->text)
					    : jsonify_text(problem));
	return jsonify_put(o, out);
}
