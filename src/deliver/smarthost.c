/* smarthost.c - an account's settings become a dial; a dial carries mail. */
#include "deliver/smarthost.h"

#include <stdio.h>
#include <string.h>

#include "base/world.h"
#include "config/secret.h"
#include "submit/compose.h"

#define CONNECT_SECONDS 60 /* for all of the dial, when nothing else is set */

const char *smarthost_name(struct arena *a, const struct account *account)
{
	if (account->socket)
		return account->socket;
	return arena_format(a, "%s:%d", account->host, account->port);
}

static const char *proxy_url(struct arena *a, const struct account *account)
{
	const char *host = account->proxy_host;

	if (!host)
		return NULL;
	if (strstr(host, "://"))
		return account->proxy_port ? arena_format(a, "%s:%d", host,
							  account->proxy_port)
					   : host;
	/* msmtp's proxies speak SOCKS. */
	return arena_format(a,
			    strchr(host, ':') ? "socks5h://[%s]:%d"
					      : "socks5h://%s:%d",
			    host, account->proxy_port);
}

static enum dial_tls tls_of(const struct account *account)
{
	if (!account->tls)
		return DIAL_TLS_NONE;
	return account->tls_starttls ? DIAL_TLS_STARTTLS : DIAL_TLS_IMPLICIT;
}

static void fill_options(struct composition *c, struct dial_options *o)
{
	const struct account *account = c->account;

	*o = (struct dial_options){
		.host = account->host,
		.port = (unsigned)account->port,
		.ehlo = account->domain ? account->domain : world_domain(),
		.tls = tls_of(account),
		.check_certificate = account->tls_certcheck,
		.trust_file = account->tls_trust_file,
		.crl_file = account->tls_crl_file,
		.fingerprint = account->tls_fingerprint,
		.cert_file = account->tls_cert_file,
		.key_file = account->tls_key_file,
		.tls_host = account->tls_host_override,
		.ciphers = account->tls_priorities,
		.use_auth = strcmp(account->auth, "off") != 0,
		.user = account->user,
		.proxy = proxy_url(c->arena, account),
		.source_address = account->source_ip,
		.unix_socket = account->socket,
		.connect_timeout = account->timeout > 0
					   ? (unsigned)account->timeout
					   : CONNECT_SECONDS,
	};
	if (o->use_auth && strcmp(account->auth, "on") != 0)
		o->mechanism = account->auth;
}

/* GSSAPI has a ticket and EXTERNAL a certificate: neither has a password. */
static bool needs_password(const struct dial_options *o)
{
	return o->use_auth &&
	       (!o->mechanism || (strcmp(o->mechanism, "GSSAPI") != 0 &&
				  strcmp(o->mechanism, "EXTERNAL") != 0));
}

static int dial_account(struct composition *c, struct dial *d,
			const struct trace *trace, struct fault *f)
{
	struct buf password = BUF_INIT(SECRET_MAX);
	struct dial_options o;
	int r = 0;

	fill_options(c, &o);
	if (needs_password(&o)) {
		r = secret_get(c->arena, c->account, &o.user, &password, f);
		o.password = password.data;
	}
	if (r == 0)
		r = dial_open(d, &o, trace, f);
	buf_wipe(&password);
	return r;
}

static int send_over(struct composition *c, struct dial *d,
		     const struct session_progress *progress,
		     struct outcome *out, struct fault *f)
{
	struct session_content content;
	struct session s;
	int r;

	if (c->has_8bit && !caps_has(&d->caps, CAPS_8BITMIME) &&
	    composition_render(c, false, f) < 0)
		return -1;
	out->size = c->stage.size;
	content = (struct session_content){
		.bytes = stage_slice(&c->stage),
		.has_8bit = c->has_8bit,
		.has_8bit_header = c->has_8bit_header,
		.prefers_smtputf8 = c->request->prefers_smtputf8,
	};
	session_init(&s, d);
	s.progress = progress;
	if (c->account->timeout > 0)
		s.command_timeout = (unsigned)c->account->timeout;
	r = session_send(&s, &c->envelope, &content, f);
	session_quit(&s);
	out->round_trips = s.round_trips;
	snprintf(out->reply, sizeof(out->reply), "%s", s.final_reply);
	session_free(&s);
	return r;
}

int smarthost_send(struct composition *c, const struct trace *trace,
		   const struct session_progress *progress, struct outcome *out,
		   struct fault *f)
{
	struct dial d;
	int r;

	out->host = smarthost_name(c->arena, c->account);
	r = dial_account(c, &d, trace, f);
	if (r == 0) {
		r = send_over(c, &d, progress, out, f);
		dial_close(&d);
	}
	if (r < 0)
		envelope_decide_rest(&c->envelope, f);
	return r;
}
