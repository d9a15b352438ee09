/* client_stream.c - poll, then read or write as much as possible; OpenSSL reads
 * by itself and reports which of the two it waits for. */
#include "server/client_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/library.h"
#include "base/sysenv.h"

#define LINGER_MAX ((size_t)1024 * 1024)

static struct {
	const SSL_METHOD *(*method)(void);
	SSL_CTX *(*ctx_new)(const SSL_METHOD *);
	void (*ctx_free)(SSL_CTX *);
	long (*ctx_ctrl)(SSL_CTX *, int, long, void *);
	uint64_t (*ctx_options)(SSL_CTX *, uint64_t);
	void (*ctx_password)(SSL_CTX *, pem_password_cb *);
	int (*ctx_chain)(SSL_CTX *, const char *);
	int (*ctx_key)(SSL_CTX *, const char *, int);
	int (*ctx_check)(const SSL_CTX *);
	SSL *(*new)(SSL_CTX *);
	void (*free)(SSL *);
	int (*set_rfd)(SSL *, int);
	int (*set_wfd)(SSL *, int);
	int (*accept)(SSL *);
	int (*read)(SSL *, void *, int);
	int (*write)(SSL *, const void *, int);
	int (*shutdown)(SSL *);
	int (*error)(const SSL *, int);
	const char *(*version)(const SSL *);
	const SSL_CIPHER *(*cipher)(const SSL *);
	const char *(*cipher_name)(const SSL_CIPHER *);
} ssl;

static struct {
	void (*clear)(void);
	unsigned long (*last)(void);
	const char *(*reason)(unsigned long);
} errors;

static const struct library_symbol ssl_symbols[] = {
	{ "TLS_server_method", &ssl.method },
	{ "SSL_CTX_new", &ssl.ctx_new },
	{ "SSL_CTX_free", &ssl.ctx_free },
	{ "SSL_CTX_ctrl", &ssl.ctx_ctrl },
	{ "SSL_CTX_set_options", &ssl.ctx_options },
	{ "SSL_CTX_set_default_passwd_cb", &ssl.ctx_password },
	{ "SSL_CTX_use_certificate_chain_file", &ssl.ctx_chain },
	{ "SSL_CTX_use_PrivateKey_file", &ssl.ctx_key },
	{ "SSL_CTX_check_private_key", &ssl.ctx_check },
	{ "SSL_new", &ssl.new },
	{ "SSL_free", &ssl.free },
	{ "SSL_set_rfd", &ssl.set_rfd },
	{ "SSL_set_wfd", &ssl.set_wfd },
	{ "SSL_accept", &ssl.accept },
	{ "SSL_read", &ssl.read },
	{ "SSL_write", &ssl.write },
	{ "SSL_shutdown", &ssl.shutdown },
	{ "SSL_get_error", &ssl.error },
	{ "SSL_get_version", &ssl.version },
	{ "SSL_get_current_cipher", &ssl.cipher },
	{ "SSL_CIPHER_get_name", &ssl.cipher_name },
	{ NULL, NULL },
};

static const struct library_symbol error_symbols[] = {
	{ "ERR_clear_error", &errors.clear },
	{ "ERR_peek_last_error", &errors.last },
	{ "ERR_reason_error_string", &errors.reason },
	{ NULL, NULL },
};

static struct library libssl = { .file = "libssl.so.3",
				 .package = "libssl3",
				 .symbols = ssl_symbols };
static struct library libcrypto = { .file = "libcrypto.so.3",
				    .package = "libssl3",
				    .symbols = error_symbols };

void client_stream_init(struct client_stream *l, int in, int out)
{
	*l = (struct client_stream){ .in = in, .out = out, .wake = { -1, -1 } };
	wait_begin(&l->wait, 0);
	l->wait.is_interruptible = false;
}

static void end_tls(struct client_stream *l)
{
	if (l->tls) {
		errors.clear();
		ssl.shutdown(l->tls); /* whether it is heard or not */
		ssl.free(l->tls);
	}
	l->tls = NULL;
}

void client_stream_free(struct client_stream *l)
{
	end_tls(l);
	if (l->context)
		ssl.ctx_free(l->context);
	l->context = NULL;
}

/* ---- waiting ---- */

static uint64_t left_until(uint64_t until)
{
	uint64_t now = sysenv_ticks();

	return until > now ? until - now : 0;
}

/* CLIENT_STREAM_DATA when the descriptor can go on. */
static enum client_stream_event wait_for(struct client_stream *l, bool to_write,
					 bool alert, uint64_t until,
					 struct error *f)
{
	struct pollfd p = { .fd = to_write ? l->out : l->in,
			    .events = to_write ? POLLOUT : POLLIN };

	wait_limit(&l->wait, left_until(until));
	for (size_t i = 0; i < 2; i++)
		l->wait.wake[i] = alert ? l->wake[i] : -1;
	switch (wait_poll(&l->wait, &p, 1, f)) {
	case WAIT_READY:
		return CLIENT_STREAM_DATA;
	case WAIT_TIME:
		return CLIENT_STREAM_TIME;
	case WAIT_WOKEN:
		return CLIENT_STREAM_WAKE;
	case WAIT_ERROR:
		break;
	}
	l->is_lost = true;
	return CLIENT_STREAM_LOST;
}

static bool may_pass(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* ---- TLS ---- */

static const char *reason(void)
{
	unsigned long code = errors.last();
	const char *text = code ? errors.reason(code) : NULL;

	return text ? text : "no reason was given";
}

/* A key with a passphrase is no good here: nobody is there to be asked. */
static int no_passphrase(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return 0;
}

static int load_identity(SSL_CTX *context, const char *cert, const char *key,
			 struct error *f)
{
	ssl.ctx_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION,
		     NULL);
	ssl.ctx_ctrl(context, SSL_CTRL_MODE,
		     SSL_MODE_ENABLE_PARTIAL_WRITE |
			     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
		     NULL);
	ssl.ctx_options(context, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	ssl.ctx_password(context, no_passphrase);
	if (ssl.ctx_chain(context, cert) != 1)
		return error_set(f, ERROR_CONFIG,
				 "serve_cert: %s cannot be used (%s); it has "
				 "to be a certificate in PEM, with its chain",
				 cert, reason());
	if (ssl.ctx_key(context, key, SSL_FILETYPE_PEM) != 1)
		return error_set(f, ERROR_CONFIG,
				 "serve_key: %s cannot be used (%s); it has to "
				 "be a key in PEM, without a passphrase",
				 key, reason());
	if (ssl.ctx_check(context) != 1)
		return error_set(f, ERROR_CONFIG,
				 "serve_key: %s is not the key of the "
				 "certificate %s",
				 key, cert);
	return 0;
}

static SSL_CTX *new_context(const char *cert, const char *key, struct error *f)
{
	SSL_CTX *context;

	if (library_load(&libssl, f) < 0 || library_load(&libcrypto, f) < 0)
		return NULL;
	errors.clear();
	context = ssl.ctx_new(ssl.method());
	if (!context) {
		error_set(f, ERROR_TEMPORARY, "TLS cannot begin: %s", reason());
		return NULL;
	}
	if (load_identity(context, cert, key, f) < 0) {
		ssl.ctx_free(context);
		return NULL;
	}
	return context;
}

int client_stream_check_identity(const char *cert, const char *key,
				 struct error *f)
{
	SSL_CTX *context = new_context(cert, key, f);

	if (!context)
		return -1;
	ssl.ctx_free(context);
	return 0;
}

/* What a call that did not get on waits for; CLIENT_STREAM_DATA: try again. */
static enum client_stream_event tls_wait(struct client_stream *l, int result,
					 bool alert, uint64_t until,
					 struct error *f)
{
	int error = errno;

	switch (ssl.error(l->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(l, false, alert, until, f);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(l, true, alert, until, f);
	case SSL_ERROR_ZERO_RETURN:
		return CLIENT_STREAM_END;
	case SSL_ERROR_SYSCALL:
		error_errno(f, ERROR_IO, error ? error : ECONNRESET,
			    "the client is gone");
		break;
	default:
		error_set(f, ERROR_PROTOCOL, "TLS failed: %s", reason());
		break;
	}
	ssl.free(l->tls); /* of no use any more, not even to say so */
	l->tls = NULL;
	l->is_lost = true;
	return CLIENT_STREAM_LOST;
}

static void describe(struct client_stream *l)
{
	const SSL_CIPHER *cipher = ssl.cipher(l->tls);

	snprintf(l->tls_version, sizeof(l->tls_version), "%s, %s",
		 ssl.version(l->tls),
		 cipher ? ssl.cipher_name(cipher) : "no cipher");
}

int client_stream_start_tls(struct client_stream *l, const char *cert,
			    const char *key, uint64_t until, struct error *f)
{
	l->context = new_context(cert, key, f);
	if (!l->context)
		return -1;
	l->tls = ssl.new(l->context);
	if (!l->tls || ssl.set_rfd(l->tls, l->in) != 1 ||
	    ssl.set_wfd(l->tls, l->out) != 1)
		return error_set(f, ERROR_TEMPORARY, "TLS cannot begin: %s",
				 reason());
	for (;;) {
		enum client_stream_event event;
		int r;

		errors.clear();
		errno = 0;
		r = ssl.accept(l->tls);
		if (r == 1)
			break;
		event = tls_wait(l, r, true, until, f);
		if (event == CLIENT_STREAM_WAKE)
			return error_set(f, ERROR_TEMPORARY,
					 "we were to end before the client "
					 "finished the TLS handshake");
		if (event == CLIENT_STREAM_TIME)
			return error_set(f, ERROR_TEMPORARY,
					 "the client did not finish the TLS "
					 "handshake in time");
		if (event == CLIENT_STREAM_END)
			return error_set(f, ERROR_PROTOCOL,
					 "the client ended TLS");
		if (event != CLIENT_STREAM_DATA)
			return -1;
	}
	describe(l);
	return 0;
}

/* ---- octets ---- */

static enum client_stream_event tls_read(struct client_stream *l, void *data,
					 size_t room, size_t *got,
					 uint64_t until, struct error *f)
{
	while (left_until(until)) {
		enum client_stream_event event;
		int r;

		errors.clear();
		errno = 0;
		r = ssl.read(l->tls, data,
			     room > INT_MAX ? INT_MAX : (int)room);
		if (r > 0) {
			wait_progress(&l->wait, (size_t)r);
			*got = (size_t)r;
			return CLIENT_STREAM_DATA;
		}
		event = tls_wait(l, r, true, until, f);
		if (event != CLIENT_STREAM_DATA)
			return event;
	}
	return CLIENT_STREAM_TIME;
}

enum client_stream_event client_stream_read(struct client_stream *l, void *data,
					    size_t room, size_t *got,
					    uint64_t until, struct error *f)
{
	*got = 0;
	if (l->is_lost) {
		error_set(f, ERROR_IO, "the client is gone");
		return CLIENT_STREAM_LOST;
	}
	if (l->tls)
		return tls_read(l, data, room, got, until, f);
	for (;;) {
		enum client_stream_event event =
			wait_for(l, false, true, until, f);
		ssize_t n;

		if (event != CLIENT_STREAM_DATA)
			return event;
		n = read(l->in, data, room);
		if (n > 0) {
			wait_progress(&l->wait, (size_t)n);
			*got = (size_t)n;
			return CLIENT_STREAM_DATA;
		}
		if (n == 0)
			return CLIENT_STREAM_END;
		if (!may_pass(errno)) {
			error_errno(f, ERROR_IO, errno, "the client is gone");
			return CLIENT_STREAM_LOST;
		}
	}
}

/* Octets written, 0 when it has to wait, -1 with the error. */
static ssize_t write_some(struct client_stream *l, const char *data, size_t n,
			  uint64_t until, enum client_stream_event *event,
			  struct error *f)
{
	ssize_t r;

	if (l->tls) {
		errors.clear();
		errno = 0;
		r = ssl.write(l->tls, data, n > INT_MAX ? INT_MAX : (int)n);
		if (r <= 0)
			*event = tls_wait(l, (int)r, false, until, f);
		return r > 0 ? r : *event == CLIENT_STREAM_DATA ? 0 : -1;
	}
	*event = wait_for(l, true, false, until, f);
	if (*event != CLIENT_STREAM_DATA)
		return -1;
	r = write(l->out, data, n);
	if (r < 0 && may_pass(errno))
		return 0;
	if (r < 0)
		return error_errno(f, ERROR_IO, errno, "the client is gone");
	return r;
}

int client_stream_write(struct client_stream *l, const void *data, size_t n,
			uint64_t until, struct error *f)
{
	const char *p = data;

	while (n && !l->is_lost) {
		enum client_stream_event event = CLIENT_STREAM_DATA;
		ssize_t r = write_some(l, p, n, until, &event, f);

		if (r < 0)
			return error_set(f, ERROR_TEMPORARY,
					 event == CLIENT_STREAM_TIME
						 ? "the client takes no replies"
						 : "the client is gone");
		if (r > 0)
			wait_progress(&l->wait, (size_t)r);
		p += r;
		n -= (size_t)r;
	}
	return n ? error_set(f, ERROR_IO, "the client is gone") : 0;
}

bool client_stream_has_more(const struct client_stream *l)
{
	int n = 0;

	return ioctl(l->in, FIONREAD, &n) == 0 && n > 0;
}

void client_stream_linger(struct client_stream *l, uint64_t until)
{
	struct error ignored = ERROR_INIT;
	char dropped[4096];
	size_t most = LINGER_MAX;
	ssize_t n = 1;

	end_tls(l);
	if (l->is_lost || shutdown(l->out, SHUT_WR) < 0)
		return;
	while (most && n != 0 &&
	       wait_for(l, false, true, until, &ignored) ==
		       CLIENT_STREAM_DATA) {
		n = read(l->in, dropped, sizeof(dropped));
		if (n < 0 && !may_pass(errno))
			return;
		if (n > 0)
			most -= (size_t)n < most ? (size_t)n : most;
	}
}
