/* dial_setup.c - the options of a dial, in libcurl's words.
 *
 * Certificates are looked up in the hashed folder of CAs, which costs 1 ms;
 * reading the bundle costs a process 19 ms, so that is done only when the
 * folder does not know the issuer. */
#include "smtp/dial_setup.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/library.h"
#include "smtp/place.h"

struct curl_functions curl;

static const struct library_symbol symbols[] = {
	{ "curl_global_init", &curl.global_init },
	{ "curl_version_info", &curl.version },
	{ "curl_easy_init", &curl.init },
	{ "curl_easy_setopt", &curl.setopt },
	{ "curl_easy_getinfo", &curl.getinfo },
	{ "curl_easy_perform", &curl.perform },
	{ "curl_easy_send", &curl.send },
	{ "curl_easy_recv", &curl.recv },
	{ "curl_easy_cleanup", &curl.cleanup },
	{ "curl_easy_strerror", &curl.strerror },
	{ "curl_slist_append", &curl.append },
	{ "curl_slist_free_all", &curl.free_all },
	{ NULL, NULL },
};

static struct library libcurl = { "libcurl.so.4", "libcurl4", symbols, NULL };

int dial_load(struct fault *f)
{
	static bool ready;

	if (ready)
		return 0;
	if (library_load(&libcurl, f) < 0)
		return -1;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fault_set(f, FAULT_TEMPORARY, "libcurl does not start");
	ready = true;
	return 0;
}

static void set_text(struct dial *d, CURLoption option, const char *value)
{
	CURLcode code = curl.setopt(d->handle, option, value);

	if (code && !d->state->setup)
		d->state->setup = code;
}

static void set_long(struct dial *d, CURLoption option, long value)
{
	CURLcode code = curl.setopt(d->handle, option, value);

	if (code && !d->state->setup)
		d->state->setup = code;
}

static void set_address(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	struct buf text;

	buf_init(&text, 4096);
	place_url(o, &text);
	set_text(d, CURLOPT_URL, text.data);
	if (o->unix_socket) {
		set_text(d, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
	} else if (o->tls_host) {
		buf_reset(&text);
		place_connect_to(o, &text);
		d->state->connect_to = curl.append(NULL, text.data);
		curl.setopt(d->handle, CURLOPT_CONNECT_TO,
			    d->state->connect_to);
	}
	buf_free(&text);
}

/* The environment chooses no proxy, nor does it take one away. */
static void set_way(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	char address[300];

	set_text(d, CURLOPT_PROXY, o->proxy ? o->proxy : "");
	if (o->proxy) {
		set_text(d, CURLOPT_NOPROXY, "");
		set_long(d, CURLOPT_HTTPPROXYTUNNEL, 1);
		set_long(d, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
	}
	if (o->source_address) {
		snprintf(address, sizeof(address), "host!%s",
			 o->source_address);
		set_text(d, CURLOPT_INTERFACE, address);
	}
}

static void set_trust(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	const curl_version_info_data *v = curl.version(CURLVERSION_NOW);
	const char *folder = NULL, *bundle = NULL;

	if (v->age >= CURLVERSION_SEVENTH) {
		folder = v->capath;
		bundle = v->cainfo;
	}
	if (!folder)
		folder = "/etc/ssl/certs";
	if (o->fingerprint) {
		set_text(d, CURLOPT_CAINFO, NULL);
		set_text(d, CURLOPT_CAPATH, NULL);
	} else if (o->trust_file) {
		set_text(d, CURLOPT_CAINFO, o->trust_file);
		set_text(d, CURLOPT_CAPATH, NULL);
	} else if (d->state->has_pin && place_is_hashed(folder)) {
		set_text(d, CURLOPT_CAINFO, NULL);
		set_text(d, CURLOPT_CAPATH, folder);
		d->state->bundle = bundle;
	}
	if (o->crl_file && !o->fingerprint)
		set_text(d, CURLOPT_CRLFILE, o->crl_file);
}

/* Names of TLS 1.3's go one way, those before it another. */
static void set_ciphers(struct dial *d, const char *list)
{
	struct buf modern, older;

	buf_init(&modern, 4096);
	buf_init(&older, 4096);
	while (*list) {
		size_t n = strcspn(list, ": ");
		struct buf *to = strncmp(list, "TLS_", 4) ? &older : &modern;

		if (n && to->len)
			buf_putc(to, ':');
		buf_put(to, list, n);
		list += n + (list[n] != '\0');
	}
	if (modern.len)
		set_text(d, CURLOPT_TLS13_CIPHERS, modern.data);
	if (older.len)
		set_text(d, CURLOPT_SSL_CIPHER_LIST, older.data);
	buf_free(&modern);
	buf_free(&older);
}

static CURLcode on_ssl_ctx(CURL *handle, void *ctx, void *context)
{
	struct dial *d = context;

	(void)handle;
	if (d->state->options->fingerprint)
		pin_install(&d->state->pin, ctx);
	else
		pin_install_bundle(d->state->bundle, ctx);
	return CURLE_OK;
}

static void set_tls(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	bool check = o->check_certificate || o->fingerprint;

	if (o->tls == DIAL_TLS_NONE)
		return;
	set_long(d, CURLOPT_USE_SSL, CURLUSESSL_ALL);
	set_long(d, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_long(d, CURLOPT_SSL_VERIFYPEER, check);
	set_long(d, CURLOPT_SSL_VERIFYHOST, check && !o->fingerprint ? 2 : 0);
	set_trust(d);
	if (o->fingerprint || (check && d->state->bundle)) {
		curl.setopt(d->handle, CURLOPT_SSL_CTX_DATA, d);
		if (curl.setopt(d->handle, CURLOPT_SSL_CTX_FUNCTION,
				on_ssl_ctx))
			d->state->setup = CURLE_NOT_BUILT_IN;
	}
	if (o->cert_file) {
		set_text(d, CURLOPT_SSLCERT, o->cert_file);
		/* A key with a pass phrase must not ask the terminal. */
		set_text(d, CURLOPT_KEYPASSWD, "");
	}
	if (o->key_file)
		set_text(d, CURLOPT_SSLKEY, o->key_file);
	if (o->ciphers)
		set_ciphers(d, o->ciphers);
}

static void set_login(struct dial *d)
{
	const struct dial_options *o = d->state->options;
	char pinned[128];

	if (!o->use_auth)
		return;
	login_options(&d->state->login, pinned, sizeof(pinned));
	set_text(d, CURLOPT_LOGIN_OPTIONS, pinned);
	set_text(d, CURLOPT_USERNAME, o->user ? o->user : "");
	set_long(d, CURLOPT_SASL_IR, 1);
	if (login_is_bearer(o))
		set_text(d, CURLOPT_XOAUTH2_BEARER, o->password);
	else if (!login_is_external(o))
		set_text(d, CURLOPT_PASSWORD, o->password ? o->password : "");
}

void dial_set_options(struct dial *d, unsigned milliseconds)
{
	set_long(d, CURLOPT_CONNECT_ONLY, 1);
	set_long(d, CURLOPT_NOSIGNAL, 1);
	set_long(d, CURLOPT_CONNECTTIMEOUT_MS, (long)milliseconds);
	set_long(d, CURLOPT_FTP_RESPONSE_TIMEOUT,
		 (long)(milliseconds / 1000) + 1);
	/* Later than the oldest libcurl that serves, and only for the better:
	 * a name server that does not answer must not hold up our end. */
#if LIBCURL_VERSION_NUM >= 0x075700
	curl.setopt(d->handle, CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
	curl.setopt(d->handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#endif
	set_address(d);
	set_way(d);
	set_tls(d);
	set_login(d);
}
