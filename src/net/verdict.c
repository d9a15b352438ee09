/* verdict.c - tables of OpenSSL's errors, by number and by text; and why a
 * connection of conn.h failed. */
#include "net/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/handle.h"

/* A failed look-up is repeated, because libcurl does not distinguish "no such
 * host" from "no answer".  Some resolvers do not either. */
int verdict_lookup(const char *host, const char *hint, const char *text,
		   struct error *f)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error;

	error = getaddrinfo(host, NULL, &hints, &found);
	if (!error)
		freeaddrinfo(found);
	if (error == EAI_NONAME
#ifdef EAI_NODATA
	    || error == EAI_NODATA
#endif
	) {
		error_set(f, ERROR_NOHOST, "there is no host named %s; %s",
			  host, hint);
		/* a machine without a network may get the same answer for a
		 * host that exists */
		f->temporary = true;
		return -1;
	}
	error_set(f, ERROR_TEMPORARY,
		  "the address of %s cannot be found out now: %s", host,
		  error ? gai_strerror(error) : text);
	snprintf(f->esc, sizeof(f->esc), "4.4.3"); /* RFC 3463 3.5 */
	return -1;
}

int verdict_source(const char *source, struct error *f)
{
	return error_set(f, ERROR_CONFIG,
			 "source_ip %s is not an address of this machine, or "
			 "not of the server's family",
			 source ? source : "");
}

#define VERIFY_NO_MEMORY 17

/* The numbers are OpenSSL's X509_V_ERR_*, which never change. */
static const struct {
	long code;
	enum error_cause cause;
	const char *what, *way_out;
} chain_errors[] = {
	{ 7, ERROR_CONFIG, "has an invalid signature of its CA",
	  "it is forged or damaged, or that authority has a new key: ask the "
	  "server's administrator before you trust it" },
	{ 9, ERROR_UNAVAILABLE, "is not valid yet",
	  "is this machine's clock right?" },
	{ 10, ERROR_UNAVAILABLE, "has expired",
	  "its administrator has to renew it (or is this machine's clock "
	  "wrong?)" },
	{ 11, ERROR_UNAVAILABLE,
	  "is not covered by a valid list of revocations",
	  "renew the file tls_crl_file" },
	{ 12, ERROR_UNAVAILABLE,
	  "is checked by a list of revocations that has "
	  "expired",
	  "renew the file tls_crl_file" },
	{ 3, ERROR_CONFIG, "is not covered by the list of revocations",
	  "the file tls_crl_file has to hold one for each CA of the chain" },
	{ VERIFY_NO_MEMORY, ERROR_TEMPORARY, "cannot be checked now",
	  "memory is short on this machine" },
	{ 18, ERROR_CONFIG, "is self-signed",
	  "if it is the right one, set tls_fingerprint to it or use it as "
	  "tls_trust_file" },
	{ 19, ERROR_CONFIG, "is signed by an unknown CA",
	  "set tls_trust_file to the certificate of the CA, or tls_fingerprint "
	  "to that of the server" },
	{ 20, ERROR_CONFIG, "is signed by an unknown CA",
	  "set tls_trust_file to the certificate of the CA, or tls_fingerprint "
	  "to that of the server" },
	{ 21, ERROR_CONFIG, "was sent without the chain to a known CA",
	  "set tls_trust_file to the missing certificate, or tls_fingerprint "
	  "to that of the server" },
	{ 23, ERROR_PERMISSION, "has been revoked",
	  "do not trust this server before its administrator has a new one" },
};

/* Does libcurl's message say that the certificate is for another name? */
static bool is_name_error(const char *text)
{
	return strstr(text, "match") != NULL;
}

/* Does it say that libcurl aborted because a line did not end?  The messages of
 * 7.88, and of versions with CURLE_TOO_LARGE (8.6). */
static bool is_endless(const char *text)
{
	return strstr(text, "Too large response") ||
	       strstr(text, "grew larger than allowed");
}

/* Descriptors that a connection needs at the same time: the socket, the
 * resolver's, a file, a directory. */
#define DESCRIPTORS 8

/* If there were too few descriptors, files could not be opened, and no error
 * says so.  The failed connection has closed its own by now: that many must be
 * available. */
static int check_descriptors(const char *place, struct error *f)
{
	int held[DESCRIPTORS], n = 0, error = 0;

	while (n < DESCRIPTORS &&
	       (held[n] = open("/", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	if (n < DESCRIPTORS)
		error = errno;
	while (n > 0)
		close(held[--n]);
	if (error != EMFILE && error != ENFILE && error != ENOMEM)
		return 0;
	return error_errno(f, ERROR_TEMPORARY, error,
			   "TLS with %s cannot be set up now", place);
}

int verdict_certificate(const char *place, const char *name, long verify,
			const struct pin *pin, const char *text,
			struct error *f)
{
	if (pin->refused)
		return error_set(f, ERROR_CONFIG,
				 "the certificate of %s has the fingerprint "
				 "%s, not the one in tls_fingerprint; if the "
				 "server's was renewed, change the setting",
				 place, pin->seen);
	if (verify > 1 && check_descriptors(place, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(chain_errors) / sizeof(*chain_errors);
	     i++)
		if (chain_errors[i].code == verify)
			return error_set(f, chain_errors[i].cause,
					 "the certificate of %s %s; %s", place,
					 chain_errors[i].what,
					 chain_errors[i].way_out);
	/* libcurl checks the name before it asks for OpenSSL's verdict. */
	if (is_name_error(text))
		return error_set(f, ERROR_CONFIG,
				 "the certificate of %s is not for the name "
				 "%s; set host to a name in it, or "
				 "tls_host_override to the name to expect",
				 place, name ? name : "localhost");
	return error_set(f, ERROR_CONFIG,
			 "the certificate of %s is not valid: %s", place, text);
}

/* Errors that are permanent; all others (a reset, an early end) are
 * temporary. */
static const struct {
	const char *part, *way_out; /* NULL: the caller's advice */
	enum error_cause cause;
} handshake_errors[] = {
	{ "wrong version number", NULL, ERROR_PROTOCOL },
	{ "packet length too long", NULL, ERROR_PROTOCOL },
	{ "protocol version",
	  "it does not support TLS 1.2 or later, and nothing older is safe",
	  ERROR_UNAVAILABLE },
	{ "unsupported protocol",
	  "it does not support TLS 1.2 or later, and nothing older is safe",
	  ERROR_UNAVAILABLE },
	{ "no shared cipher", "check tls_priorities", ERROR_UNAVAILABLE },
	{ "no ciphers available", "check tls_priorities", ERROR_CONFIG },
	{ "handshake failure",
	  "it may require a client certificate "
	  "(tls_cert_file), or support none of the same "
	  "ciphers",
	  ERROR_UNAVAILABLE },
	{ "certificate required", "set tls_cert_file and tls_key_file",
	  ERROR_PERMISSION },
	{ "bad certificate", "it does not accept the one in tls_cert_file",
	  ERROR_PERMISSION },
	{ "unknown ca", "it does not accept the one in tls_cert_file",
	  ERROR_PERMISSION },
	/* of the data that the server signs to prove that the key is its own */
	{ "bad signature", "it did not prove that the certificate is its own",
	  ERROR_CONFIG },
	{ "rsa routines", "it did not prove that the certificate is its own",
	  ERROR_CONFIG },
	{ "dh key too small", "its keys are too small to be safe",
	  ERROR_UNAVAILABLE },
	{ "ee key too small", "its keys are too small to be safe",
	  ERROR_UNAVAILABLE },
};

/* ---- a connection of libcurl's ---- */

/* libcurl's code and message, the TLS error and the server's last line select a
 * kind of error (conn.h), which selects a cause: one function for each kind
 * that has more than one. */

static const struct {
	CURLcode code;
	enum conn_error kind;
} kinds[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, CONN_LOOKUP },
	{ CURLE_COULDNT_RESOLVE_PROXY, CONN_LOOKUP },
	{ CURLE_COULDNT_CONNECT, CONN_CONNECT },
	{ CURLE_PROXY, CONN_PROXY },
	{ CURLE_OPERATION_TIMEDOUT, CONN_TIME },
	{ CURLE_PEER_FAILED_VERIFICATION, CONN_CERTIFICATE },
	{ CURLE_SSL_CONNECT_ERROR, CONN_HANDSHAKE },
	{ CURLE_USE_SSL_FAILED, CONN_NO_STARTTLS },
	{ CURLE_SSL_CERTPROBLEM, CONN_FILE },
	{ CURLE_SSL_CACERT_BADFILE, CONN_FILE },
	{ CURLE_SSL_CRL_BADFILE, CONN_FILE },
	{ CURLE_SSL_CIPHER, CONN_SETTING },
	{ CURLE_URL_MALFORMAT, CONN_SETTING },
	{ CURLE_UNSUPPORTED_PROTOCOL, CONN_SETTING },
	{ CURLE_NOT_BUILT_IN, CONN_SETTING },
	{ CURLE_UNKNOWN_OPTION, CONN_SETTING },
	{ CURLE_BAD_FUNCTION_ARGUMENT, CONN_SETTING },
	{ CURLE_INTERFACE_FAILED, CONN_SOURCE },
	{ CURLE_LOGIN_DENIED, CONN_REPLY },
	{ CURLE_AUTH_ERROR, CONN_REPLY },
	{ CURLE_WEIRD_SERVER_REPLY, CONN_REPLY },
	{ CURLE_REMOTE_ACCESS_DENIED, CONN_REPLY },
	{ CURLE_WRITE_ERROR, CONN_REPLY },
	{ CURLE_RECV_ERROR, CONN_LOST },
	{ CURLE_SEND_ERROR, CONN_LOST },
	{ CURLE_GOT_NOTHING, CONN_LOST },
};

/* Other known facts. */
struct seen {
	long verify;	   /* X509_V_*; 0 or 1: no error of the chain */
	long connect_code; /* HTTP's, from a proxy, or 0 */
	long os_error;	   /* errno of connect(), or 0 */
};

static enum conn_error kind_of(struct conn *c, CURLcode code, struct seen *seen)
{
	enum conn_error kind = CONN_OTHER;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].code == code)
			kind = kinds[i].kind;
	if (seen->connect_code >= 300 && kind == CONN_LOST)
		kind = CONN_PROXY;
	if (is_endless(c->words))
		kind = CONN_REPLY;
	/* no address was of the source's family, so connect() was not called */
	if (kind == CONN_CONNECT && c->options->source_address &&
	    !c->options->proxy && !seen->os_error)
		kind = CONN_SOURCE;
	if (kind == CONN_TIME && c->is_connected && !c->is_greeted)
		kind = CONN_SILENT;
	if (handle_refused(c->handle, code, &seen->verify))
		kind = CONN_CERTIFICATE;
	else if (kind == CONN_CERTIFICATE && is_name_error(c->words))
		kind = CONN_NAME;
	return kind;
}

static void look(struct conn *c, CURLcode code, struct seen *seen)
{
	CURL *handle = c->handle->curl;
	double connected = 0, secured = 0;

	if (!c->words[0])
		snprintf(c->words, sizeof(c->words), "%s", curl.strerror(code));
	if (!handle)
		return;
	curl.getinfo(handle, CURLINFO_OS_ERRNO, &seen->os_error);
	curl.getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &seen->connect_code);
	curl.getinfo(handle, CURLINFO_CONNECT_TIME, &connected);
	curl.getinfo(handle, CURLINFO_APPCONNECT_TIME, &secured);
	c->is_connected |= connected > 0 || c->handle->tls_begun;
	if (!c->secured_after)
		c->secured_after = (unsigned)(secured * 1000 + 0.5);
}

/* ---- error messages ---- */

static const struct conn_protocol *protocol(const struct conn *c)
{
	return c->options->protocol;
}

/* Did the server itself refuse? */
static bool is_refused(const struct conn *c)
{
	return c->is_greeted && protocol(c)->verdict(c) < 0;
}

static int explain_no_tls(struct conn *c, struct error *f)
{
	for (size_t i = 0;
	     i < sizeof(handshake_errors) / sizeof(*handshake_errors); i++) {
		const char *way_out = handshake_errors[i].way_out;

		if (strstr(c->words, handshake_errors[i].part))
			return error_set(
				f, handshake_errors[i].cause,
				"no TLS with %s: %s; %s%s", c->place, c->words,
				way_out ? ""
					: "it does not speak implicit TLS: ",
				way_out ? way_out : protocol(c)->late);
	}
	return error_set(f, ERROR_TEMPORARY, "no TLS with %s: %s", c->place,
			 c->words);
}

static int explain_lookup(struct conn *c, struct error *f)
{
	if (c->options->proxy)
		return error_set(f, ERROR_TEMPORARY,
				 "%s cannot be reached now: %s", c->place,
				 c->words);
	return verdict_lookup(c->options->host, protocol(c)->lookup, c->words,
			      f);
}

/* libcurl's message is not used where it may contain a proxy's password. */
static int explain_connect(struct conn *c, const struct seen *seen,
			   struct error *f)
{
	if (strstr(c->words, "nsupported proxy"))
		return error_set(f, ERROR_CONFIG,
				 "%s is not a proxy that can be used; a proxy "
				 "is socks5h://HOST:PORT or http://HOST:PORT",
				 c->place);
	if (c->options->unix_socket && !seen->os_error)
		return error_set(f, ERROR_TEMPORARY,
				 "cannot connect to %s: it has too many "
				 "clients now",
				 c->place);
	return error_set(f, ERROR_TEMPORARY, "cannot connect to %s: %s",
			 c->place,
			 seen->os_error ? strerror((int)seen->os_error)
					: c->words);
}

static int explain_proxy(struct conn *c, const struct seen *seen,
			 struct error *f)
{
	if (seen->connect_code == 403 || seen->connect_code == 407)
		return error_set(f, ERROR_PERMISSION,
				 "the proxy refuses a connection to %s (HTTP "
				 "%ld); it has to allow CONNECT to that port",
				 c->place, seen->connect_code);
	return error_set(f, ERROR_TEMPORARY, "the proxy cannot reach %s: %s",
			 c->place, c->words);
}

static int explain_time(struct conn *c, struct error *f)
{
	const struct conn_options *o = c->options;
	bool starts_tls = !strcmp(c->verb, protocol(c)->starttls);
	bool in_handshake = o->tls == CONN_TLS_IMPLICIT && !c->secured_after &&
			    !c->is_greeted;

	if (!c->is_connected)
		return error_set(
			f, ERROR_TEMPORARY,
			"no connection to %s within %u seconds; is there a "
			"firewall in between?",
			c->place, o->seconds);
	if (!c->is_greeted && o->tls == CONN_TLS_STARTTLS)
		return error_set(f, ERROR_TEMPORARY,
				 "%s accepted the connection and sent nothing "
				 "for %u seconds; if it expects implicit TLS%s",
				 c->place, o->seconds, protocol(c)->early);
	if (!c->is_greeted && o->tls == CONN_TLS_NONE &&
	    conn_port(o) == protocol(c)->ports[CONN_TLS_IMPLICIT])
		return error_set(f, ERROR_TEMPORARY,
				 "%s accepted the connection and sent nothing "
				 "for %u seconds, like a server that expects "
				 "implicit TLS: turn TLS on",
				 c->place, o->seconds);
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds (%s%s)", c->place,
			 o->seconds,
			 in_handshake  ? "after the start of TLS"
			 : !c->verb[0] ? "no greeting"
			 : starts_tls  ? "starting TLS"
				       : "after ",
			 starts_tls ? "" : c->verb);
}

static int explain_starttls(struct conn *c, struct error *f)
{
	if (c->asked_tls && is_refused(c))
		return protocol(c)->refuse(c, f);
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s does not offer %s, and without TLS nothing is "
			 "sent; %s",
			 c->place, protocol(c)->starttls, protocol(c)->without);
}

static int explain_reply(struct conn *c, struct error *f)
{
	if (is_endless(c->words))
		return error_set(f, ERROR_PROTOCOL,
				 "%s does not speak %s: it sends a line "
				 "without an end",
				 c->place, protocol(c)->name);
	if (is_refused(c))
		return protocol(c)->refuse(c, f);
	if (!strcmp(c->verb, protocol(c)->starttls) &&
	    protocol(c)->verdict(c) > 0)
		return error_set(f, ERROR_PROTOCOL,
				 "%s sent more after its reply to %s: another "
				 "host may have injected it, and nothing was "
				 "sent",
				 c->place, protocol(c)->starttls);
	return error_set(f, ERROR_PROTOCOL, "%s does not speak %s: %s%s%s",
			 c->place, protocol(c)->name, c->words,
			 c->last[0] ? "; it said " : "", c->last);
}

/* A server that requires a client certificate may send an alert or just close
 * the connection; which of them arrives is a matter of timing. */
static bool may_want_certificate(const struct conn *c)
{
	const struct conn_options *o = c->options;

	if (o->cert_file || o->tls == CONN_TLS_NONE)
		return false;
	return o->tls == CONN_TLS_IMPLICIT ? !c->is_greeted
					   : c->asked_tls && !c->last[0];
}

static int explain_lost(struct conn *c, struct error *f)
{
	bool wants_certificate = may_want_certificate(c);
	const char *last = wants_certificate ? "" : c->last;

	if (is_refused(c))
		return protocol(c)->refuse(c, f);
	if (strstr(c->words, "certificate required"))
		return explain_no_tls(c, f);
	return error_set(f, ERROR_TEMPORARY,
			 "%s closed the connection %s%s%s%s", c->place,
			 c->is_greeted ? "before any mail"
				       : "without a greeting",
			 wants_certificate
				 ? "; if it requires a client certificate, set "
				   "tls_cert_file"
				 : "",
			 *last ? "; its last words: " : "", last);
}

/* A file in the settings could not be used. */
static int explain_file(struct conn *c, struct error *f)
{
	const struct conn_options *o = c->options;
	const struct {
		const char *setting, *path;
	} files[] = {
		{ "tls_trust_file", o->trust_file },
		{ "tls_crl_file", o->crl_file },
		{ "tls_cert_file", o->cert_file },
		{ "tls_key_file", o->key_file },
	};
	struct stat st;

	if (check_descriptors(c->place, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd = files[i].path
				 ? open(files[i].path, O_RDONLY | O_CLOEXEC)
				 : -1;

		if (files[i].path && fd < 0)
			return error_errno(f, ERROR_CONFIG, errno,
					   "%s: cannot read %s",
					   files[i].setting, files[i].path);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
			close(fd);
			return error_set(f, ERROR_CONFIG,
					 "%s: %s is a directory: name a file "
					 "in PEM format",
					 files[i].setting, files[i].path);
		}
		if (fd >= 0)
			close(fd);
	}
	return error_set(f, ERROR_CONFIG, "TLS with %s cannot be set up: %s",
			 c->place, c->words);
}

int conn_explain(struct conn *c, CURLcode code, struct error *f)
{
	const struct conn_options *o = c->options;
	struct seen seen = { 0 };

	look(c, code, &seen);
	c->error = kind_of(c, code, &seen);
	switch (c->error) {
	case CONN_LOOKUP:
		return explain_lookup(c, f);
	case CONN_CONNECT:
		return explain_connect(c, &seen, f);
	case CONN_PROXY:
		return explain_proxy(c, &seen, f);
	case CONN_TIME:
	case CONN_SILENT:
		return explain_time(c, f);
	case CONN_CERTIFICATE:
	case CONN_NAME:
		return verdict_certificate(c->place,
					   o->tls_host ? o->tls_host : o->host,
					   seen.verify, &c->handle->pin,
					   c->words, f);
	case CONN_HANDSHAKE:
		return explain_no_tls(c, f);
	case CONN_NO_STARTTLS:
		return explain_starttls(c, f);
	case CONN_REPLY:
		return explain_reply(c, f);
	case CONN_LOST:
		return explain_lost(c, f);
	case CONN_SOURCE:
		return verdict_source(o->source_address, f);
	case CONN_FILE:
		return explain_file(c, f);
	case CONN_SETTING:
		return error_set(f, ERROR_CONFIG,
				 "TLS with %s cannot be set up: %s", c->place,
				 c->words);
	default:
		return error_set(f, ERROR_TEMPORARY, "no connection to %s: %s",
				 c->place, c->words);
	}
}
