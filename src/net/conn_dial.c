/* conn_dial.c - connecting, by libcurl and its callbacks.
 *
 * The callbacks report each line of the greeting, of the capabilities and of
 * STARTTLS; the protocol interprets them.  A handle makes one connection. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "codec/base64.h"
#include "net/handle.h"

#define URL_MAX 4096

/* ---- spelling: brackets for IPv6 (RFC 3986 3.2.2), zones (RFC 6874) ---- */

static bool is_literal(const char *host)
{
	return strchr(host, ':') != NULL;
}

static const char *host_of(const struct conn_options *o)
{
	return o->host ? o->host : "localhost";
}

/* `what`: the setting that the name is from, or NULL. */
static int check_host(const struct conn_options *o, const char *host,
		      const char *what, struct error *f)
{
	const char *s = host;

	while (isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80 ||
	       (*s && strchr("-._", *s)) ||
	       (is_literal(host) && *s && strchr(":[]%", *s)))
		s++;
	if (*s || s == host)
		return error_set(f, o->protocol->host,
				 "\"%s\" is no host name; %s", host, what);
	return 0;
}

unsigned conn_port(const struct conn_options *o)
{
	return o->port ? o->port : o->protocol->ports[o->tls];
}

static void put_host(struct buf *out, const char *host, const char *zone)
{
	if (!is_literal(host)) {
		buf_puts(out, host);
		return;
	}
	buf_putc(out, '[');
	for (; *host; host++) {
		if (*host == '%')
			buf_puts(out, zone);
		else if (*host != '[' && *host != ']')
			buf_putc(out, *host);
	}
	buf_putc(out, ']');
}

/* Without the user and password that the URL of a proxy may contain. */
static const char *proxy_name(const char *url)
{
	const char *at = strrchr(url, '@');
	const char *host = strstr(url, "://");

	return at ? at + 1 : host ? host + 3 : url;
}

static void put_place(const struct conn_options *o, char *out, size_t size)
{
	struct buf text = BUF_INIT(1024);

	if (o->unix_socket) {
		buf_puts(&text, o->unix_socket);
	} else {
		put_host(&text, host_of(o), "%");
		buf_printf(&text, ":%u", conn_port(o));
	}
	if (o->proxy)
		buf_printf(&text, " (by the proxy %s)", proxy_name(o->proxy));
	snprintf(out, size, "%s", text.data);
	buf_free(&text);
}

/* Characters that need no encoding in a path. */
static void put_path(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-._~", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

int conn_format_names(const struct conn_options *o, struct conn_names *names,
		      struct error *f)
{
	const struct conn_protocol *p = o->protocol;

	buf_init(&names->url, URL_MAX);
	buf_init(&names->connect_to, URL_MAX);
	if (!o->host && !o->unix_socket)
		return error_set(f, ERROR_CONFIG, "no host is configured");
	if (o->host && check_host(o, o->host, p->lookup, f) < 0)
		return -1;
	if (o->tls_host &&
	    check_host(o, o->tls_host, "check the setting tls_host_override",
		       f) < 0)
		return -1;
	if (conn_port(o) > 65535)
		return error_set(f, ERROR_CONFIG,
				 "%u is not a port: the highest is 65535",
				 o->port);
	put_place(o, names->place, sizeof(names->place));
	buf_printf(&names->url, "%s%s://", p->scheme,
		   o->tls == CONN_TLS_IMPLICIT ? "s" : "");
	put_host(&names->url, o->tls_host ? o->tls_host : host_of(o), "%25");
	buf_printf(&names->url, ":%u/", conn_port(o));
	put_path(&names->url, o->hello ? o->hello : "");
	buf_puts(&names->connect_to, "::");
	put_host(&names->connect_to, host_of(o), "%");
	buf_printf(&names->connect_to, ":%u", conn_port(o));
	return 0;
}

/* ---- libcurl's callbacks ---- */

static unsigned time_of(struct conn *c, CURLINFO which)
{
	double seconds = 0;

	curl.getinfo(c->handle->curl, which, &seconds);
	return (unsigned)(seconds * 1000 + 0.5);
}

static void describe_peer(struct conn *c)
{
	const struct conn_options *o = c->options;
	char *ip = NULL;
	long port = 0;

	curl.getinfo(c->handle->curl, CURLINFO_PRIMARY_IP, &ip);
	curl.getinfo(c->handle->curl, CURLINFO_PRIMARY_PORT, &port);
	if (ip && *ip && !o->unix_socket)
		snprintf(c->peer, sizeof(c->peer), "%s port %ld", ip, port);
	c->is_local = o->unix_socket ||
		      (ip && !o->proxy &&
		       (!strncmp(ip, "127.", 4) || !strcmp(ip, "::1")));
	c->is_connected = true;
	c->connected_after = time_of(c, CURLINFO_CONNECT_TIME);
	c->secured_after = time_of(c, CURLINFO_APPCONNECT_TIME);
	trace_tell(c->trace, EVENT_CONNECTED, c->began + c->connected_after,
		   "connected to %s%s%s", c->place, c->peer[0] ? ", " : "",
		   c->peer);
}

static void keep_binding(struct conn *c, void *session)
{
	unsigned char octets[PIN_BINDING_MAX];
	size_t n = pin_bind(session, octets, &c->binding.is_exporter);

	n = base64_text(c->binding.octets, octets, n);
	c->binding.octets[n] = '\0';
}

static void describe_tls(struct conn *c)
{
	struct curl_tlssessioninfo *tls = NULL;
	char text[1000];

	if (curl.getinfo(c->handle->curl, CURLINFO_TLS_SSL_PTR, &tls) || !tls ||
	    tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals)
		return;
	c->is_described = pin_describe_tls(tls->internals, c->tls_version,
					   sizeof(c->tls_version));
	if (!c->is_described)
		return;
	keep_binding(c, tls->internals);
	if (!c->trace)
		return;
	trace_tell(c->trace, EVENT_TLS,
		   c->options->tls == CONN_TLS_IMPLICIT
			   ? c->began + c->secured_after
			   : 0,
		   "%s", c->tls_version);
	if (pin_describe_peer(tls->internals, text, sizeof(text)))
		trace_tell(c->trace, EVENT_CERTIFICATE, 0, "certificate: %s",
			   text);
}

/* Called for each line of the dialogue, so that the transcript shows the
 * address and TLS as early as possible. */
static void describe(struct conn *c)
{
	if (!c->is_connected)
		describe_peer(c);
	if (!c->is_described && c->handle->has_pin &&
	    c->options->tls != CONN_TLS_NONE)
		describe_tls(c);
}

static void keep_line(char *out, size_t size, const char *line, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used + 1 < size; i++) {
		if (line[i] == '\r' || line[i] == '\n')
			break;
		out[used++] = line[i] ? line[i] : '?';
	}
	out[used] = '\0';
}

static size_t on_header(char *data, size_t size, size_t n, void *context)
{
	struct conn *c = context;
	int result;

	n *= size;
	handle_received(c->handle);
	describe(c);
	/* a proxy's lines come before the greeting */
	if (!c->is_greeted && c->options->proxy && n > 5 &&
	    !memcmp(data, "HTTP/", 5))
		return n;
	result = c->options->protocol->on_line(c, data, n);
	if (result > 0)
		return n;
	trace_line(c->trace, 'S', data, n);
	if (!c->is_greeted)
		keep_line(c->greeting, sizeof(c->greeting), data, n);
	c->is_greeted = true;
	keep_line(c->last, sizeof(c->last), data, n);
	return result < 0 ? 0 : n;
}

/* Before the greeting, the peer is a proxy; the lines after CONNECT may contain
 * a password. */
static void trace_proxy(struct conn *c, const char *data, size_t n)
{
	const char *end = memchr(data, '\n', n);

	if (n > 8 && !memcmp(data, "CONNECT ", 8))
		trace_remark(c->trace, "proxy: %.*s",
			     (int)(end ? end - data - 1 : (ptrdiff_t)n), data);
}

/* The word that is the command: libcurl's tag in IMAP is a letter and
 * digits. */
static void keep_verb(struct conn *c, const char *data, size_t n)
{
	char line[64];
	const char *word = line;

	keep_line(line, sizeof(line), data, n);
	if (isdigit((unsigned char)line[strcspn(line, " 0123456789")]) &&
	    strchr(line, ' '))
		word = strchr(line, ' ') + 1;
	snprintf(c->verb, sizeof(c->verb), "%.*s", (int)strcspn(word, " "),
		 word);
	c->asked_tls |= !strcmp(c->verb, c->options->protocol->starttls);
	c->last[0] = '\0';
}

static int on_debug(CURL *handle, curl_infotype type, char *data, size_t n,
		    void *context)
{
	struct conn *c = context;

	(void)handle;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	if (!c->is_greeted) {
		trace_proxy(c, data, n);
		return 0;
	}
	describe(c);
	keep_verb(c, data, n);
	trace_line(c->trace, 'C', data, n);
	return 0;
}

/* ---- connecting ---- */

static CURLcode perform(struct conn *c)
{
	CURL *handle;

	c->began = sysenv_ticks();
	trace_mark(c->trace, EVENT_DIALING, 0, c->place);
	handle_make(c->handle);
	handle = c->handle->curl;
	if (handle) {
		curl.setopt(handle, CURLOPT_ERRORBUFFER, c->words);
		curl.setopt(handle, CURLOPT_HEADERDATA, c);
		curl.setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
		curl.setopt(handle, CURLOPT_VERBOSE, 1L);
		curl.setopt(handle, CURLOPT_DEBUGDATA, c);
		curl.setopt(handle, CURLOPT_DEBUGFUNCTION, on_debug);
	}
	return handle_perform(c->handle);
}

static int take_over(struct conn *c, struct error *f)
{
	const struct conn_options *o = c->options;
	curl_socket_t fd = CURL_SOCKET_BAD;

	c->error = CONN_OTHER;
	if (o->tls == CONN_TLS_STARTTLS && !c->asked_tls)
		return error_set(f, ERROR_SOFTWARE,
				 "libcurl went on without TLS at %s", c->place);
	if (curl.getinfo(c->handle->curl, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD)
		return error_set(f, ERROR_TEMPORARY,
				 "%s closed the connection before any mail",
				 c->place);
	/* commands that are run while it is open have no business with it */
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	c->socket = (int)fd;
	c->is_tls = o->tls != CONN_TLS_NONE;
	c->is_broken = false;
	c->error = CONN_FINE;
	return 0;
}

static int dial(struct conn *c, struct error *f)
{
	CURLcode code;

	if (handle_load(f) < 0) {
		c->error = CONN_NO_LIBRARY;
		return -1;
	}
	if (handle_check(c->handle, c->options, f) < 0)
		return -1;
	memcpy(c->place, c->handle->names.place, sizeof(c->place));
	code = perform(c);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return interrupt_error(f);
	return code ? conn_explain(c, code, f) : take_over(c, f);
}

int conn_open(struct conn *c, const struct conn_options *o,
	      const struct trace *trace, struct error *f)
{
	int r;

	*c = (struct conn){
		.options = o,
		.context = o->context,
		.trace = trace,
		.socket = -1,
		.is_broken = true,
		.error = CONN_SETTING,
		.milliseconds = o->seconds * 1000,
	};
	buf_init(&c->line, CONN_LINE_MAX);
	c->handle = memory_alloc(sizeof(*c->handle));
	*c->handle = (struct handle){ .curl = NULL };
	r = dial(c, f);
	if (r < 0)
		conn_close(c);
	else
		conn_expect(c);
	c->options = NULL;
	return r;
}

void conn_close(struct conn *c)
{
	if (c->handle)
		handle_free(c->handle);
	free(c->handle);
	c->handle = NULL;
	free(c->room);
	c->room = NULL;
	c->at = c->have = 0;
	buf_free(&c->line);
	c->is_broken = true;
}
