/* remote_trouble.c - libcurl's codes and the server's last words as a cause. */
#include "store/remote_trouble.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "net/verdict.h"

static const char *scheme(const struct remote *r, bool is_implicit)
{
	if (r->url->kind == MAILBOX_POP3)
		return is_implicit ? "pop3s://" : "pop3://";
	return is_implicit ? "imaps://" : "imap://";
}

static const char *words(const struct remote *r, CURLcode code)
{
	return r->error[0] ? r->error : curl.strerror(code);
}

/* The last line that was heard, without its end. */
static void last_line(const struct remote *r, char *out, size_t size)
{
	const char *text = r->heard.len ? r->heard.data : r->greeting;
	size_t n = strlen(text), from;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	for (from = n; from && text[from - 1] != '\n';)
		from--;
	snprintf(out, size, "%.*s", (int)(n - from), text + from);
}

static int explain_time(struct remote *r, struct error *f)
{
	unsigned seconds = r->milliseconds / 1000;

	if (!r->is_greeted && !r->url->is_implicit_tls)
		return error_set(f, ERROR_TEMPORARY,
				 "%s did not answer within %u seconds; if it "
				 "wants TLS at once, write %s",
				 r->place, seconds, scheme(r, true));
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds", r->place,
			 seconds);
}

static int explain_no_tls(struct remote *r, struct error *f)
{
	bool is_pop3 = r->url->kind == MAILBOX_POP3;

	return error_set(f, ERROR_UNAVAILABLE,
			 "%s does not offer %s, and without TLS nothing is "
			 "sent; write %s, or, on this machine alone, turn tls "
			 "off",
			 r->place, is_pop3 ? "STLS" : "STARTTLS",
			 scheme(r, true));
}

static bool is_for_now(const char *said)
{
	return strstr(said, "[IN-USE]") || strstr(said, "[LOGIN-DELAY") ||
	       strstr(said, "[SYS/TEMP]") || strstr(said, "[UNAVAILABLE]");
}

static int explain_login(struct remote *r, struct error *f)
{
	char said[300];

	if (!r->sasl || !r->has_logged_in)
		return error_set(f, ERROR_UNAVAILABLE,
				 "nobody was logged in at %s: this libcurl "
				 "cannot do %s; set auth to another way",
				 r->place, r->sasl ? r->sasl->mechanism : "it");
	last_line(r, said, sizeof(said));
	return error_set(f,
			 is_for_now(said) ? ERROR_TEMPORARY : ERROR_PERMISSION,
			 "%s refuses the log-in of %s: %s", r->place,
			 r->sasl->user, said);
}

static int explain_reply(struct remote *r, CURLcode code, struct error *f)
{
	char said[300];

	last_line(r, said, sizeof(said));
	if (r->has_asked_tls && !strncmp(said, "+OK", 3))
		return error_set(f, ERROR_PROTOCOL,
				 "%s sent more behind its reply to STLS: "
				 "somebody may be putting words in its mouth, "
				 "and nothing was sent",
				 r->place);
	if (!strncmp(said, "-ERR", 4) || ascii_begins(said, "* BYE"))
		return error_set(f, ERROR_TEMPORARY, "%s refuses for now: %s",
				 r->place, said);
	return error_set(f, ERROR_PROTOCOL, "%s does not speak %s: %s%s%s",
			 r->place,
			 r->url->kind == MAILBOX_POP3 ? "POP3" : "IMAP",
			 words(r, code), said[0] ? "; it said " : "", said);
}

static int explain_connect(struct remote *r, CURLcode code, struct error *f)
{
	long os_error = 0;

	curl.getinfo(r->handle.curl, CURLINFO_OS_ERRNO, &os_error);
	return error_set(f, ERROR_TEMPORARY, "cannot connect to %s: %s",
			 r->place,
			 os_error ? strerror((int)os_error) : words(r, code));
}

static int explain_tls(struct remote *r, CURLcode code, struct error *f)
{
	const char *name =
		r->login->tls_host ? r->login->tls_host : r->url->host;
	long verify = 0;
	char late[64];

	snprintf(late, sizeof(late), "write %s", scheme(r, false));
	if (handle_refused(&r->handle, code, &verify) ||
	    code == CURLE_PEER_FAILED_VERIFICATION)
		return verdict_certificate(r->place, name, verify,
					   &r->handle.pin, words(r, code), f);
	return verdict_handshake(r->place, late, words(r, code), f);
}

static int explain_lost(struct remote *r, CURLcode code, struct error *f)
{
	char said[300];

	last_line(r, said, sizeof(said));
	if (!strncmp(said, "-ERR", 4) || ascii_begins(said, "* BYE"))
		return explain_reply(r, code, f);
	if (strstr(words(r, code), "certificate required"))
		return verdict_handshake(r->place, "", words(r, code), f);
	return error_set(f, ERROR_TEMPORARY, "%s closed the connection %s%s%s",
			 r->place,
			 r->is_greeted ? "before any mail"
				       : "without a greeting",
			 said[0] ? "; its last words: " : "", said);
}

static int explain_files(struct remote *r, CURLcode code, struct error *f)
{
	const struct mailbox_login *l = r->login;
	const struct verdict_file files[] = {
		{ "tls_trust_file", l->trust_file },
		{ "tls_crl_file", l->crl_file },
		{ "tls_cert_file", l->cert_file },
		{ "tls_key_file", l->key_file },
		{ NULL, NULL },
	};

	return verdict_files(r->place, words(r, code), files, f);
}

static int explain_endless(struct remote *r, struct error *f)
{
	return error_set(f, ERROR_PROTOCOL,
			 "%s does not speak %s: it sends a line without an end",
			 r->place,
			 r->url->kind == MAILBOX_POP3 ? "POP3" : "IMAP");
}

int remote_explain(struct remote *r, CURLcode code, struct error *f)
{
	long verify;

	if (handle_refused(&r->handle, code, &verify))
		return explain_tls(r, code, f);
	if (verdict_is_endless(words(r, code)))
		return explain_endless(r, f);
	switch (code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return interrupt_error(f);
	case CURLE_COULDNT_RESOLVE_HOST:
		if (!r->login->proxy)
			return verdict_lookup(r->url->host,
					      "is it written right?",
					      words(r, code), f);
		break;
	case CURLE_COULDNT_CONNECT:
		return explain_connect(r, code, f);
	case CURLE_OPERATION_TIMEDOUT:
		return explain_time(r, f);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
		return explain_tls(r, code, f);
	case CURLE_USE_SSL_FAILED:
		return explain_no_tls(r, f);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
		return explain_files(r, code, f);
	case CURLE_INTERFACE_FAILED:
		return verdict_source(r->login->source_address, f);
	case CURLE_SSL_CIPHER:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return error_set(f, ERROR_CONFIG,
				 "the connection to %s cannot be set up: %s",
				 r->place, words(r, code));
	case CURLE_LOGIN_DENIED:
	case CURLE_AUTH_ERROR:
		return explain_login(r, f);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_REMOTE_ACCESS_DENIED:
	case CURLE_WRITE_ERROR:
		return explain_reply(r, code, f);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return explain_lost(r, code, f);
	default:
		break;
	}
	return error_set(f, ERROR_TEMPORARY, "no connection to %s: %s",
			 r->place, words(r, code));
}
