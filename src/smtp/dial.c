/* dial.c - libcurl, held by the hand.
 *
 * CURLOPT_CONNECT_ONLY on an smtp:// URL does all up to AUTH; the URL's path
 * is the name for EHLO.  A handle is one connection, so a second attempt (for
 * another mechanism) is a new handle.
 */
#include "smtp/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "net/verdict.h"
#include "smtp/dial_setup.h"
#include "smtp/handshake.h"
#include "smtp/place.h"
#include "smtp/trouble.h"

#define DIAL_SECONDS  300 /* RFC 5321 4.5.3.2.1, for the greeting */
#define DIAL_ATTEMPTS 5

/* ---- what libcurl tells us while it dials */

static unsigned time_of(struct dial *d, CURLINFO which)
{
	double seconds = 0;

	curl.getinfo(d->handle, which, &seconds);
	return (unsigned)(seconds * 1000 + 0.5);
}

static void take_times(struct dial *d)
{
	d->connected_after = time_of(d, CURLINFO_CONNECT_TIME);
	d->secured_after = time_of(d, CURLINFO_APPCONNECT_TIME);
}

/* The earliest moment to say where we are and what keeps others out. */
static void describe(struct dial *d)
{
	struct dial_state *s = d->state;
	struct curl_tlssessioninfo *tls = NULL;
	char text[1000];

	if (!s->is_connected) {
		char *ip = NULL;
		long port = 0;

		curl.getinfo(d->handle, CURLINFO_PRIMARY_IP, &ip);
		curl.getinfo(d->handle, CURLINFO_PRIMARY_PORT, &port);
		if (ip && *ip && !s->options->unix_socket)
			snprintf(d->peer, sizeof(d->peer), "%s port %ld", ip,
				 port);
		s->is_connected = true;
		take_times(d);
		handshake_remark(&s->opening, "connected to %s%s%s", s->place,
				 d->peer[0] ? ", " : "", d->peer);
	}
	if (s->is_described || !s->handle.has_pin ||
	    s->options->tls == DIAL_TLS_NONE ||
	    curl.getinfo(d->handle, CURLINFO_TLS_SSL_PTR, &tls) || !tls ||
	    tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals)
		return;
	s->is_described = pin_describe_tls(tls->internals, d->tls_version,
					   sizeof(d->tls_version));
	if (!s->is_described || !d->trace)
		return;
	handshake_remark(&s->opening, "%s", d->tls_version);
	if (pin_describe_peer(tls->internals, text, sizeof(text)))
		handshake_remark(&s->opening, "certificate: %s", text);
}

static size_t on_header(char *data, size_t size, size_t n, void *context)
{
	struct dial *d = context;

	handle_heard(&d->state->handle);
	describe(d);
	if (handshake_receive(&d->state->opening, data, size * n) < 0)
		return 0;
	return size * n;
}

static int on_debug(CURL *handle, curl_infotype type, char *data, size_t n,
		    void *context)
{
	struct dial *d = context;

	(void)handle;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	if (d->state->opening.greeted)
		describe(d);
	handshake_say(&d->state->opening, data, n);
	return 0;
}

static void set_ears(struct dial *d)
{
	curl.setopt(d->handle, CURLOPT_ERRORBUFFER, d->state->error);
	curl.setopt(d->handle, CURLOPT_HEADERDATA, d);
	curl.setopt(d->handle, CURLOPT_HEADERFUNCTION, on_header);
	if (!d->trace)
		return;
	curl.setopt(d->handle, CURLOPT_VERBOSE, 1L);
	curl.setopt(d->handle, CURLOPT_DEBUGDATA, d);
	curl.setopt(d->handle, CURLOPT_DEBUGFUNCTION, on_debug);
}

/* ---- one attempt */

static void drop_handle(struct dial *d)
{
	struct dial_state *s = d->state;

	handle_drop(&s->handle);
	d->handle = NULL;
	d->socket = -1;
	handshake_free(&s->opening);
}

static CURLcode attempt(struct dial *d, unsigned milliseconds)
{
	struct dial_state *s = d->state;

	handshake_init(&s->opening, s->options, d->trace);
	s->is_described = s->is_connected = false;
	s->error[0] = '\0';
	d->tls_version[0] = '\0';
	d->connected_after = d->secured_after = 0;
	d->began = sysenv_ticks();
	handle_make(&s->handle, milliseconds);
	d->handle = s->handle.curl;
	if (d->handle) {
		dial_set_login(d);
		set_ears(d);
	}
	return handle_perform(&s->handle);
}

static const struct {
	CURLcode code;
	enum trouble_kind kind;
} troubles[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, TROUBLE_LOOKUP },
	{ CURLE_COULDNT_RESOLVE_PROXY, TROUBLE_LOOKUP },
	{ CURLE_COULDNT_CONNECT, TROUBLE_CONNECT },
	{ CURLE_PROXY, TROUBLE_PROXY },
	{ CURLE_OPERATION_TIMEDOUT, TROUBLE_TIME },
	{ CURLE_PEER_FAILED_VERIFICATION, TROUBLE_CERTIFICATE },
	{ CURLE_SSL_CONNECT_ERROR, TROUBLE_HANDSHAKE },
	{ CURLE_USE_SSL_FAILED, TROUBLE_NO_STARTTLS },
	{ CURLE_SSL_CERTPROBLEM, TROUBLE_FILE },
	{ CURLE_SSL_CACERT_BADFILE, TROUBLE_FILE },
	{ CURLE_SSL_CRL_BADFILE, TROUBLE_FILE },
	{ CURLE_SSL_CIPHER, TROUBLE_SETTING },
	{ CURLE_URL_MALFORMAT, TROUBLE_SETTING },
	{ CURLE_UNSUPPORTED_PROTOCOL, TROUBLE_SETTING },
	{ CURLE_NOT_BUILT_IN, TROUBLE_SETTING },
	{ CURLE_UNKNOWN_OPTION, TROUBLE_SETTING },
	{ CURLE_BAD_FUNCTION_ARGUMENT, TROUBLE_SETTING },
	{ CURLE_INTERFACE_FAILED, TROUBLE_SOURCE },
	{ CURLE_LOGIN_DENIED, TROUBLE_LOGIN },
	{ CURLE_AUTH_ERROR, TROUBLE_LOGIN },
	{ CURLE_WEIRD_SERVER_REPLY, TROUBLE_REPLY },
	{ CURLE_REMOTE_ACCESS_DENIED, TROUBLE_REPLY },
	{ CURLE_WRITE_ERROR, TROUBLE_REPLY },
	{ CURLE_RECV_ERROR, TROUBLE_LOST },
	{ CURLE_SEND_ERROR, TROUBLE_LOST },
	{ CURLE_GOT_NOTHING, TROUBLE_LOST },
};

static const char *error_text(struct dial *d, CURLcode code)
{
	return d->state->error[0] ? d->state->error : curl.strerror(code);
}

static struct trouble gather(struct dial *d, CURLcode code)
{
	struct dial_state *s = d->state;
	double connected = 0;
	long os_error = 0;
	struct trouble t = {
		.kind = TROUBLE_OTHER,
		.text = error_text(d, code),
		.seconds = s->seconds,
		.place = s->place,
		.opening = &s->opening,
		.pin = &s->handle.pin,
	};

	for (size_t i = 0; i < sizeof(troubles) / sizeof(*troubles); i++)
		if (troubles[i].code == code)
			t.kind = troubles[i].kind;
	if (!d->handle)
		return t;
	curl.getinfo(d->handle, CURLINFO_OS_ERRNO, &os_error);
	curl.getinfo(d->handle, CURLINFO_HTTP_CONNECTCODE, &t.connect_code);
	curl.getinfo(d->handle, CURLINFO_CONNECT_TIME, &connected);
	t.os_error = (int)os_error;
	t.is_connected = connected > 0 || s->is_connected;
	if (t.connect_code >= 300 && t.kind == TROUBLE_LOST)
		t.kind = TROUBLE_PROXY;
	if (verdict_is_endless(t.text))
		t.kind = TROUBLE_REPLY;
	if (t.kind == TROUBLE_TIME && t.is_connected && !s->opening.greeted)
		t.kind = TROUBLE_SILENT;
	if (handle_refused(&s->handle, code, &t.verify))
		t.kind = TROUBLE_CERTIFICATE;
	else if (t.kind == TROUBLE_CERTIFICATE && verdict_is_name(t.text))
		t.kind = TROUBLE_NAME;
	return t;
}

/* ---- the dial */

/* Nobody logged in and the server was not asked to. */
static bool is_unanswered(const struct dial_state *s, CURLcode code)
{
	return s->options->use_auth && s->opening.phase == REPLY_AUTH &&
	       !s->opening.auth_answered &&
	       (code == CURLE_OK || code == CURLE_LOGIN_DENIED);
}

/* Is there another way to try?  Sets it up. */
static bool plan_again(struct dial *d, CURLcode code)
{
	struct dial_state *s = d->state;

	if (!is_unanswered(s, code) ||
	    !login_again(&s->login, s->options, &s->opening.caps))
		return false;
	handshake_remark(&s->opening,
			 "AUTH is offered with %s: once more, for %s",
			 s->opening.caps.auth, s->login.pin[0]);
	return true;
}

static int judge(struct dial *d, CURLcode code, struct error *f)
{
	struct dial_state *s = d->state;
	struct trouble t;

	if (is_unanswered(s, code)) {
		d->trouble = s->opening.caps.auth[0] ? TROUBLE_MECHANISM
						     : TROUBLE_NO_AUTH;
		return login_explain(&s->login, s->options, &s->opening.caps,
				     s->place, f);
	}
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return interrupt_error(f);
	if (code) {
		t = gather(d, code);
		d->trouble = t.kind;
		return trouble_explain(&t, s->options, f);
	}
	d->trouble = TROUBLE_OTHER;
	if (s->options->tls == DIAL_TLS_STARTTLS && !s->opening.tls_started)
		return error_set(f, ERROR_SOFTWARE,
				 "libcurl went on without TLS at %s", s->place);
	if (s->options->use_auth && !s->opening.authenticated)
		return error_set(f, ERROR_PERMISSION,
				 "%s did not confirm the log-in", s->place);
	d->trouble = TROUBLE_NONE;
	return 0;
}

static int dial_until_done(struct dial *d, struct error *f)
{
	struct dial_state *s = d->state;
	uint64_t end = sysenv_ticks() + s->seconds * UINT64_C(1000);

	for (int i = 0;; i++) {
		uint64_t now = sysenv_ticks();
		CURLcode code;

		if (i)
			drop_handle(d);
		code = attempt(d, now < end ? (unsigned)(end - now) : 1);
		if (i < DIAL_ATTEMPTS && plan_again(d, code))
			continue;
		return judge(d, code, f);
	}
}

static int take_over(struct dial *d, struct error *f)
{
	struct dial_state *s = d->state;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl.getinfo(d->handle, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD)
		return error_set(f, ERROR_TEMPORARY,
				 "%s closed the connection before any mail",
				 s->place);
	d->socket = (int)fd;
	d->caps = s->opening.caps;
	d->is_tls = s->options->tls != DIAL_TLS_NONE;
	if (s->options->use_auth)
		snprintf(d->mechanism, sizeof(d->mechanism), "%s",
			 login_mechanism(&s->login, &d->caps));
	s->options = NULL;
	return 0;
}

int dial_open(struct dial *d, const struct dial_options *o,
	      const struct trace *trace, struct error *f)
{
	*d = (struct dial){ .socket = -1, .trace = trace };
	d->state = memory_alloc(sizeof(*d->state));
	*d->state =
		(struct dial_state){ .options = o, .seconds = DIAL_SECONDS };
	d->trouble = TROUBLE_SETTING;
	if (dial_prepare(d, f) < 0) {
		dial_close(d);
		return -1;
	}
	place_name(o, d->state->place, sizeof(d->state->place));
	if (o->connect_timeout)
		d->state->seconds = o->connect_timeout;
	if (dial_until_done(d, f) < 0 || take_over(d, f) < 0) {
		dial_close(d);
		return -1;
	}
	return 0;
}

void dial_close(struct dial *d)
{
	if (!d->state)
		return;
	drop_handle(d);
	buf_free(&d->state->url);
	buf_free(&d->state->connect_to);
	free(d->state);
	d->state = NULL;
}

/* ---- the open connection */

static int lost(struct dial *d, CURLcode code, struct error *f)
{
	return error_set(f, ERROR_TEMPORARY,
			 "the connection to %s was lost: %s", d->state->place,
			 error_text(d, code));
}

ssize_t dial_send(struct dial *d, const void *data, size_t n, struct error *f)
{
	size_t sent = 0;
	CURLcode code;

	d->state->error[0] = '\0';
	code = curl.send(d->handle, data, n, &sent);
	if (code == CURLE_AGAIN)
		return 0;
	return code ? lost(d, code, f) : (ssize_t)sent;
}

ssize_t dial_receive(struct dial *d, void *data, size_t n, bool *end,
		     struct error *f)
{
	size_t got = 0;
	CURLcode code;

	*end = false;
	d->state->error[0] = '\0';
	code = curl.recv(d->handle, data, n, &got);
	if (code == CURLE_AGAIN)
		return 0;
	if (code)
		return lost(d, code, f);
	*end = got == 0;
	return (ssize_t)got;
}

int dial_wait(struct dial *d, bool to_send, struct wait *w, struct error *f)
{
	short events = (short)(POLLIN | (to_send ? POLLOUT : 0));

	return wait_socket(w, d->socket, events, d->state->place, f);
}

void dial_trace(const struct dial *d, char direction, const char *text,
		size_t n)
{
	if (d->trace)
		d->trace->line(d->trace->context, direction, text, n);
}
