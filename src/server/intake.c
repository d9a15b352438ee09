/* intake.c - the sender, the recipients, and the content as it arrives. */
#include "server/intake_inside.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/interrupt.h"
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

#define WRONG_SECONDS 1 /* a guess takes at least so long */

int intake_send_ready(struct intake *in, struct error *f)
{
	struct server *server = in->server;
	size_t n = server_ready(server);
	int r = client_stream_write(in->line, server->out.data, n,
				    sysenv_ticks() +
					    in->reply_seconds * UINT64_C(1000),
				    f);

	server_sent(server, n);
	return r;
}

int intake_flush(struct intake *in, struct error *f)
{
	/* what is collected may take long */
	int r = in->count ? intake_send_ready(in, f) : 0;

	intake_collect(in);
	return r < 0 ? -1 : intake_send_ready(in, f);
}

/* ---- the envelope ---- */

/* The base's word on where the configuration is, and a mail of a person's
 * program is not automatic because it lacks a terminal. */
static void begin_request(struct intake *in, struct arena *a)
{
	struct request *r = &in->mail->request;
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

int intake_error(const struct intake *in, const struct error *f,
		 struct response *answer)
{
	return in->user ? response_error_outside(answer, f)
			: response_error(answer, f);
}

static int load_config(struct intake *in, struct arena *a, struct error *f)
{
	struct intake_mail *x = in->mail;
	struct config_query query = request_config(&x->request);

	if (config_load(&x->config, a, &query, f) < 0)
		return -1;
	x->config.is_told = true; /* when the serving began */
	return 0;
}

static int choose_account(struct intake *in, struct error *f)
{
	struct intake_mail *x = in->mail;
	struct config_query query = request_config(&x->request);

	if (config_choose(&x->config, &query, &x->account, f) < 0)
		return -1;
	return listener_check_way(in->sockets, x->account, f);
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
	struct intake_mail *x = in->mail;
	const struct peer *user = in->user;
	struct address *sender = &x->request.envelope_from;
	struct arena *a = &m->arena;

	x->request.has_envelope_from = false; /* it chooses nothing yet */
	if (choose_account(in, f) < 0)
		return -1;
	x->request.has_envelope_from = true;
	if (!peer_is_allowed(user, a, x->account->serve_allow))
		return response_set(answer, 550, "5.7.1",
				    "%s may not send mail here", user->name);
	if (allowance_init(&x->allowance, a, x->account, user, f) < 0 ||
	    allowance_check(&x->allowance, m->from.size, f) < 0)
		return -1;
	x->owner = (struct owner){
		.name = user->name,
		.id = arena_format(a, "%u %s", user->uid, user->name),
		.senders = rules_for(user, a, x->account->serve_from),
	};
	x->request.owner = &x->owner;
	resolver_init(&x->resolver, a, x->account, true);
	owner_restrict(&x->resolver, &x->owner, sender);
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
	return intake_error(in, &f, answer);
}

static int intake_sender(void *context, struct server_mail *m,
			 struct response *answer)
{
	struct intake *in = context;
	struct intake_mail *x = arena_alloc(&m->arena, sizeof(*x));
	struct request *r = &x->request;
	struct response refusal;

	in->mail = x;
	x->said = m;
	x->last = &x->first;
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
	resolver_init(&x->resolver, &m->arena, x->account, r->skip_aliases);
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
			    "<%s> is unknown: no mail server is configured, "
			    "and only mail to %s is accepted",
			    address, sysenv_user());
}

static void add_destination(struct intake *in, struct arena *a,
			    const char *address,
			    const struct arguments_rcpt *to)
{
	struct intake_mail *x = in->mail;
	struct destination *new = arena_alloc(a, sizeof(*new));

	new->address = address;
	new->notify = to->notify;
	new->orcpt = to->orcpt;
	*x->last = new;
	x->last = &new->next;
}

static int intake_recipient(void *context, struct server_mail *m,
			    const struct arguments_rcpt *to,
			    struct response *answer)
{
	struct resolution found = { .final = { .count = 0 } };
	struct error f = ERROR_INIT;
	struct intake *in = context;
	struct intake_mail *x = in->mail;
	bool has_server = transport_leads_out(x->account);
	size_t count = 0;

	if (resolve_address(&x->resolver, &to->address, &found, &f) < 0) {
		log_error("%s: %s", in->peer, f.text);
		return intake_error(in, &f, answer);
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
	address_append(&m->arena, &x->request.bcc, &to->address);
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
	sink_printf(&in->mail->stage.sink,
		    "Received: from %s (%s)\r\n\tby %s (mailsend) with "
		    "%s;\r\n\t%s\r\n",
		    in->user ? "localhost" : in->server->helo, in->peer,
		    in->server->options->name, protocol, date);
}

/* A first line that begins with a blank is no field, and must not pass for the
 * rest of the field that we put before it: a header that is empty ends. */
static int gate_put(struct sink *s, const void *data, size_t n)
{
	struct intake_mail *x =
		(struct intake_mail *)((char *)s -
				       offsetof(struct intake_mail, gate));
	bool is_first = !x->has_begun;

	x->has_begun = true;
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
	struct intake_mail *x = in->mail;
	struct sink *to;

	if (in->user && allowance_take(&x->allowance, m->count, f) < 0) {
		log_warning("%s: %s", in->peer, f->text);
		return NULL;
	}
	stage_init(&x->stage, in->spool, "the message", f);
	x->has_stage = true;
	put_received(in, m);
	to = &x->stage.sink;
	if (in->user)
		to = allowance_sink(&x->allowance, to);
	x->gate = (struct sink){ .ops = &gate_ops, .next = to, .error = f };
	x->has_begun = false;
	return error_is_set(f) ? NULL : &x->gate;
}

static void intake_forget(void *context, struct server_mail *m)
{
	struct intake *in = context;

	(void)m;
	if (in->mail->has_stage)
		stage_free(&in->mail->stage);
	in->mail = NULL;
}

/* ---- the log-in ---- */

static int intake_login(void *context, const char *user, const char *password,
			struct response *answer)
{
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
	interrupt_sleep(WRONG_SECONDS * 1000);
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
