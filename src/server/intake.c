/* intake.c - one reply for all recipients.
 *
 * After the content SMTP has one answer, whatever became of each recipient.
 * A recipient counts as accepted if it was upstream or waits in our queue:
 *
 *	all are accepted	  250
 *	none is			  the error of the whole, temporary where one of
 *				  them is: the client has the mail and does
 *				  with it what it does; we keep nothing
 *	some are		  250, for a 4xx would send it twice to the
 *				  others.  The sender gets a bounce for those
 *				  who were refused; where the queue is off, or
 *				  there is no sender, they are in the dead
 *				  letter.  Where it cannot be kept either, and
 *				  for the users of a service, whose own files
 *				  are no place for it, 554 says who has not got
 *				  it: only the client has it. */
#include "server/intake.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/compose.h"
#include "config/evaluate.h"
#include "config/values.h"
#include "deliver/local.h"
#include "deliver/smarthost.h"
#include "deliver/transport.h"
#include "mail/date.h"
#include "submit/submit.h"

#define RECEIVED_MAX  30 /* Received fields: more is a loop */
#define WRONG_SECONDS 1	 /* a guess takes at least so long */

struct destination {
	const char *address;
	const char *notify, *orcpt;
	struct destination *next;
};

int intake_flush(struct intake *in, struct error *f)
{
	struct buf *out = &in->server->out;
	int r = client_stream_write(in->line, out->data, out->len,
				    sysenv_ticks() +
					    in->reply_seconds * UINT64_C(1000),
				    f);

	buf_reset(out);
	return r;
}

/* ---- the envelope ---- */

/* The base's word on where the configuration is, and a mail of a person's
 * program is not automatic because it lacks a terminal. */
static void begin_request(struct intake *in, struct arena *a)
{
	struct request *r = &in->request;
	const struct request *base = in->base;

	request_init(r);
	r->account = base->account;
	r->config_path = base->config_path;
	r->transcript = base->transcript;
	r->syslog_tag = base->syslog_tag;
	r->skip_aliases = base->skip_aliases;
	r->caller_retries = base->caller_retries;
	r->is_from_program = true;
	request_override(a, r, "auto_submitted", "off")->origin = "--serve";
	for (const struct override *o = base->overrides; o; o = o->next) {
		struct override *new =
			request_override(a, r, o->name, o->value);

		new->origin = o->origin;
		new->is_weak = o->is_weak;
	}
}

static int answer_error(const struct intake *in, const struct error *f,
			struct response *answer)
{
	return in->user ? response_error_outside(answer, f)
			: response_error(answer, f);
}

static int load_config(struct intake *in, struct arena *a, struct error *f)
{
	struct config_query query = request_config(&in->request);

	if (config_load(&in->config, a, &query, f) < 0)
		return -1;
	in->config.is_told = true; /* when the serving began */
	return 0;
}

static int choose_account(struct intake *in, struct error *f)
{
	struct config_query query = request_config(&in->request);

	if (config_choose(&in->config, &query, &in->account, f) < 0)
		return -1;
	return listener_check_way(in->sockets, in->account, f);
}

/* ---- what a user may ---- */

/* Those words of serve_from that are said of them, too. */
static const char *const *rules_for(const struct peer *user, struct arena *a,
				    const char *list)
{
	const char **rules =
		arena_array(a, strlen(list) / 2 + 2, sizeof(*rules));
	const char *word;
	size_t n = 0;

	if (user->uid == 0)
		rules[n++] = "any";
	while (user->uid != 0 && (word = value_next_word(a, &list))) {
		const char *colon = strrchr(word, ':');

		if (!colon)
			rules[n++] = word;
		else if (peer_is(user,
				 arena_dup_n(a, word, (size_t)(colon - word))))
			rules[n++] = colon + 1;
	}
	rules[n] = NULL;
	return rules;
}

/* The account that the service was started with says what they may, before the
 * sender chooses another. */
static int settle_user(struct intake *in, struct server_mail *m,
		       struct response *answer, struct error *f)
{
	const struct peer *user = in->user;
	struct address *sender = &in->request.envelope_from;
	struct arena *a = &m->arena;

	in->request.has_envelope_from = false; /* it chooses nothing yet */
	if (choose_account(in, f) < 0)
		return -1;
	in->request.has_envelope_from = true;
	if (!peer_is_allowed(user, a, in->account->serve_allow))
		return response_set(answer, 550, "5.7.1",
				    "%s may not send mail here", user->name);
	if (allowance_init(&in->allowance, a, in->account, user, f) < 0 ||
	    allowance_check(&in->allowance, m->from.size, f) < 0)
		return -1;
	in->owner = (struct owner){
		.name = user->name,
		.id = arena_format(a, "%u %s", user->uid, user->name),
		.senders = rules_for(user, a, in->account->serve_from),
	};
	in->request.owner = &in->owner;
	resolver_init(&in->resolver, a, in->account, true);
	owner_restrict(&in->resolver, &in->owner, sender);
	return 0;
}

static int settle_sender(struct intake *in, struct server_mail *m,
			 struct response *answer)
{
	struct error f = ERROR_INIT;

	answer->code = 0;
	if (load_config(in, &m->arena, &f) == 0 &&
	    (!in->user || settle_user(in, m, answer, &f) == 0) &&
	    choose_account(in, &f) == 0)
		return 0;
	if (!error_is_set(&f))
		return -1;
	log_error("%s: %s", in->peer, f.text);
	return answer_error(in, &f, answer);
}

static int intake_sender(void *context, struct server_mail *m,
			 struct response *answer)
{
	struct intake *in = context;
	struct request *r = &in->request;
	struct response refusal;

	in->first = NULL;
	in->last = &in->first;
	begin_request(in, &m->arena);
	r->has_envelope_from = true;
	r->envelope_from = m->from.sender;
	r->dsn_ret = m->from.ret;
	r->dsn_envid = m->from.envid;
	r->prefers_smtputf8 = m->from.is_utf8;
	if (settle_sender(in, m, &refusal) < 0) {
		*answer = refusal;
		return -1;
	}
	resolver_init(&in->resolver, &m->arena, in->account, r->skip_aliases);
	return 0;
}

/* Without a server only the caller's own mail has a route. */
static int refuse_without_server(const char *address, struct response *answer)
{
	const char *at = strrchr(address, '@');

	if (local_domain_of(at ? at + 1 : "") == LOCAL_DOMAIN_NOT)
		return response_set(answer, 550, "5.7.1",
				    "no mail server is configured for <%s>",
				    address);
	return response_set(answer, 550, "5.1.1",
			    "<%s> is not here: this is %s's own", address,
			    sysenv_user());
}

static void add_destination(struct intake *in, struct arena *a,
			    const char *address,
			    const struct arguments_rcpt *to)
{
	struct destination *new = arena_alloc(a, sizeof(*new));

	new->address = address;
	new->notify = to->notify;
	new->orcpt = to->orcpt;
	*in->last = new;
	in->last = &new->next;
}

static int intake_recipient(void *context, struct server_mail *m,
			    const struct arguments_rcpt *to,
			    struct response *answer)
{
	struct resolution found = { .final = { .count = 0 } };
	struct error f = ERROR_INIT;
	struct intake *in = context;
	bool has_server = transport_leads_out(in->account);
	size_t count = 0;

	if (resolve_address(&in->resolver, &to->address, &found, &f) < 0) {
		log_error("%s: %s", in->peer, f.text);
		return answer_error(in, &f, answer);
	}
	for (size_t i = 0; i < found.final.count; i++) {
		const struct address *one = &found.final.items[i];

		if (one->group_only)
			continue;
		if (!has_server && !local_is_caller(one->spec))
			return refuse_without_server(one->spec, answer);
		count++;
	}
	if (!count && !found.expansion.is_discarded)
		return response_set(answer, 550, "5.1.1", "<%s> is empty",
				    to->address.spec);
	for (size_t i = 0; i < found.final.count; i++)
		if (!found.final.items[i].group_only)
			add_destination(in, &m->arena,
					found.final.items[i].spec, to);
	address_append(&m->arena, &in->request.bcc, &to->address);
	return 0;
}

/* ---- the content ---- */

/* RFC 3848, RFC 6531 4.3. */
static void name_protocol(const struct intake *in, const struct server_mail *m,
			  char out[16])
{
	const struct server *s = in->server;

	if (!s->is_extended)
		snprintf(out, 16, "SMTP");
	else
		snprintf(out, 16, "%s%s%s",
			 m->from.is_utf8 ? "UTF8SMTP" : "ESMTP",
			 s->is_tls ? "S" : "", s->user[0] ? "A" : "");
}

/* RFC 5321 4.4; without "for", which would tell of hidden recipients.  What a
 * user of this machine says of their name in EHLO is of no interest. */
static void put_received(struct intake *in, const struct server_mail *m)
{
	int64_t now = sysenv_now();
	char date[DATE_SIZE], protocol[16];

	date_format(date, now, sysenv_zone(now));
	name_protocol(in, m, protocol);
	sink_printf(&in->stage.sink,
		    "Received: from %s (%s)\r\n\tby %s (mailsend) with "
		    "%s;\r\n\t%s\r\n",
		    in->user ? "localhost" : in->server->helo, in->peer,
		    in->server->options->name, protocol, date);
}

/* A first line that begins with a blank is no field, and must not pass for the
 * rest of the field that we put before it: a header that is empty ends. */
static int gate_put(struct sink *s, const void *data, size_t n)
{
	struct intake *in =
		(struct intake *)((char *)s - offsetof(struct intake, gate));
	bool is_first = !in->has_begun;

	in->has_begun = true;
	if (is_first && text_is_blank(*(const char *)data) &&
	    sink_puts(s->next, "\r\n") < 0)
		return -1;
	return sink_put(s->next, data, n);
}

static const struct sink_ops gate_ops = { .put = gate_put };

static struct sink *intake_begin(void *context, struct server_mail *m,
				 struct error *f)
{
	struct intake *in = context;
	struct sink *to;

	if (in->user && allowance_take(&in->allowance, m->count, f) < 0) {
		log_warning("%s: %s", in->peer, f->text);
		return NULL;
	}
	stage_init(&in->stage, in->spool, "the message", f);
	in->has_stage = true;
	put_received(in, m);
	to = &in->stage.sink;
	if (in->user)
		to = allowance_sink(&in->allowance, to);
	in->gate = (struct sink){ .ops = &gate_ops, .next = to, .error = f };
	in->has_begun = false;
	return error_is_set(f) ? NULL : &in->gate;
}

static unsigned count_hops(const struct composition *c)
{
	unsigned n = 0;

	for (const struct field *x = c->draft.header.first; x; x = x->next)
		n += ascii_equal(x->name, "Received") ||
		     ascii_equal(x->name, OWNER_CLAIMED);
	return n;
}

/* They come in the order in which they were named: the next is near the last.
 */
static struct destination *find_destination(const struct intake *in,
					    struct destination *next,
					    const char *address)
{
	struct destination *d;

	for (d = next; d; d = d->next)
		if (strcmp(d->address, address) == 0)
			return d;
	for (d = in->first; d && d != next; d = d->next)
		if (strcmp(d->address, address) == 0)
			return d;
	return NULL;
}

/* What each recipient's reports shall be. */
static void pass_on_dsn(const struct intake *in, struct envelope *e)
{
	struct destination *next = in->first;

	for (size_t i = 0; i < e->count; i++) {
		struct destination *d =
			find_destination(in, next, e->recipients[i].address);

		if (!d)
			continue;
		e->recipients[i].dsn_notify = d->notify;
		e->recipients[i].dsn_orcpt = d->orcpt;
		next = d->next;
	}
}

/* ---- the reply ---- */

static int answer_none(const struct intake *in, const struct envelope *e,
		       const struct error *f, struct response *answer)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided &&
		    e->recipients[i].verdict.temporary) {
			const struct error one =
				small_error_whole(&e->recipients[i].verdict);

			return answer_error(in, &one, answer);
		}
	return answer_error(in, f, answer);
}

static int answer_some(const struct intake *in, const struct outcome *out,
		       const struct error *f, struct response *answer)
{
	const struct envelope *e = out->envelope;
	size_t accepted = envelope_accepted(e) + envelope_queued(e);
	struct response why;

	answer_error(in, f, &why);

	if (out->has_notice)
		return response_set(
			answer, 250, "2.0.0",
			"accepted for %zu of %zu recipients; the sender gets a "
			"bounce for the others: %.300s",
			accepted, e->count, why.text);
	if (out->dead_letter)
		return response_set(
			answer, 250, "2.0.0",
			"accepted for %zu of %zu recipients; for the "
			"others it was saved in %s: %.300s",
			accepted, e->count, out->dead_letter, why.text);
	return response_set(
		answer, 554, "5.0.0",
		"accepted for %zu of %zu recipients, send it again to "
		"the others alone: %.300s",
		accepted, e->count, why.text);
}

static int answer_all(const struct intake *in, const struct outcome *out,
		      struct response *answer)
{
	const struct envelope *e = out->envelope;
	size_t queued = envelope_queued(e);

	if (in->user && !queued)
		log_note("%s: mail from <%s>: accepted for %zu recipients%s%s",
			 in->peer, e->reverse_path, e->count,
			 out->host ? " by " : "", out->host ? out->host : "");
	if (!queued && in->user && !out->host)
		return response_set(answer, 250, "2.0.0", "accepted");
	if (!queued)
		return response_set(answer, 250, "2.0.0", "%s%s%.300s",
				    out->host ? out->host : "",
				    out->host ? " took it: " : "", out->reply);
	log_note("%s: mail from <%s>: %zu of %zu recipients %s as %s", in->peer,
		 e->reverse_path, queued, e->count,
		 out->held_by ? "held" : "queued", out->queue_id);
	if (out->held_by)
		return response_set(answer, 250, "2.0.0", "held by %s as %s",
				    out->held_by, out->queue_id);
	if (queued == e->count)
		return response_set(answer, 250, "2.0.0", "queued as %s",
				    out->queue_id);
	return response_set(
		answer, 250, "2.0.0",
		"accepted for %zu of %zu recipients, and queued as %s "
		"for the others",
		e->count - queued, e->count, out->queue_id);
}

static int answer_outcome(const struct intake *in, const struct outcome *out,
			  const struct error *f, struct response *answer)
{
	const struct envelope *e = out->envelope;

	if (!error_is_set(f))
		return answer_all(in, out, answer);
	log_error("%s: mail from <%s>: %s", in->peer, e->reverse_path, f->text);
	if (envelope_accepted(e) + envelope_queued(e))
		return answer_some(in, out, f, answer);
	return answer_none(in, e, f, answer);
}

static int build(struct intake *in, struct composition *c, struct error *f,
		 struct response *answer)
{
	if (sink_close(&in->stage.sink) < 0) {
		*f = *in->stage.sink.error;
		return answer_error(in, f, answer);
	}
	if (composition_build(c, f) < 0)
		return answer_error(in, f, answer);
	if (count_hops(c) > RECEIVED_MAX) {
		error_set(f, ERROR_CONFIG,
			  "mail loop: more than %d servers have had it",
			  RECEIVED_MAX);
		return response_set(answer, 554, "5.4.6", "%s", f->text);
	}
	if (composition_render(c, true, f) < 0)
		return answer_error(in, f, answer);
	pass_on_dsn(in, &c->envelope);
	/* what follows may take long, and they may be waited for */
	if (intake_flush(in, f) < 0 ||
	    (in->user && allowance_hold(&in->allowance, c->stage.size, f) < 0))
		return answer_error(in, f, answer);
	return 0;
}

static int intake_end(void *context, struct server_mail *m,
		      struct response *answer)
{
	struct error f = ERROR_INIT;
	struct intake *in = context;
	struct composition c;
	struct slice content;
	struct outcome out;
	int r;

	composition_init(&c, &m->arena, &in->request, in->account, in->spool);
	content = stage_slice(&in->stage);
	c.is_draft = true;
	c.draft_content = &content;
	r = build(in, &c, &f, answer);
	if (r < 0) {
		log_error("%s: mail from <%s>: %s", in->peer,
			  m->from.sender.spec, f.text);
	} else {
		const struct submission s = { .composition = &c,
					      .config = &in->config,
					      .trace = in->trace,
					      .keeping = SUBMIT_KEEP_REST };

		submit_send(&s, &out, &f);
		if (in->user)
			allowance_settle(&in->allowance, out.queue_id != NULL);
		r = answer_outcome(in, &out, &f, answer);
	}
	composition_free(&c);
	return r;
}

static void intake_forget(void *context, struct server_mail *m)
{
	struct intake *in = context;

	(void)m;
	if (in->has_stage)
		stage_free(&in->stage);
	in->has_stage = false;
}

/* ---- the log-in ---- */

static int intake_login(void *context, const char *user, const char *password,
			struct response *answer)
{
	struct timespec pause = { .tv_sec = WRONG_SECONDS };
	struct error f = ERROR_INIT;
	struct intake *in = context;
	int r = evaluate_credentials(in->auth_command, in->auth_seconds, user,
				     password, &f);

	if (r > 0)
		return 0;
	if (r < 0) {
		log_error("%s: %s", in->peer, f.text);
		return response_set(answer, 454, "4.7.0",
				    "logins cannot be checked now");
	}
	log_warning("%s: the login of '%s' was refused", in->peer, user);
	nanosleep(&pause, NULL);
	return response_set(answer, 535, "5.7.8",
			    "the password of that user is wrong");
}

#define ENVELOPE_AND_CONTENT                                                   \
	.sender = intake_sender, .recipient = intake_recipient,                \
	.begin = intake_begin, .end = intake_end, .forget = intake_forget

static const struct server_ops open_ops = { ENVELOPE_AND_CONTENT };
static const struct server_ops login_ops = { ENVELOPE_AND_CONTENT,
					     .login = intake_login };

const struct server_ops *intake_ops(const struct intake *in)
{
	return in->auth_command ? &login_ops : &open_ops;
}
