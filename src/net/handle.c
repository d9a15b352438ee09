/* handle.c - the options of a connection as options of libcurl.
 *
 * Certificates are looked up in the hashed directory of CAs, which takes 1 ms;
 * loading the bundle takes 19 ms for each process, so that is done only if the
 * directory does not have the issuer.  Without such a directory, or where the
 * trust file is a bundle, only the certificates that the server's chain needs
 * are loaded from the bundle. */
#include "net/handle.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/library.h"
#include "base/log.h"
#include "base/sysenv.h"

#define POLLS_MS  100
#define POLLS_MAX 200 /* in that time; a connection needs some dozens */
#define PAUSE_MS  20

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

/* Loaded first, they make loading libcurl a tenth faster (base/library.h). */
static const char *const parts[] = { "libcrypto.so.3", "libssl.so.3", NULL };

static struct library libcurl = { .file = "libcurl.so.4",
				  .package = "libcurl4",
				  .symbols = symbols,
				  .parts = parts };

/* Before 7.79, data that an attacker injected after the server's reply to
 * STARTTLS was accepted as if received within TLS (CVE-2021-22947). */
#define VERSION_LEAST 0x074F00

static int check_version(struct error *f)
{
	const curl_version_info_data *v = curl.version(CURLVERSION_NOW);

	if (v->version_num >= VERSION_LEAST)
		return 0;
	return error_set(f, ERROR_UNAVAILABLE,
			 "libcurl %s accepts injected responses before "
			 "STARTTLS; install a newer %s, 7.79 or later",
			 v->version, libcurl.package);
}

int handle_load(struct error *f)
{
	static bool ready;

	if (ready)
		return 0;
	if (library_load(&libcurl, f) < 0 || check_version(f) < 0)
		return -1;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(f, ERROR_TEMPORARY,
				 "libcurl cannot be initialized");
	ready = true;
	return 0;
}

void conn_prepare(bool uses_tls)
{
	struct error unimportant = ERROR_INIT;

	if (handle_load(&unimportant) == 0 && uses_tls)
		pin_load(curl.version(CURLVERSION_NOW)->ssl_version,
			 &unimportant);
}

int handle_check(struct handle *h, const struct conn_options *o,
		 struct error *f)
{
	struct error unimportant = ERROR_INIT;
	const char *backend;

	*h = (struct handle){ .options = o };
	if (conn_format_names(o, &h->names, f) < 0 || handle_load(f) < 0)
		return -1;
	if (o->tls == CONN_TLS_NONE)
		return 0;
	backend = curl.version(CURLVERSION_NOW)->ssl_version;
	h->has_pin = pin_load(backend, &unimportant) == 0;
	if (!o->fingerprint)
		return 0;
	if (!h->has_pin)
		return pin_load(backend, f);
	return pin_parse(&h->pin, o->fingerprint, f);
}

static void set_text(struct handle *h, CURLoption option, const char *value)
{
	CURLcode code = curl.setopt(h->curl, option, value);

	if (code && !h->setup)
		h->setup = code;
}

static void set_long(struct handle *h, CURLoption option, long value)
{
	CURLcode code = curl.setopt(h->curl, option, value);

	if (code && !h->setup)
		h->setup = code;
}

const char *handle_name(const char *name)
{
	if (!ascii_is_all(name))
		sysenv_use_locale();
	return name;
}

static void set_address(struct handle *h)
{
	const struct conn_options *o = h->options;

	set_text(h, CURLOPT_URL, handle_name(h->names.url.data));
	if (o->unix_socket) {
		set_text(h, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
	} else if (o->tls_host) {
		handle_name(h->names.connect_to.data);
		h->resolve_to = curl.append(NULL, h->names.connect_to.data);
		curl.setopt(h->curl, CURLOPT_CONNECT_TO, h->resolve_to);
	}
}

/* The proxy variables of the environment are ignored. */
static void set_way(struct handle *h)
{
	const struct conn_options *o = h->options;
	char address[300];

	set_text(h, CURLOPT_PROXY, o->proxy ? handle_name(o->proxy) : "");
	if (o->proxy) {
		set_text(h, CURLOPT_NOPROXY, "");
		set_long(h, CURLOPT_HTTPPROXYTUNNEL, 1);
		set_long(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
	}
	if (o->source_address) {
		snprintf(address, sizeof(address), "host!%s",
			 o->source_address);
		set_text(h, CURLOPT_INTERFACE, address);
	}
}

/* Does the directory have hashed names of certificates?  If it cannot be read,
 * the bundle is used. */
static bool is_hashed(const char *directory)
{
	struct error unread = ERROR_INIT;
	struct directory d;
	const char *name;
	bool found = false;

	if (directory_open(&d, directory, &unread) < 0)
		return false;
	while (!found && (name = directory_next(&d, &unread)))
		found = strspn(name, "0123456789abcdef") == 8 &&
			name[8] == '.' && ascii_is_digit(name[9]);
	directory_close(&d);
	return found;
}

/* An empty directory: without one, libcurl may use the system's. */
#define NO_DIRECTORY "/dev/null"

/* Loads only the needed certificates of a bundle, where that is faster. */
static bool set_roots(struct handle *h, const char *bundle)
{
	roots_free(&h->roots);
	if (!h->has_pin || !bundle || !roots_read(&h->roots, bundle))
		return false;
	set_text(h, CURLOPT_CAINFO, NULL);
	set_text(h, CURLOPT_CAPATH, NO_DIRECTORY);
	h->bundle = bundle;
	return true;
}

static void set_trust(struct handle *h)
{
	const struct conn_options *o = h->options;
	const curl_version_info_data *v = curl.version(CURLVERSION_NOW);
	const char *directory = NULL, *bundle = NULL;

	if (v->age >= CURLVERSION_SEVENTH) {
		directory = v->capath;
		bundle = v->cainfo;
	}
	if (!directory)
		directory = "/etc/ssl/certs";
	if (o->fingerprint) {
		set_text(h, CURLOPT_CAINFO, NULL);
		set_text(h, CURLOPT_CAPATH, NULL);
	} else if (o->trust_file) {
		if (!set_roots(h, o->trust_file)) {
			set_text(h, CURLOPT_CAINFO, o->trust_file);
			set_text(h, CURLOPT_CAPATH, NULL);
		}
	} else if (h->has_pin && is_hashed(directory)) {
		set_text(h, CURLOPT_CAINFO, NULL);
		set_text(h, CURLOPT_CAPATH, directory);
		h->bundle = bundle;
	} else {
		set_roots(h, bundle);
	}
	if (o->crl_file && !o->fingerprint)
		set_text(h, CURLOPT_CRLFILE, o->crl_file);
}

/* Cipher names of TLS 1.3 and of older versions are different options. */
static void set_ciphers(struct handle *h, const char *list)
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
		set_text(h, CURLOPT_TLS13_CIPHERS, modern.data);
	if (older.len)
		set_text(h, CURLOPT_SSL_CIPHER_LIST, older.data);
	buf_free(&modern);
	buf_free(&older);
}

static bool checks(const struct conn_options *o)
{
	return o->check_certificate || o->fingerprint;
}

static bool judges(const struct conn_options *o)
{
	return checks(o) || o->chain;
}

/* libcurl calls it when it is connected, before TLS begins. */
static CURLcode on_ssl_ctx(CURL *handle, void *ctx, void *context)
{
	struct handle *h = context;

	(void)handle;
	h->tls_begun = true;
	if (!judges(h->options))
		return CURLE_OK;
	h->judge = (struct pin_judge){
		.pin = h->options->fingerprint ? &h->pin : NULL,
		.roots = h->roots.text.len ? &h->roots : NULL,
		.bundle = h->bundle,
		.saw = h->options->chain ? chain_record : NULL,
		.context = h->options->chain,
	};
	pin_install(&h->judge, ctx);
	return CURLE_OK;
}

static void set_tls(struct handle *h)
{
	const struct conn_options *o = h->options;
	bool check = checks(o);

	if (o->tls == CONN_TLS_NONE)
		return;
	set_long(h, CURLOPT_USE_SSL, CURLUSESSL_ALL);
	set_long(h, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_long(h, CURLOPT_SSL_VERIFYPEER, check);
	set_long(h, CURLOPT_SSL_VERIFYHOST, check && !o->fingerprint ? 2 : 0);
	set_trust(h);
	if (h->has_pin) {
		curl.setopt(h->curl, CURLOPT_SSL_CTX_DATA, h);
		if (curl.setopt(h->curl, CURLOPT_SSL_CTX_FUNCTION,
				on_ssl_ctx) &&
		    judges(o))
			h->setup = CURLE_NOT_BUILT_IN;
	}
	if (o->cert_file) {
		set_text(h, CURLOPT_SSLCERT, o->cert_file);
		/* A key with a passphrase must not prompt on the terminal. */
		set_text(h, CURLOPT_KEYPASSWD, "");
	}
	if (o->key_file)
		set_text(h, CURLOPT_SSLKEY, o->key_file);
	if (o->ciphers)
		set_ciphers(h, o->ciphers);
}

static const char *waiting_for(struct handle *h)
{
	double connected = 0;

	if (h->has_received)
		return "answer";
	curl.getinfo(h->curl, CURLINFO_CONNECT_TIME, &connected);
	return connected > 0 || h->tls_begun ? "greet" : "be reached";
}

static void show_wait(struct handle *h, uint64_t now)
{
	uint64_t next;

	if (now < h->show_at)
		return;
	next = log_waiting(h->names.place, waiting_for(h), now - h->since);
	h->show_at = next == UINT64_MAX ? next : now + next;
}

/* libcurl calls this after each wait, at least once a second.  If its socket is
 * ready but nothing can be read for lack of memory, it would loop without a
 * pause until the timeout: that is slowed down. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down,
		       curl_off_t up_total, curl_off_t up)
{
	struct handle *h = context;
	uint64_t now = sysenv_ticks();

	(void)down_total, (void)down, (void)up_total, (void)up;
	if (now - h->counted_from > POLLS_MS) {
		h->counted_from = now;
		h->polls = 0;
	}
	if (++h->polls > POLLS_MAX)
		interrupt_sleep(PAUSE_MS);
	show_wait(h, now);
	return interrupt_is_due();
}

void handle_make(struct handle *h)
{
	unsigned seconds = h->options->seconds;

	h->setup = CURLE_OK;
	h->has_received = h->tls_begun = false;
	h->since = sysenv_ticks();
	h->show_at = 0;
	h->pin.refused = false;
	h->judge = (struct pin_judge){ .is_given = false };
	h->curl = curl.init();
	if (!h->curl) {
		h->setup = CURLE_OUT_OF_MEMORY;
		return;
	}
	set_long(h, CURLOPT_CONNECT_ONLY, 1);
	set_long(h, CURLOPT_NOSIGNAL, 1);
	curl.setopt(h->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl.setopt(h->curl, CURLOPT_XFERINFODATA, h);
	set_long(h, CURLOPT_NOPROGRESS, 0);
	set_long(h, CURLOPT_CONNECTTIMEOUT, (long)seconds);
	set_long(h, CURLOPT_FTP_RESPONSE_TIMEOUT, (long)seconds + 1);
	/* Not in the oldest libcurl that we support, and optional: with it, a
	 * name server that does not answer does not delay the exit. */
#if LIBCURL_VERSION_NUM >= 0x075700
	curl.setopt(h->curl, CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
	curl.setopt(h->curl, CURLOPT_PROTOCOLS_STR,
		    h->options->protocol->allowed);
#endif
	set_address(h);
	set_way(h);
	set_tls(h);
}

CURLcode handle_perform(struct handle *h)
{
	CURLcode code = h->setup ? h->setup : curl.perform(h->curl);

	log_progress_end();
	return code;
}

void handle_received(struct handle *h)
{
	h->has_received = true;
	h->since = sysenv_ticks();
	h->show_at = 0;
	log_progress_end();
}

bool handle_refused(const struct handle *h, CURLcode code, long *verify)
{
	const struct conn_options *o = h->options;

	*verify = 0;
	if (h->judge.is_given) {
		*verify = h->judge.verify;
		return !h->judge.is_accepted &&
		       (o->check_certificate || o->fingerprint);
	}
	if (h->curl)
		curl.getinfo(h->curl, CURLINFO_SSL_VERIFYRESULT, verify);
	return code == CURLE_PEER_FAILED_VERIFICATION && *verify > 1;
}

void handle_free(struct handle *h)
{
	if (h->curl)
		curl.cleanup(h->curl);
	h->curl = NULL;
	if (h->resolve_to)
		curl.free_all(h->resolve_to);
	h->resolve_to = NULL;
	roots_free(&h->roots);
	buf_free(&h->names.url);
	buf_free(&h->names.connect_to);
}
