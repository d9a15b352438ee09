/* roundtrip.c - record the mailbox, send, poll until the mail arrives. */
#include "roundtrip/roundtrip.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/smarthost.h"
#include "flow/progress.h"
#include "mail/rawfield.h"
#include "submit/submit.h"

#define PAUSE_FIRST	50
#define PAUSE_FILES	1000  /* milliseconds at most, between polls of files */
#define PAUSE_SERVER	15000 /* ... and of a server */
#define SILENCE_SECONDS 120   /* for the mailbox's server, unless set */
#define FIELD_MAX	16384 /* octets of one field that are read */

/* ---- the timing of each step, from events ---- */

/* The time since the last event. */
static void add(struct timing *l, enum timing_step step, uint64_t now)
{
	if (now > l->since)
		l->milliseconds[step] += (unsigned)(now - l->since);
	l->is_there[step] = true;
	l->since = now;
}

static void begin(struct timing *l, uint64_t now)
{
	memset(l->is_there, 0, sizeof(l->is_there));
	memset(l->milliseconds, 0, sizeof(l->milliseconds));
	l->since = now;
}

static void take(void *context, const struct event *e)
{
	struct timing *l = context;

	trace_take(l->outer, e);
	if (l->is_dialled)
		return;
	switch (e->kind) {
	case EVENT_DIALING:
		/* the earlier events were of another server */
		begin(l, e->at);
		break;
	case EVENT_CONNECTED:
		add(l, TIMING_CONNECT, e->at);
		break;
	case EVENT_GREETING:
	case EVENT_HELLO:
		add(l, TIMING_GREETING, e->at);
		break;
	case EVENT_STARTTLS:
	case EVENT_TLS:
		add(l, TIMING_TLS, e->at);
		break;
	case EVENT_LOGIN:
		add(l, TIMING_LOGIN, e->at);
		break;
	default:
		break;
	}
}

/* `outer` may be NULL; the struct must not be moved. */
static void timing_init(struct timing *l, const struct trace *outer)
{
	*l = (struct timing){ .outer = outer };
	l->trace = (struct trace){ .take = take, .context = l };
	l->since = l->start = sysenv_ticks();
}

/* After the connection was established. */
static void timing_connected(struct timing *l, const struct dial *d)
{
	l->is_dialled = true;
	snprintf(l->tls, sizeof(l->tls), "%s", d->conn.tls_version);
	snprintf(l->mechanism, sizeof(l->mechanism), "%s", d->mechanism);
}

/* The transaction is over; on an existing connection it is all there was. */
static void timing_sent(struct timing *l)
{
	/* another server, or local delivery: the steps are not known */
	if (!l->is_dialled)
		begin(l, l->start);
	add(l, TIMING_TRANSACTION, sysenv_ticks());
}

const char *timing_name(enum timing_step step)
{
	static const char *const names[] = {
		[TIMING_CONNECT] = "connection",
		[TIMING_GREETING] = "greeting",
		[TIMING_TLS] = "tls",
		[TIMING_LOGIN] = "login",
		[TIMING_TRANSACTION] = "transaction",
	};

	return names[step];
}

/* ---- the mail ---- */

static void make_token(struct roundtrip *t)
{
	unsigned char random[(ROUNDTRIP_TOKEN_SIZE - 1) / 2];

	sysenv_random(random, sizeof(random));
	text_hex(t->token, random, sizeof(random));
}

/* RFC 3834: no automatic replies. */
static const char *make_text(const struct roundtrip *t)
{
	return arena_format(
		t->arena,
		"Subject: mailsend round trip %s\r\n"
		"Auto-Submitted: auto-generated\r\n" ROUNDTRIP_FIELD ": %s\r\n"
		"\r\n"
		"mailsend --roundtrip on %s sent this to see how long a mail "
		"takes\r\n"
		"and whether it arrives.  It is deleted when it is found; if "
		"you read\r\n"
		"this, it was not, and you may delete it.\r\n",
		t->token, t->token, sysenv_host());
}

/* Never queued: the time in the queue would be measured as transport. */
static void make_request(struct roundtrip *t)
{
	const struct roundtrip_order *w = t->order;

	t->request = *request_copy(t->arena, w->request);
	t->request.action = REQUEST_SEND;
	t->account = *w->account;
	t->account.queue = "never";
	t->account.queue_flush = false;
	t->account.limit_same = t->account.limit_hour = 0;
}

static int compose(struct roundtrip *t, struct slice *text, struct error *f)
{
	struct composition *c = &t->composition;
	const char *bytes = make_text(t);

	*text = slice_of_memory(bytes, strlen(bytes));
	composition_init(c, t->arena, &t->request, &t->account,
			 t->order->spool);
	c->is_draft = true;
	c->draft_content = text;
	if (composition_build(c, f) < 0)
		return -1;
	return composition_render(c, true, f);
}

/* The message printed if we are killed while waiting for the mail. */
static void tell_ending(struct roundtrip *t)
{
	t->ending = (struct ending){
		.status = EX_TEMPFAIL,
		.text = arena_format(t->arena, "%s; its subject has %s",
				     ending_now()->text, t->token),
	};
	ending_set(&t->ending);
}

/* Connects first, to measure that; if it fails, the route may have
 * fallbacks. */
static int submit(struct roundtrip *t, struct error *f)
{
	struct submission s = {
		.composition = &t->composition,
		.config = t->order->config,
		.keeping = SUBMIT_KEEP_REST,
	};
	struct smarthost *first;
	struct error unused = ERROR_INIT;
	struct route route;
	int r;

	timing_init(&t->timing, t->order->trace);
	s.trace = &t->timing.trace;
	if (route_open(&route, t->arena, t->order->config, &t->account,
		       t->request.config_path, s.trace, f) < 0)
		return -1;
	s.route = &route;
	first = &route.hosts[0];
	if (smarthost_is_set(&t->account) &&
	    smarthost_open(first, &unused) == 0)
		timing_connected(&t->timing, &first->dial);
	r = submit_send(&s, &t->outcome, f);
	timing_sent(&t->timing);
	route_close(&route);
	return r;
}

/* Once the server has the mail, a signal waits for the reply. */
static int transmit(struct roundtrip *t, struct error *f)
{
	static const struct ending not_sent = { EX_TEMPFAIL,
						"nothing was sent" };
	bool is_caught = interrupt_catch();
	int r;

	ending_set(&not_sent);
	ending_await(true);
	r = submit(t, f);
	ending_await(false);
	tell_ending(t);
	if (is_caught)
		interrupt_release();
	return r;
}

static int send_it(struct roundtrip *t, struct error *f)
{
	struct slice text;
	uint64_t start;

	if (compose(t, &text, f) < 0)
		return -1;
	t->sent_at = sysenv_now();
	start = sysenv_ticks();
	if (transmit(t, f) < 0)
		return -1;
	t->submission = (unsigned)(sysenv_ticks() - start);
	return 0;
}

/* ---- the received header ---- */

static bool tells_of_spam(const struct rawfield *r)
{
	static const char *const names[] = {
		"X-Spam-Status",
		"X-Spam-Flag",
		"X-Spam",
		"X-Spam-Score",
		"X-Rspamd-Action",
		"X-Spamd-Result",
		"X-MS-Exchange-Organization-SCL",
		"X-Forefront-Antispam-Report",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (rawfield_is(r, names[i]))
			return true;
	return false;
}

/* The topmost of each kind: the receiver's. */
static void take_spam(struct roundtrip *t, const struct rawfield *r)
{
	const char *text, *name;

	name = received_clean(t->arena, r->start, r->name);
	for (size_t i = 0; i < t->spam_count; i++)
		if (ascii_equal(t->spam[i].name, name))
			return;
	if (t->spam_count == ROUNDTRIP_SPAM_MAX)
		return;
	text = rawfield_text(t->arena, r);
	t->spam[t->spam_count++] = (struct roundtrip_spam){
		.name = name,
		.value = received_clean(t->arena, text, strlen(text)),
	};
}

/* The header of the mail that arrived, unparsed. */
static void read_header(struct roundtrip *t, const char *header, size_t n)
{
	struct rawfield r;

	for (; rawfield_read(header, n, &r);
	     header += r.length, n -= r.length) {
		if (r.length > FIELD_MAX)
			continue;
		if (rawfield_is(&r, "Received"))
			received_add(&t->hops, t->arena,
				     rawfield_text(t->arena, &r));
		else if (rawfield_is(&r, "Authentication-Results"))
			authres_add(&t->authres, t->arena,
				    rawfield_text(t->arena, &r));
		else if (tells_of_spam(&r))
			take_spam(t, &r);
	}
	received_time(&t->hops, t->sent_at, t->arrived_at);
}

/* ---- waiting for the mail ---- */

/* Settings for connections to any server; other settings on the command line
 * are about the server that the mail is sent by. */
static bool is_common(const char *name)
{
	static const char *const names[] = { "tls_trust_file", "tls_crl_file",
					     "tls_certcheck",  "proxy_host",
					     "proxy_port",     "source_ip",
					     "timeout",	       NULL };

	return text_is_among(name, names);
}

static void source_config(struct roundtrip *t, struct request *r,
			  struct config_query *out)
{
	const struct request *given = t->order->request;

	request_init(r);
	r->config_path = given->config_path;
	for (const struct override *o = given->overrides; o; o = o->next)
		if (is_common(o->name))
			request_override(t->arena, r, o->name, o->value)
				->origin = o->origin;
	/* a silent server is not waited for longer than the mail */
	if (t->order->options->wait < SILENCE_SECONDS &&
	    !override_find(r->overrides, "timeout"))
		request_override(t->arena, r, "timeout",
				 arena_format(t->arena, "%d",
					      t->order->options->wait))
			->origin = "--wait";
	*out = request_config(r);
}

static unsigned next_pause(unsigned pause, uint64_t look, bool is_server)
{
	unsigned most = is_server ? PAUSE_SERVER : PAUSE_FILES;

	pause += pause / 2;
	if (pause < 2 * look)
		pause = (unsigned)(2 * look);
	return pause < most ? pause : most;
}

static void look_once(struct roundtrip *t, struct arrival *w)
{
	const struct roundtrip_options *options = t->order->options;
	int r;

	error_clear(&t->look_error);
	t->looks++;
	r = arrival_look(w, ROUNDTRIP_FIELD, t->token, !options->keeps,
			 &t->not_deleted, &t->look_error);
	if (r <= 0)
		return;
	error_clear(&t->look_error);
	t->end = ROUNDTRIP_ARRIVED;
	t->is_deleted = !options->keeps && !error_is_set(&t->not_deleted);
}

static void await(struct roundtrip *t, struct arrival *w)
{
	const struct roundtrip_options *options = t->order->options;
	uint64_t start = sysenv_ticks();
	uint64_t end = start + (uint64_t)options->wait * 1000;
	unsigned pause = PAUSE_FIRST;

	t->end = ROUNDTRIP_NOT_SEEN;
	for (;;) {
		uint64_t before = sysenv_ticks(), now;

		look_once(t, w);
		now = sysenv_ticks();
		if (t->end == ROUNDTRIP_ARRIVED)
			t->arrived_at = sysenv_now();
		t->arrival = (unsigned)(now - start);
		if (t->end == ROUNDTRIP_ARRIVED || now >= end ||
		    interrupt_is_due())
			return;
		if (now + pause > end)
			pause = (unsigned)(end - now);
		interrupt_sleep(pause);
		pause = next_pause(pause, now - before,
				   mailbox_is_url(options->source));
	}
}

/* ---- all of it ---- */

static int run(struct roundtrip *t, struct arrival *w, struct error *f)
{
	const struct trace *trace = t->order->trace;
	struct config_query config;
	struct request request;
	const struct account_mailbox_options options = {
		.source = t->order->options->source,
		.spool = t->order->spool,
		.config = &config,
		.trace = trace,
	};
	bool is_missing = false;
	int r;

	source_config(t, &request, &config);
	r = arrival_begin(w, &options, &is_missing, f);
	if (r == 0 && is_missing && !t->order->is_monitored)
		log_note("%s is not there yet", options.source);
	if (r == 0)
		r = send_it(t, f);
	if (r == 0)
		await(t, w);
	if (t->end == ROUNDTRIP_ARRIVED)
		read_header(t, w->header.data, w->header.len);
	arrival_end(w);
	return r;
}

int roundtrip_run(struct roundtrip *t, struct arena *a,
		  const struct roundtrip_order *order, struct error *f)
{
	struct arrival w;

	*t = (struct roundtrip){
		.arena = a,
		.order = order,
		.address = order->request->to.items[0].spec,
		.outcome = { .account = order->account->name },
	};
	make_token(t);
	make_request(t);
	return run(t, &w, f);
}

void roundtrip_free(struct roundtrip *t)
{
	static const struct ending was_told = { EX_TEMPFAIL,
						"it was not finished" };

	ending_set(&was_told);
	composition_free(&t->composition);
}

unsigned roundtrip_total(const struct roundtrip *t)
{
	return t->submission + t->arrival;
}
