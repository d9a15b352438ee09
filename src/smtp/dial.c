/* dial.c - SMTP up to the first mail (RFC 5321 3.1, 3207 4, 4954 4): the
 * replies to libcurl's commands, then the login. */
#include "smtp/dial.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"

#define DIAL_SECONDS 300 /* RFC 5321 4.5.3.2.1, for the greeting */
#define COMMAND_MAX  512 /* octets of AUTH with its initial response */

/* ---- while libcurl dials ---- */

static enum reply_phase phase_of(const struct conn *c)
{
	if (!c->verb[0])
		return REPLY_GREETING;
	return strcmp(c->verb, "STARTTLS") ? REPLY_EHLO : REPLY_STARTTLS;
}

/* The first line of a reply is the server's name.  It resets the list, so that
 * the one inside TLS counts. */
static void gather_caps(struct dial *d, const char *line, size_t n)
{
	char text[REPLY_LINE_MAX];

	if (d->reply.lines == 1) {
		caps_reset(&d->caps);
	} else if (n > 4) {
		snprintf(text, sizeof(text), "%.*s", (int)(n - 4), line + 4);
		text[strcspn(text, "\r\n")] = '\0';
		caps_add(&d->caps, text);
		trace_mark(d->conn.trace, EVENT_CAPABILITY, 0, text);
	}
}

static void keep_first(struct dial *d, const char *line)
{
	if (d->reply.lines == 1)
		snprintf(d->first, sizeof(d->first), "%.*s",
			 (int)strcspn(line, "\r\n"), line);
}

/* A reply is complete. */
static void trace_reply(struct dial *d, enum reply_phase phase)
{
	static const enum event_kind kinds[] = {
		[REPLY_GREETING] = EVENT_GREETING,
		[REPLY_EHLO] = EVENT_HELLO,
		[REPLY_STARTTLS] = EVENT_STARTTLS,
		[REPLY_AUTH] = EVENT_LOGIN,
	};

	trace_mark(d->conn.trace, kinds[phase], d->reply.code, d->first);
}

static int on_line(struct conn *c, const char *line, size_t n)
{
	struct dial *d = c->context;
	enum reply_phase phase = phase_of(c);
	size_t used;
	int whole;

	if (!c->is_greeted && !(n && isdigit((unsigned char)*line)))
		return 1;
	if (d->is_whole)
		reply_reset(&d->reply);
	whole = reply_feed(&d->reply, line, n, &used, &d->garbled);
	d->is_whole = whole > 0;
	if (whole < 0)
		return -1;
	keep_first(d, line);
	if (phase == REPLY_EHLO && d->reply.code == 250)
		gather_caps(d, line, n);
	if (whole)
		trace_reply(d, phase);
	/* libcurl treats any refusal of EHLO as that of a server too old for
	 * EHLO; only a 5xx is. */
	return whole && phase == REPLY_EHLO && d->reply.code != 250 &&
			       d->reply.code / 100 != 5
		       ? -1
		       : 0;
}

static int verdict(const struct conn *c)
{
	static const int good[] = {
		[REPLY_GREETING] = 220,
		[REPLY_EHLO] = 250,
		[REPLY_STARTTLS] = 220,
	};
	const struct dial *d = c->context;

	if (error_is_set(&d->garbled))
		return -1;
	if (!d->is_whole || !c->last[0])
		return 0;
	return d->reply.code == good[phase_of(c)] ? 1 : -1;
}

static int refuse(const struct conn *c, struct error *f)
{
	const struct dial *d = c->context;
	enum reply_phase phase = phase_of(c);
	char what[400];

	if (error_is_set(&d->garbled))
		return error_set(f, d->garbled.cause, "%s: %s", c->place,
				 d->garbled.text);
	snprintf(what, sizeof(what), "%s %s",
		 phase == REPLY_STARTTLS ? "STARTTLS at" : "the connection to",
		 c->place);
	return reply_error(&d->reply, phase, what, f);
}

const struct conn_protocol dial_protocol = {
	.name = "SMTP",
	.scheme = "smtp",
	.allowed = "smtp,smtps",
	.ports = { [CONN_TLS_NONE] = 25,
		   [CONN_TLS_STARTTLS] = 587,
		   [CONN_TLS_IMPLICIT] = 465 },
	.starttls = "STARTTLS",
	.host = ERROR_CONFIG,
	.lookup = "check the setting host",
	.early = " (port 465), set tls_starttls off",
	.late = "set tls_starttls on, or use port 465",
	.without = "use port 465 with tls_starttls off, or, on a network that "
		   "you trust, set tls off",
	.on_line = on_line,
	.verdict = verdict,
	.refuse = refuse,
};

/* ---- the log-in ---- */

struct log_in {
	struct dial *dial;
	const struct sasl_options *options;
	uint64_t end; /* of all of the dial */
};

static int refuse_log_in(const struct log_in *l, struct error *f)
{
	const char *user = l->options->user;
	struct dial *d = l->dial;
	char what[400];

	d->conn.error = CONN_LOGIN;
	snprintf(what, sizeof(what), "the login of %s at %s",
		 *user ? user : "the client certificate", d->conn.place);
	return reply_error(&d->reply, REPLY_AUTH, what, f);
}

static int read_reply(struct dial *d, struct error *f)
{
	struct buf *line = &d->conn.line;
	struct error why = ERROR_INIT;
	size_t used;
	int whole = 0;

	reply_reset(&d->reply);
	while (whole == 0) {
		if (conn_read_line(&d->conn, f) < 0)
			return -1;
		buf_putc(line, '\n');
		whole = reply_feed(&d->reply, line->data, line->len, &used,
				   &why);
		keep_first(d, line->data);
	}
	d->conn.error = CONN_REPLY;
	return whole < 0 ? error_set(f, why.cause, "%s: %s", d->conn.place,
				     why.text)
			 : 0;
}

static int exchange(void *context, const char *text, const char *shown,
		    const char **challenge, struct error *f)
{
	struct log_in *l = context;
	struct conn *c = &l->dial->conn;
	uint64_t now = sysenv_ticks();
	struct buf line = BUF_INIT(2 * SASL_SECRET_MAX);
	int r;

	c->error = CONN_TIME;
	c->milliseconds = now < l->end ? (unsigned)(l->end - now) : 1;
	buf_printf(&line, "%s\r\n", text);
	r = conn_send_text(c, line.data, shown, f);
	buf_wipe(&line);
	if (r < 0 || read_reply(l->dial, f) < 0)
		return -1;
	if (l->dial->reply.code != 334)
		trace_reply(l->dial, REPLY_AUTH);
	if (l->dial->reply.code == 235)
		return 0;
	if (l->dial->reply.code != 334)
		return refuse_log_in(l, f);
	while (c->line.len && strchr("\r\n", c->line.data[c->line.len - 1]))
		buf_truncate(&c->line, c->line.len - 1);
	*challenge = c->line.data + (c->line.len > 4 ? 4 : c->line.len);
	return 1;
}

static int log_in_by(void *context, const struct mechanism *m, struct error *f)
{
	struct log_in *l = context;
	struct dial *d = l->dial;
	const struct sasl_carrier carrier = {
		.command = "AUTH",
		.line_max = COMMAND_MAX,
		.login_begins = true,
		.exchange = exchange,
		.context = l,
	};
	struct sasl s;
	int r = sasl_begin(&s, m, l->options, f);

	d->conn.sasl = &s;
	d->conn.error = CONN_MECHANISM;
	snprintf(d->mechanism, sizeof(d->mechanism), "%s", m->name);
	if (r == 0)
		r = sasl_log_in(&s, &carrier, f);
	d->conn.sasl = NULL;
	sasl_end(&s);
	return r;
}

static int log_in(struct dial *d, const struct dial_options *o, uint64_t end,
		  struct error *f)
{
	const struct sasl_options options = {
		.mechanism = o->mechanism,
		.user = o->user ? o->user : "",
		.password = o->password ? o->password : "",
		.service = "smtp",
		.host = o->conn.host ? o->conn.host : "localhost",
		.port = conn_port(&o->conn),
		.binding = &d->conn.binding,
		.offer = &d->caps.auth,
	};
	struct log_in l = { d, &options, end };

	d->conn.limits_reply =
		true; /* the limit of the whole dial is that of each reply */
	d->conn.shown_seconds = o->conn.seconds;
	d->conn.error = CONN_NO_AUTH;
	if (!d->caps.auth.names[0])
		return error_set(f, ERROR_UNAVAILABLE,
				 "%s does not offer AUTH, so login is not "
				 "possible; is it the submission port (587 or "
				 "465)? If no login is needed, set auth off",
				 d->conn.place);
	d->conn.error = CONN_MECHANISM;
	if (sasl_by_best(&d->caps.auth, &options, d->conn.place, log_in_by, &l,
			 f) < 0)
		return -1;
	d->conn.error = CONN_FINE;
	return 0;
}

/* ---- the dial ---- */

/* No login where others can read or take over the connection: even with a
 * mechanism that hides the password they could use the session. */
static int check_safety(struct dial *d, const struct dial_options *o,
			struct error *f)
{
	if (!o->use_auth || o->conn.tls != CONN_TLS_NONE || o->conn.unix_socket)
		return 0;
	d->conn.error = CONN_INSECURE;
	return error_set(f, ERROR_CONFIG,
			 "login requires TLS, because others could read or "
			 "take over the connection; turn tls on, or auth off");
}

int dial_open(struct dial *d, const struct dial_options *options,
	      const struct trace *trace, struct error *f)
{
	struct dial_options o = *options;
	uint64_t end;
	int r;

	*d = (struct dial){ .conn.socket = -1 };
	if (check_safety(d, &o, f) < 0)
		return -1;
	o.conn.protocol = &dial_protocol;
	o.conn.context = d;
	if (!o.conn.hello || !*o.conn.hello)
		o.conn.hello = "localhost";
	if (!o.conn.seconds)
		o.conn.seconds = DIAL_SECONDS;
	end = sysenv_ticks() + o.conn.seconds * UINT64_C(1000);
	reply_init(&d->reply);
	r = conn_open(&d->conn, &o.conn, trace, f);
	if (r == 0 && o.use_auth)
		r = log_in(d, &o, end, f);
	reply_free(&d->reply);
	if (r < 0)
		dial_close(d);
	return r;
}

void dial_close(struct dial *d)
{
	conn_close(&d->conn);
}
