/* http.c - a transfer as options of libcurl. */
#include "net/http.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "net/handle.h"
#include "net/verdict.h"

#define HOST_OCTETS 256

struct transfer {
	const struct http_request *request;
	struct http_reply *reply;
	struct handle handle;
	struct conn_options options;
	struct source body;
	struct error error; /* of reading the body */
	bool is_too_long;
	char place[HOST_OCTETS]; /* "host" or "host:port" */
	char host[HOST_OCTETS];
};

static const struct conn_protocol protocol = {
	.name = "HTTP",
	.scheme = "http",
	.allowed = "http,https",
	.ports = { 80, 80, 443 },
	.host = ERROR_CONFIG,
};

/* ---- the URL ---- */

static bool is_loopback(const char *authority)
{
	static const char *const names[] = { "127.0.0.1", "[::1]",
					     "localhost" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);

		if (ascii_begins(authority, names[i]) &&
		    strchr(":/?", authority[n]))
			return true; /* strchr also finds the NUL */
	}
	return false;
}

bool http_is_safe(const char *url)
{
	if (text_has_control(url) || strchr(url, ' ') || strchr(url, '@'))
		return false;
	if (ascii_begins(url, "https://"))
		return url[8] != '\0';
	return ascii_begins(url, "http://") && is_loopback(url + 7);
}

void http_host(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	snprintf(out, size, "%.*s", (int)strcspn(host, "/?#"), host);
}

/* ---- libcurl's callbacks ---- */

static size_t on_reply(char *data, size_t one, size_t n, void *context)
{
	struct transfer *t = context;

	(void)one;
	if (buf_put(&t->reply->body, data, n) < 0)
		t->is_too_long = true;
	return t->is_too_long ? 0 : n;
}

static size_t on_body(char *room, size_t one, size_t n, void *context)
{
	struct transfer *t = context;
	ssize_t got = source_read(&t->body, room, one * n, &t->error);

	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* If a reused connection is closed, libcurl connects again and sends the body
 * from the start. */
static int on_seek(void *context, curl_off_t offset, int from)
{
	struct transfer *t = context;

	if (from != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	source_of_slice(&t->body, t->request->body);
	return CURL_SEEKFUNC_OK;
}

/* ---- one transfer ---- */

static struct curl_slist *make_headers(const struct http_request *r)
{
	struct curl_slist *list = curl.append(NULL, "Accept: application/json");
	char type[128];
	struct buf line;

	/* do not wait for "100 Continue" */
	if (list)
		list = curl.append(list, "Expect:");
	if (list && r->type) {
		snprintf(type, sizeof(type), "Content-Type: %s", r->type);
		list = curl.append(list, type);
	}
	if (list && r->authorization) {
		buf_init(&line, HTTP_REPLY_MAX);
		buf_printf(&line, "Authorization: %s", r->authorization);
		list = curl.append(list, line.data);
		buf_wipe(&line);
	}
	return list;
}

static void set_body(struct transfer *t)
{
	struct handle *h = &t->handle;

	if (!t->request->body)
		return;
	source_of_slice(&t->body, t->request->body);
	curl.setopt(h->curl, CURLOPT_POST, 1L);
	if (curl.setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)t->request->body->length))
		h->setup = CURLE_NOT_BUILT_IN;
	curl.setopt(h->curl, CURLOPT_READFUNCTION, on_body);
	curl.setopt(h->curl, CURLOPT_READDATA, t);
	curl.setopt(h->curl, CURLOPT_SEEKFUNCTION, on_seek);
	curl.setopt(h->curl, CURLOPT_SEEKDATA, t);
}

static void set_options(struct transfer *t, struct curl_slist *headers)
{
	struct handle *h = &t->handle;

	handle_make(h);
	if (!h->curl)
		return;
	/* libcurl does the transfer */
	curl.setopt(h->curl, CURLOPT_CONNECT_ONLY, 0L);
	curl.setopt(h->curl, CURLOPT_URL, handle_name(t->request->url));
	curl.setopt(h->curl, CURLOPT_TIMEOUT, (long)t->options.seconds);
	curl.setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl.setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	curl.setopt(h->curl, CURLOPT_WRITEFUNCTION, on_reply);
	curl.setopt(h->curl, CURLOPT_WRITEDATA, t);
	set_body(t);
}

static int explain(struct transfer *t, CURLcode code, struct error *f)
{
	const char *text = curl.strerror(code);
	long verify = 0;

	if (interrupt_is_due())
		return interrupt_error(f);
	if (error_is_set(&t->error))
		return error_copy(f, &t->error);
	if (t->is_too_long)
		return error_set(f, ERROR_TEMPORARY,
				 "%s answers with more than %zu octets",
				 t->place, t->reply->body.max);
	if (handle_refused(&t->handle, code, &verify))
		return verdict_certificate(t->place, t->host, verify,
					   &t->handle.pin, text, f);
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return verdict_lookup(t->place, "check the address", text, f);
	return error_set(f, ERROR_TEMPORARY, "no answer from %s: %s", t->place,
			 text);
}

static int run(struct transfer *t, struct error *f)
{
	const struct http_request *r = t->request;
	struct curl_slist *headers = make_headers(r);
	CURLcode code;
	long status = 0;
	int result = 0;

	if (!headers)
		return error_set(f, ERROR_TEMPORARY, "out of memory");
	set_options(t, headers);
	code = handle_perform(&t->handle);
	if (code)
		result = explain(t, code, f);
	else
		curl.getinfo(t->handle.curl, CURLINFO_RESPONSE_CODE, &status);
	t->reply->status = (int)status;
	curl.free_all(headers);
	return result;
}

/* "host:port" of a URL that http_is_safe accepted. */
static void take_apart(struct transfer *t)
{
	size_t n = 0;
	uint64_t port = 0;
	const char *colon;

	http_host(t->request->url, t->place, sizeof(t->place));
	colon = strrchr(t->place, ':');
	if (colon && !strchr(colon, ']'))
		n = text_digits(colon + 1, 65535, &port);
	t->options.port = (unsigned)port;
	snprintf(t->host, sizeof(t->host), "%.*s",
		 n ? (int)(colon - t->place) : (int)strlen(t->place), t->place);
}

int http_send(const struct http_request *request, struct http_reply *reply,
	      struct error *f)
{
	struct transfer t = {
		.request = request,
		.reply = reply,
		.error = ERROR_INIT,
		.options = {
			.protocol = &protocol,
			.tls = ascii_begins(request->url, "https:")
				       ? CONN_TLS_IMPLICIT
				       : CONN_TLS_NONE,
			.check_certificate = true,
			.trust_file = request->trust_file,
			.crl_file = request->crl_file,
			.proxy = request->proxy,
			.source_address = request->source_address,
			.seconds = request->seconds ? request->seconds
						    : HTTP_SECONDS,
		},
	};
	int r;

	*reply = (struct http_reply){ .body = BUF_INIT(HTTP_REPLY_MAX) };
	if (!http_is_safe(request->url))
		return error_set(f, ERROR_CONFIG,
				 "%.200s is not an https address; http is "
				 "for a loopback address alone",
				 request->url);
	take_apart(&t);
	t.options.host = t.host;
	r = handle_check(&t.handle, &t.options, f);
	if (r == 0)
		r = run(&t, f);
	handle_free(&t.handle);
	return r;
}
