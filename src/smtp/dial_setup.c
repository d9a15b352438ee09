/* dial_setup.c - what submission asks of a handle: the URL, the log-in. */
#include "smtp/dial_setup.h"

#include "smtp/place.h"

#define URL_MAX 4096

int dial_prepare(struct dial *d, struct error *f)
{
	struct dial_state *s = d->state;
	const struct dial_options *o = s->options;

	buf_init(&s->url, URL_MAX);
	buf_init(&s->connect_to, URL_MAX);
	if (place_check(o, f) < 0)
		return -1;
	place_url(o, &s->url);
	if (o->tls_host)
		place_connect_to(o, &s->connect_to);
	s->wish = (struct handle_options){
		.place = s->place,
		.url = s->url.data,
		.protocols = "smtp,smtps",
		.connect_to = o->tls_host ? s->connect_to.data : NULL,
		.unix_socket = o->unix_socket,
		.proxy = o->proxy,
		.source_address = o->source_address,
		.use_tls = o->tls != DIAL_TLS_NONE,
		.check_certificate = o->check_certificate,
		.trust_file = o->trust_file,
		.crl_file = o->crl_file,
		.fingerprint = o->fingerprint,
		.cert_file = o->cert_file,
		.key_file = o->key_file,
		.ciphers = o->ciphers,
		.chain = o->chain,
	};
	if (login_begin(&s->login, o, f) < 0) {
		if (!s->login.line_is_safe)
			d->trouble = TROUBLE_INSECURE;
		return -1;
	}
	if (handle_load(f) < 0) {
		d->trouble = TROUBLE_LIBRARY;
		return -1;
	}
	return handle_check(&s->handle, &s->wish, f);
}

void dial_set_login(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	struct handle *h = &d->state->handle;
	char pinned[128];

	if (!o->use_auth)
		return;
	login_options(&d->state->login, pinned, sizeof(pinned));
	handle_text(h, CURLOPT_LOGIN_OPTIONS, pinned);
	handle_text(h, CURLOPT_USERNAME, o->user ? o->user : "");
	handle_long(h, CURLOPT_SASL_IR, 1);
	if (login_is_bearer(o))
		handle_text(h, CURLOPT_XOAUTH2_BEARER, o->password);
	else if (!login_is_external(o))
		handle_text(h, CURLOPT_PASSWORD,
			    o->password ? o->password : "");
}
