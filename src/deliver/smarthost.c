/* smarthost.c - an account's settings as options of a connection, and mail over
 * it.
 *
 * Servers close a connection after some number of mails, or when it was idle
 * for too long.  That is not the fault of the mails that find it closed:
 * route.c sends them over a new one, and from then on no more at a time than
 * were accepted on the old one. */
#include "deliver/smarthost.h"

#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/sysenv.h"
#include "config/secret.h"
#include "deliver/account_mailbox.h"
#include "net/oauth.h"

#define CONNECT_SECONDS 60 /* to connect and log in, unless set */

bool smarthost_is_set(const struct account *account)
{
	return !account->transport && (account->host || account->socket);
}

const char *smarthost_name(struct arena *a, const struct account *account)
{
	if (account->socket)
		return account->socket;
	return arena_format(a, "%s:%d", account->host, account->port);
}

static enum conn_tls tls_of(const struct account *account)
{
	if (!account->tls)
		return CONN_TLS_NONE;
	return account->tls_starttls ? CONN_TLS_STARTTLS : CONN_TLS_IMPLICIT;
}

static void fill_options(const struct smarthost *h, struct dial_options *o)
{
	const struct account *account = h->account;

	o->conn = (struct conn_options){
		.host = account->host,
		.port = (unsigned)account->port,
		.hello = account->domain ? account->domain : sysenv_domain(),
		.tls = tls_of(account),
		.check_certificate = account->tls_certcheck,
		.trust_file = account->tls_trust_file,
		.crl_file = account->tls_crl_file,
		.fingerprint = account->tls_fingerprint,
		.cert_file = account->tls_cert_file,
		.key_file = account->tls_key_file,
		.tls_host = account->tls_host_override,
		.ciphers = account->tls_priorities,
		.proxy = config_proxy(h->arena, account),
		.source_address = account->source_ip,
		.unix_socket = account->socket,
		.chain = h->chain,
		.seconds = account->timeout > 0 ? (unsigned)account->timeout
						: CONNECT_SECONDS,
	};
	o->use_auth = strcmp(account->auth, "off") != 0;
	o->user = account->user;
	if (o->use_auth && strcmp(account->auth, "on") != 0)
		o->mechanism = account->auth;
}

static bool needs_password(const struct dial_options *o)
{
	return o->use_auth &&
	       (!o->mechanism || mechanism_needs_password(o->mechanism));
}

/* Some servers accept mail only after a recent login to a mailbox. */
static int sign_in_first(struct smarthost *h, const struct dial_options *o,
			 struct error *f)
{
	if (!h->account->pop_before_smtp)
		return 0;
	return account_mailbox_sign_in(h->arena, h->account, o->user,
				       o->password, h->trace, f);
}

static bool is_refused(const struct smarthost *h, const struct error *f)
{
	return h->stage == SMARTHOST_DIAL && f->cause == ERROR_PERMISSION;
}

/* A token may be refused before it expires: another one is requested once. */
static int dial_again(struct smarthost *h, struct dial_options *o,
		      struct buf *token, struct error *f)
{
	trace_remark(h->trace, "%s; another token is fetched", f->text);
	dial_close(&h->dial);
	if (oauth_again(h->arena, h->account, token, f) < 0)
		return -1;
	o->password = token->data;
	return dial_open(&h->dial, o, h->trace, f);
}

static int dial_account(struct smarthost *h, struct error *f)
{
	struct buf password = BUF_INIT(SECRET_MAX);
	struct dial_options o = { .use_auth = false };
	bool is_cached = false;
	int r = 0;

	fill_options(h, &o);
	h->stage = SMARTHOST_PASSWORD;
	if (needs_password(&o)) {
		r = oauth_secret(h->arena, h->account, &o.user, &password,
				 &is_cached, f);
		o.password = password.data;
	}
	if (r == 0) {
		h->stage = SMARTHOST_SIGN_IN;
		r = sign_in_first(h, &o, f);
	}
	if (r == 0) {
		h->stage = SMARTHOST_DIAL;
		r = dial_open(&h->dial, &o, h->trace, f);
	}
	if (r < 0 && is_cached && is_refused(h, f))
		r = dial_again(h, &o, &password, f);
	buf_wipe(&password);
	return r;
}

void smarthost_prepare(const struct account *account)
{
	if (smarthost_is_set(account))
		conn_prepare(account->tls);
}

void smarthost_init(struct smarthost *h, struct arena *a,
		    const struct account *account, const struct trace *trace)
{
	*h = (struct smarthost){
		.account = account,
		.name = smarthost_is_set(account) ? smarthost_name(a, account)
						  : NULL,
		.arena = a,
		.trace = trace,
		.most = SESSION_MAILS_MAX,
	};
}

int smarthost_open(struct smarthost *h, struct error *f)
{
	if (h->is_open && !h->session.broken)
		return 0;
	smarthost_close(h);
	if (interrupt_is_due())
		return interrupt_error(f);
	if (!error_is_set(&h->connect_error) &&
	    dial_account(h, &h->connect_error) == 0) {
		session_init(&h->session, &h->dial);
		if (h->account->timeout > 0)
			h->session.command_timeout =
				(unsigned)h->account->timeout;
		h->is_open = true;
		return 0;
	}
	if (!error_is_set(f))
		*f = h->connect_error;
	return -1;
}

int smarthost_begin(struct smarthost *h, struct session_mail *m,
		    struct load *load, struct error *f)
{
	int r = 0;

	if (load->content.has_8bit && load->to_7bit &&
	    !caps_has(&h->dial.caps, CAPS_8BITMIME))
		r = load->to_7bit(load->context, &load->content, f);
	if (r < 0) {
		envelope_decide_rest(m->envelope, f);
		return -1;
	}
	m->content = load->content;
	session_begin(&h->session, m);
	return 0;
}

bool smarthost_has_room(const struct smarthost *h, unsigned on_way)
{
	return h->is_open && on_way < h->most && session_has_room(&h->session);
}

void smarthost_collect(struct smarthost *h)
{
	const struct session *s = &h->session;

	session_collect(&h->session);
	if (s->answered >= SESSION_MAILS_MAX)
		h->most = SESSION_MAILS_MAX;
	else if (s->broken)
		h->most = s->answered ? s->answered : 1;
}

void smarthost_close(struct smarthost *h)
{
	if (!h->is_open)
		return;
	session_quit(&h->session);
	session_free(&h->session);
	dial_close(&h->dial);
	h->is_open = false;
}
