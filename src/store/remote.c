/* remote.c - libcurl's connection as lines.
 *
 * What it says and hears while it dials comes by its callbacks: the reply to
 * the last command is kept (that is what the server can do, inside TLS where
 * there is any), and a transcript is told all of it but secrets. */
#include "store/remote.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "store/remote_trouble.h"

#define USUAL_SECONDS 120

static void show(const struct remote *r, char direction, const char *text,
		 size_t n)
{
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (r->login->trace)
		r->login->trace(r->login->context, direction, text, n);
}

void remote_remark(const struct remote *r, const char *format, ...)
{
	char text[1000];
	va_list ap;

	if (!r->login->trace)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	show(r, '*', text, strlen(text));
}

/* ---- while libcurl dials ---- */

static size_t on_header(char *data, size_t size, size_t n, void *context)
{
	struct remote *r = context;

	n *= size;
	handle_heard(&r->handle);
	/* a proxy's lines come before the greeting */
	if (!r->is_greeted && n > 5 && !memcmp(data, "HTTP/", 5))
		return n;
	if (!r->is_greeted)
		snprintf(r->greeting, sizeof(r->greeting), "%.*s",
			 (int)strcspn(data, "\r\n"), data);
	r->is_greeted = true;
	if (r->sasl && n && *data == '+' && n > 1 && data[1] == ' ')
		show(r, 'S', "+ ***", 5);
	else
		show(r, 'S', data, n);
	for (size_t i = 0; i < n; i++)
		if (buf_putc(&r->heard, data[i] ? data[i] : '?') < 0)
			return 0;
	return n;
}

/* "AUTH", "APOP", "A003 AUTHENTICATE": from there on all is secret. */
static bool begins_login(const struct remote *r, const char *line)
{
	if (r->url->kind == MAILBOX_IMAP)
		line += strcspn(line, " ") + 1;
	return ascii_begins(line, "AUTH") || ascii_begins(line, "APOP");
}

static int on_debug(CURL *handle, curl_infotype type, char *data, size_t n,
		    void *context)
{
	struct remote *r = context;
	char line[128];

	(void)handle;
	if (type != CURLINFO_HEADER_OUT || !r->is_greeted)
		return 0;
	buf_reset(&r->heard);
	snprintf(line, sizeof(line), "%.*s", (int)n, data);
	r->has_asked_tls |= strstr(line, "STLS") || strstr(line, "STARTTLS");
	if (r->has_logged_in) {
		show(r, 'C', "***", 3);
	} else if (r->sasl && begins_login(r, line)) {
		r->has_logged_in = true;
		show(r, 'C', "(log-in) ***", 12);
	} else {
		show(r, 'C', data, n);
	}
	return 0;
}

/* Letters that mean a host and nothing more once they stand in a URL. */
static bool is_host(const char *host)
{
	bool is_literal = strchr(host, ':') != NULL;

	for (const char *s = host; *s; s++)
		if (!isalnum((unsigned char)*s) && (unsigned char)*s < 0x80 &&
		    !strchr("-._", *s) && !(is_literal && strchr(":%", *s)))
			return false;
	return *host != '\0';
}

static const char *spell(struct arena *a, const char *host, const char *zone)
{
	const char *percent = strchr(host, '%');

	if (!strchr(host, ':'))
		return host;
	if (!percent)
		return arena_format(a, "[%s]", host);
	return arena_format(a, "[%.*s%s%s]", (int)(percent - host), host, zone,
			    percent + 1);
}

static unsigned port_of(const struct mailbox_url *url)
{
	if (url->port)
		return url->port;
	if (url->kind == MAILBOX_POP3)
		return url->is_implicit_tls ? 995 : 110;
	return url->is_implicit_tls ? 993 : 143;
}

static int fill_wish(struct remote *r, struct error *f)
{
	const struct mailbox_login *l = r->login;
	const char *protocol = r->url->kind == MAILBOX_POP3 ? "pop3" : "imap";
	const char *name = l->tls_host ? l->tls_host : r->url->host;

	if (!is_host(r->url->host) || !is_host(name))
		return error_set(f, ERROR_USAGE, "\"%s\" is no host name",
				 is_host(name) ? r->url->host : name);
	r->place = arena_format(r->arena, "%s:%u",
				spell(r->arena, r->url->host, "%"),
				port_of(r->url));
	r->wish = (struct handle_options){
		.url = arena_format(r->arena, "%s%s://%s:%u/", protocol,
				    r->url->is_implicit_tls ? "s" : "",
				    spell(r->arena, name, "%25"),
				    port_of(r->url)),
		.place = r->place,
		.protocols = "pop3,pop3s,imap,imaps",
		.connect_to = l->tls_host
				      ? arena_format(r->arena, "::%s", r->place)
				      : NULL,
		.proxy = l->proxy,
		.source_address = l->source_address,
		.use_tls = r->url->is_implicit_tls || !l->no_tls,
		.check_certificate = !l->skip_certificate,
		.trust_file = l->trust_file,
		.crl_file = l->crl_file,
		.fingerprint = l->fingerprint,
		.cert_file = l->cert_file,
		.key_file = l->key_file,
		.ciphers = l->ciphers,
	};
	return handle_check(&r->handle, &r->wish, f);
}

static void set_login(struct remote *r)
{
	char pinned[64];

	if (!r->sasl)
		return;
	snprintf(pinned, sizeof(pinned), "AUTH=%s", r->sasl->mechanism);
	handle_text(&r->handle, CURLOPT_LOGIN_OPTIONS, pinned);
	handle_text(&r->handle, CURLOPT_USERNAME, r->sasl->user);
	handle_text(&r->handle, CURLOPT_PASSWORD, r->sasl->password);
}

static CURLcode dial(struct remote *r)
{
	handle_make(&r->handle, r->milliseconds);
	if (!r->handle.curl)
		return CURLE_OUT_OF_MEMORY;
	curl.setopt(r->handle.curl, CURLOPT_ERRORBUFFER, r->error);
	curl.setopt(r->handle.curl, CURLOPT_HEADERDATA, r);
	curl.setopt(r->handle.curl, CURLOPT_HEADERFUNCTION, on_header);
	curl.setopt(r->handle.curl, CURLOPT_VERBOSE, 1L);
	curl.setopt(r->handle.curl, CURLOPT_DEBUGDATA, r);
	curl.setopt(r->handle.curl, CURLOPT_DEBUGFUNCTION, on_debug);
	set_login(r);
	return handle_perform(&r->handle);
}

/* Who is there, for the transcript and for the question who may read along. */
static void describe(struct remote *r)
{
	struct curl_tlssessioninfo *tls = NULL;
	char text[1000];
	char *ip = NULL;

	curl.getinfo(r->handle.curl, CURLINFO_PRIMARY_IP, &ip);
	if (ip && !r->login->proxy)
		r->is_here = !strncmp(ip, "127.", 4) || !strcmp(ip, "::1");
	r->is_tls = r->wish.use_tls;
	remote_remark(r, "connected to %s, %s", r->place, ip ? ip : "");
	if (!r->is_tls || !r->handle.has_pin || !r->login->trace ||
	    curl.getinfo(r->handle.curl, CURLINFO_TLS_SSL_PTR, &tls) || !tls ||
	    tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals)
		return;
	if (pin_describe_tls(tls->internals, text, sizeof(text)))
		remote_remark(r, "%s", text);
	if (pin_describe_peer(tls->internals, text, sizeof(text)))
		remote_remark(r, "certificate: %s", text);
}

static int take_over(struct remote *r, struct error *f)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl.getinfo(r->handle.curl, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD)
		return error_set(f, ERROR_TEMPORARY,
				 "%s closed the connection before any mail",
				 r->place);
	r->socket = (int)fd;
	r->is_broken = false;
	remote_expect(r);
	describe(r);
	if (r->wish.use_tls && !r->url->is_implicit_tls && !r->has_asked_tls)
		return error_set(f, ERROR_SOFTWARE,
				 "libcurl went on without TLS at %s", r->place);
	return 0;
}

int remote_open(struct remote *r, struct arena *a,
		const struct mailbox_url *url,
		const struct mailbox_login *login,
		const struct remote_sasl *sasl, struct error *f)
{
	CURLcode code;
	int done;

	*r = (struct remote){
		.arena = a,
		.url = url,
		.login = login,
		.sasl = sasl,
		.socket = -1,
		.is_broken = true,
		.milliseconds =
			(login->timeout ? login->timeout : USUAL_SECONDS) *
			1000,
	};
	buf_init(&r->heard, REMOTE_HEARD_MAX);
	buf_init(&r->line, REMOTE_LINE_MAX);
	if (fill_wish(r, f) < 0)
		return -1;
	code = dial(r);
	done = code ? remote_explain(r, code, f) : take_over(r, f);
	r->sasl = NULL;
	return done;
}

void remote_close(struct remote *r)
{
	handle_drop(&r->handle);
	buf_free(&r->heard);
	buf_free(&r->line);
	r->is_broken = true;
}

int remote_may_log_in(const struct remote *r, struct error *f)
{
	if (r->is_tls || r->is_here)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "nobody logs in at %s without TLS, where others can "
			 "read along or take the line over; leave tls on",
			 r->place);
}

/* ---- the open connection ---- */

static int lost(struct remote *r, const char *how, struct error *f)
{
	r->is_broken = true;
	return error_set(f, ERROR_TEMPORARY,
			 "the connection to %s was lost%s%s", r->place,
			 *how ? ": " : "", how);
}

void remote_expect(struct remote *r)
{
	r->talk = 0;
	if (r->is_ending)
		wait_begin(&r->wait, r->milliseconds);
	else
		wait_begin_stream(&r->wait, r->milliseconds);
	r->wait.act = "answer";
}

void remote_hurry(struct remote *r, unsigned milliseconds)
{
	if (r->milliseconds > milliseconds)
		r->milliseconds = milliseconds;
	r->is_ending = true;
	remote_expect(r);
}

static int out_of_time(struct remote *r, struct error *f)
{
	unsigned seconds = r->milliseconds / 1000;

	if (wait_was_slow(&r->wait))
		return error_set(
			f, ERROR_TEMPORARY,
			"%s goes on too slowly: it was waited for more "
			"than %u seconds",
			r->place, seconds * WAIT_SLOWNESS);
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds", r->place,
			 seconds);
}

static int await(struct remote *r, short events, struct error *f)
{
	enum wait_end end =
		wait_socket(&r->wait, r->socket, events, r->place, f);

	if (end == WAIT_READY)
		return 0;
	r->is_broken = true;
	return end == WAIT_TIME ? out_of_time(r, f) : -1;
}

static int use(struct remote *r, struct error *f)
{
	if (!r->is_broken)
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "the connection to %s is closed already", r->place);
}

static void show_sent(const struct remote *r, const char *text,
		      const char *shown)
{
	if (shown) {
		show(r, 'C', shown, strlen(shown));
		return;
	}
	while (*text) {
		size_t n = strcspn(text, "\n");

		show(r, 'C', text, n);
		text += n + (text[n] == '\n');
	}
}

int remote_send(struct remote *r, const char *text, const char *shown,
		struct error *f)
{
	size_t n = strlen(text), done = 0;

	if (use(r, f) < 0)
		return -1;
	remote_expect(r);
	show_sent(r, text, shown);
	while (done < n) {
		size_t sent = 0;
		CURLcode code;

		r->error[0] = '\0';
		code = curl.send(r->handle.curl, text + done, n - done, &sent);
		if (code == CURLE_AGAIN) {
			if (await(r, POLLOUT, f) < 0)
				return -1;
			continue;
		}
		if (code)
			return lost(r, r->error, f);
		done += sent;
		wait_moved(&r->wait, sent);
	}
	return 0;
}

ssize_t remote_try_send(struct remote *r, const void *data, size_t n,
			struct error *f)
{
	size_t sent = 0;
	CURLcode code;

	if (use(r, f) < 0)
		return -1;
	r->error[0] = '\0';
	code = curl.send(r->handle.curl, data, n, &sent);
	if (code == CURLE_AGAIN)
		return 0;
	return code ? lost(r, r->error, f) : (ssize_t)sent;
}

ssize_t remote_try_receive(struct remote *r, void *data, size_t n, bool *end,
			   struct error *f)
{
	size_t got = r->have - r->at;
	CURLcode code;

	*end = false;
	if (got) {
		got = got < n ? got : n;
		memcpy(data, r->room + r->at, got);
		r->at += got;
		return (ssize_t)got;
	}
	if (use(r, f) < 0)
		return -1;
	r->error[0] = '\0';
	code = curl.recv(r->handle.curl, data, n, &got);
	if (code == CURLE_AGAIN)
		return 0;
	if (code)
		return lost(r, r->error, f);
	*end = got == 0;
	return (ssize_t)got;
}

/* Receives until there is an octet: TLS may hold some that poll cannot see. */
static int fill(struct remote *r, struct error *f)
{
	r->at = r->have = 0;
	for (;;) {
		CURLcode code;

		r->error[0] = '\0';
		code = curl.recv(r->handle.curl, r->room, sizeof(r->room),
				 &r->have);
		if (code == CURLE_AGAIN) {
			r->have = 0;
			if (await(r, POLLIN, f) < 0)
				return -1;
			continue;
		}
		if (code || r->have == 0) {
			r->have = 0;
			return lost(r, r->error, f);
		}
		wait_moved(&r->wait, r->have);
		return 0;
	}
}

int remote_more(struct remote *r, const char **data, size_t *n, struct error *f)
{
	if (r->at == r->have && (use(r, f) < 0 || fill(r, f) < 0))
		return -1;
	*data = r->room + r->at;
	*n = r->have - r->at;
	return 0;
}

void remote_taken(struct remote *r, size_t n)
{
	r->at += n;
}

int remote_garbled(struct remote *r, const char *what, struct error *f)
{
	r->is_broken = true;
	return error_set(f, ERROR_PROTOCOL, "%s %s", r->place, what);
}

int remote_count(struct remote *r, size_t n, struct error *f)
{
	r->talk += n;
	if (r->talk <= REMOTE_TALK_MAX)
		return 0;
	return remote_garbled(r, "says more than it can mean", f);
}

uint64_t remote_message_max(uint64_t announced)
{
	if (!announced || announced > REMOTE_MESSAGE_MAX / 2)
		return REMOTE_MESSAGE_MAX;
	return 2 * announced + REMOTE_MESSAGE_SLACK;
}

int remote_too_long(struct remote *r, uint64_t announced, struct error *f)
{
	r->is_broken = true;
	return error_set(f, ERROR_PROTOCOL,
			 "%s sends a message that is far longer than the "
			 "%" PRIu64 " octets that %s",
			 r->place, announced ? announced : REMOTE_MESSAGE_MAX,
			 announced ? "it announced" : "are the most");
}

int remote_line(struct remote *r, struct error *f)
{
	buf_reset(&r->line);
	for (;;) {
		const char *data, *lf;
		size_t n;

		if (remote_more(r, &data, &n, f) < 0)
			return -1;
		lf = memchr(data, '\n', n);
		if (lf)
			n = (size_t)(lf - data) + 1;
		if (buf_put(&r->line, data, n) < 0)
			return remote_garbled(r, "sends a line without an end",
					      f);
		remote_taken(r, n);
		if (remote_count(r, n, f) < 0)
			return -1;
		if (lf)
			break;
	}
	while (r->line.len && (r->line.data[r->line.len - 1] == '\n' ||
			       r->line.data[r->line.len - 1] == '\r'))
		buf_truncate(&r->line, r->line.len - 1);
	for (size_t i = 0; i < r->line.len; i++)
		if (!r->line.data[i])
			r->line.data[i] = '?';
	show(r, 'S', r->line.data, r->line.len);
	return 0;
}
