/* report.c - an outcome as text, as JSON, and as a dry run. */
#include "submit/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "deliver/jsonify.h"
#include "deliver/local.h"
#include "deliver/smarthost.h"
#include "deliver/transport.h"
#include "mail/date.h"
#include "net/glossary.h"
#include "submit/enqueue.h"
#include "submit/limit.h"

/* Did the recipients fail each in its own way? */
static bool differ(const struct envelope *e, const struct error *f)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].is_queued ||
		    strcmp(small_error_text(&e->recipients[i].verdict),
			   f->text) != 0)
			return true;
	return false;
}

/* What is known for sure of a reply goes along with it. */
static void report_error(const struct outcome *out, const struct error *f)
{
	const char *place = out->host ? out->host : "";
	char host[256];
	struct advice advice;

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(place, ":"), place);
	if (glossary_advice_of(f, host, &advice) && advice.is_sure)
		log_error("%s; %s: %s", f->text, advice.why, advice.way_out);
	else
		log_error("%s", f->text);
}

static void report_verdict(const struct outcome *out,
			   const struct small_error *v)
{
	const struct error f = small_error_whole(v);

	report_error(out, &f);
}

static void report_failure(const struct outcome *out, const struct error *f)
{
	const struct envelope *e = out->envelope;
	size_t accepted = e ? envelope_accepted(e) : 0;
	bool each = e && e->count > 1 && differ(e, f);

	if (!each)
		report_error(out, f);
	for (size_t i = 0; each && i < e->count; i++)
		if (small_error_is_set(&e->recipients[i].verdict) &&
		    !e->recipients[i].is_queued)
			report_verdict(out, &e->recipients[i].verdict);
	if (accepted)
		log_error("accepted for %zu of %zu recipients", accepted,
			  e->count);
	if (out->dead_letter)
		log_error("the message was saved in %s", out->dead_letter);
}

/* What a server said of the first of them, or the way there; NULL where nobody
 * was asked. */
static const char *why_deferred(const struct envelope *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].is_queued && e->recipients[i].decided)
			return small_error_text(&e->recipients[i].verdict);
	return NULL;
}

const char report_no_runner[] =
	"nothing seems to flush the queue on this machine (mailsend "
	"--setup-queue installs a timer, mailsend --flush retries now)";

static void report_held(const struct outcome *out)
{
	char until[DATE_SIZE];

	date_format_short(until, out->held_until);
	log_warning("held by %s as %s until %s, then sent with others in one "
		    "mail; mailq --release %s sends it at once",
		    out->held_by, out->queue_id, until, out->queue_id);
	if (!out->has_runner && !out->is_told)
		log_warning("%s", report_no_runner);
}

/* What was put there on purpose is news only where it would stay there. */
static void report_queued(const struct outcome *out)
{
	const struct envelope *e = out->envelope;
	const char *why = why_deferred(e);
	const char *more =
		out->has_runner ? "it will be retried" : report_no_runner;

	if (!envelope_queued(e))
		return;
	if (out->held_by)
		report_held(out);
	else if (!why && !out->has_runner && !out->is_told && !out->is_tried)
		log_warning("queued as %s; %s", out->queue_id, more);
	else if (why && envelope_queued(e) == e->count)
		log_warning("temporary failure: %s; queued as %s; %s", why,
			    out->queue_id, more);
	else if (why)
		log_warning("temporary failure for %zu of %zu recipients: %s; "
			    "queued as %s; %s",
			    envelope_queued(e), e->count, why, out->queue_id,
			    more);
}

void report_outcome(const struct outcome *out, const struct error *f)
{
	if (error_is_set(f))
		report_failure(out, f);
	if (out->envelope)
		report_queued(out);
}

static const char *recipient_status(const struct outcome *out,
				    const struct recipient *r)
{
	if (r->is_queued)
		return out->held_by ? "held" : "queued";
	if (r->is_discarded)
		return "discarded";
	if (!r->decided)
		return "undecided";
	if (!small_error_is_set(&r->verdict))
		return "accepted";
	return r->verdict.temporary ? "deferred" : "refused";
}

static json_t *recipient_json(const struct outcome *out,
			      const struct recipient *r)
{
	bool failed = small_error_is_set(&r->verdict);
	json_t *object = json_object();

	json_object_set_new(object, "address", jsonify_text(r->address));
	json_object_set_new(object, "status",
			    json_string(recipient_status(out, r)));
	jsonify_reply(object, recipient_reply(r));
	json_object_set_new(object, "cause",
			    failed ? json_string(error_name(r->verdict.cause))
				   : json_null());
	json_object_set_new(object, "error",
			    failed ? jsonify_text(small_error_text(&r->verdict))
				   : json_null());
	return object;
}

static const char *whole_status(const struct outcome *out,
				const struct error *f)
{
	size_t accepted = out->envelope ? envelope_accepted(out->envelope) : 0;
	size_t queued = out->envelope ? envelope_queued(out->envelope) : 0;

	if (!error_is_set(f))
		return !out->envelope ? "empty"
		       : out->held_by ? "held"
		       : queued	      ? "queued"
				      : "sent";
	return accepted + queued ? "partial" : "failed";
}

int report_json(const struct outcome *out, const struct error *f,
		struct buf *to)
{
	const struct envelope *e = out->envelope;
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; e && i < e->count; i++)
		json_array_append_new(list,
				      recipient_json(out, &e->recipients[i]));
	json_object_set_new(object, "status",
			    json_string(whole_status(out, f)));
	jsonify_end(object, outcome_exit(out, f), f);
	json_object_set_new(object, "message_id",
			    jsonify_text(out->message_id));
	json_object_set_new(object, "account", jsonify_text(out->account));
	json_object_set_new(object, "host", jsonify_text(out->host));
	json_object_set_new(object, "size",
			    json_integer((json_int_t)out->size));
	json_object_set_new(object, "reply", jsonify_text(out->reply));
	json_object_set_new(object, "dead_letter",
			    jsonify_text(out->dead_letter));
	json_object_set_new(object, "queue_id", jsonify_text(out->queue_id));
	json_object_set_new(object, "held_by", jsonify_text(out->held_by));
	json_object_set_new(object, "held_until",
			    jsonify_time(out->held_by ? out->held_until : 0));
	json_object_set_new(object, "round_trips",
			    json_integer(out->round_trips));
	json_object_set_new(object, "milliseconds",
			    json_integer((json_int_t)out->milliseconds));
	json_object_set_new(object, "recipients", list);
	return jsonify_put(object, to);
}

int report_series_json(const struct series_verdict *v, struct buf *to)
{
	bool failed = v->status == SERIES_FAILED;
	json_t *object = json_object();

	json_object_set_new(object, "number", json_integer(v->n));
	json_object_set_new(object, "name", jsonify_text(v->name));
	json_object_set_new(object, "status", json_string(series_word(v)));
	json_object_set_new(object, "exit", json_integer(v->exit));
	json_object_set_new(object, "size", json_integer((json_int_t)v->size));
	json_object_set_new(object, "message_id", jsonify_text(v->message_id));
	json_object_set_new(object, "queue_id",
			    v->queue_id[0] ? jsonify_text(v->queue_id)
					   : json_null());
	json_object_set_new(object, "reply",
			    failed ? json_null() : jsonify_text(v->text));
	json_object_set_new(object, "error",
			    failed ? jsonify_text(v->text) : json_null());
	json_object_set_new(object, "refused",
			    v->refused[0] ? jsonify_text(v->refused)
					  : json_null());
	return jsonify_put(object, to);
}

const char *report_tls(const struct account *account)
{
	if (!account->tls)
		return "no TLS";
	return account->tls_starttls ? "STARTTLS" : "TLS from the start";
}

void report_commands(const struct composition *c, struct buf *to)
{
	const struct account *account = c->account;
	const struct envelope *e = &c->envelope;
	bool log_in = strcmp(account->auth, "off") != 0;

	if (!smarthost_is_set(account))
		return;
	buf_printf(to, "would say:\n");
	buf_printf(to, "  EHLO %s\n",
		   account->domain ? account->domain : sysenv_domain());
	if (account->tls && account->tls_starttls)
		buf_puts(to, "  STARTTLS\n");
	if (log_in)
		buf_printf(to, "  AUTH %s\n",
			   strcmp(account->auth, "on")
				   ? account->auth
				   : "(the best that both have)");
	buf_printf(to, "  MAIL FROM:<%s> SIZE=%" PRIu64 "\n", e->reverse_path,
		   c->stage.size);
	for (size_t i = 0; i < e->count; i++)
		buf_printf(to, "  RCPT TO:<%s>\n", e->recipients[i].address);
	buf_puts(to, "  DATA\n  QUIT\n");
}

void report_way(const struct composition *c, struct buf *to)
{
	const struct account *account = c->account;
	bool has_server = transport_leads_out(account);

	if (has_server)
		buf_printf(to, "server:     %s, %s\n",
			   transport_name(c->arena, account),
			   report_tls(account));
	else
		buf_puts(to,
			 "server:     none: mail to oneself on this machine\n");
	if (account->user)
		buf_printf(to, "user:       %s\n", account->user);
	if (account->fallback)
		buf_printf(to, "fallback:   %s\n", account->fallback);
	if (has_server)
		buf_printf(to, "queue:      %s\n",
			   enqueue_word(enqueue_mode(c->request, account)));
	limit_describe(c, to);
}

void report_envelope(const struct composition *c, struct buf *to)
{
	const struct envelope *e = &c->envelope;
	bool has_server = transport_leads_out(c->account);

	buf_printf(to, "from:       <%s>\n", e->reverse_path);
	for (size_t i = 0; i < e->count; i++)
		buf_printf(to, "to:         <%s>%s\n", e->recipients[i].address,
			   has_server || local_is_caller(
						 e->recipients[i].address)
				   ? ""
				   : " (no server is configured for it)");
	buf_printf(to, "message-id: %s\n",
		   c->message_id ? c->message_id : "(none)");
	buf_printf(to, "size:       %" PRIu64 " octets\n", c->stage.size);
}

int report_dry_run(const struct composition *c, struct buf *to)
{
	buf_printf(to, "account:    %s\n", c->account->name);
	report_way(c, to);
	report_envelope(c, to);
	report_commands(c, to);
	return to->overflow ? -1 : 0;
}
