/* trouble.c - one function for each kind that has more than one cause. */
#include "smtp/trouble.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A look-up that failed is asked once more, for libcurl does not tell "there
 * is no such host" from "nobody could say". */
static int explain_lookup(const struct trouble *t, const struct dial_options *o,
			  struct fault *f)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error;

	if (o->proxy)
		return fault_set(f, FAULT_TEMPORARY,
				 "%s cannot be reached now: %s", t->place,
				 t->text);
	error = getaddrinfo(o->host, NULL, &hints, &found);
	if (!error)
		freeaddrinfo(found);
	if (error == EAI_NONAME
#ifdef EAI_NODATA
	    || error == EAI_NODATA
#endif
	)
		return fault_set(f, FAULT_NOHOST,
				 "there is no host named %s; check the setting "
				 "host",
				 o->host);
	return fault_set(f, FAULT_TEMPORARY,
			 "the address of %s cannot be found out now: %s",
			 o->host, error ? gai_strerror(error) : t->text);
}

/* Not libcurl's words where they may hold a proxy's password. */
static int explain_connect(const struct trouble *t, struct fault *f)
{
	if (strstr(t->text, "nsupported proxy"))
		return fault_set(f, FAULT_CONFIG,
				 "%s cannot be reached so; a proxy is "
				 "socks5h://HOST:PORT or http://HOST:PORT",
				 t->place);
	return fault_set(f, FAULT_TEMPORARY, "cannot connect to %s: %s",
			 t->place,
			 t->os_error ? strerror(t->os_error) : t->text);
}

static int explain_proxy(const struct trouble *t, struct fault *f)
{
	bool refused = t->connect_code == 403 || t->connect_code == 407;

	if (refused)
		return fault_set(f, FAULT_PERMISSION,
				 "the proxy refuses a connection to %s (HTTP "
				 "%ld); it has to allow CONNECT to that port",
				 t->place, t->connect_code);
	return fault_set(f, FAULT_TEMPORARY, "the proxy cannot reach %s: %s",
			 t->place, t->text);
}

static int explain_time(const struct trouble *t, const struct dial_options *o,
			struct fault *f)
{
	const struct opening *talk = t->opening;

	if (!t->is_connected)
		return fault_set(
			f, FAULT_TEMPORARY,
			"no connection to %s within %u seconds; does a "
			"firewall stand in between?",
			t->place, t->seconds);
	if (!talk->greeted && o->tls == DIAL_TLS_STARTTLS)
		return fault_set(f, FAULT_TEMPORARY,
				 "%s took the connection and said nothing for "
				 "%u seconds; if it wants TLS at once (port "
				 "465), set tls_starttls off",
				 t->place, t->seconds);
	return fault_set(f, FAULT_TEMPORARY,
			 "%s did not answer within %u seconds (%s)", t->place,
			 t->seconds,
			 !talk->greeted		     ? "no greeting"
			 : talk->phase == REPLY_AUTH ? "logging in"
			 : talk->phase == REPLY_EHLO ? "after EHLO"
						     : "starting TLS");
}

/* Numbers are OpenSSL's X509_V_ERR_*, fixed since its beginnings. */
static const struct {
	long code;
	enum fault_cause cause;
	const char *what, *way_out;
} chain_faults[] = {
	{ 9, FAULT_UNAVAILABLE, "is not valid yet",
	  "is this machine's clock right?" },
	{ 10, FAULT_UNAVAILABLE, "has expired",
	  "its administrator has to renew it (or is this machine's clock "
	  "wrong?)" },
	{ 11, FAULT_UNAVAILABLE,
	  "is not covered by a valid list of revocations",
	  "renew the file tls_crl_file" },
	{ 12, FAULT_UNAVAILABLE,
	  "is checked by a list of revocations that has "
	  "expired",
	  "renew the file tls_crl_file" },
	{ 3, FAULT_CONFIG, "is not covered by the list of revocations",
	  "the file tls_crl_file has to hold one for each CA of the chain" },
	{ 18, FAULT_CONFIG, "is signed by itself alone",
	  "if it is the right one, name it by tls_fingerprint or give it as "
	  "tls_trust_file" },
	{ 19, FAULT_CONFIG, "is signed by an authority that is not known here",
	  "give the authority's certificate as tls_trust_file, or name the "
	  "server's by tls_fingerprint" },
	{ 20, FAULT_CONFIG, "is signed by an authority that is not known here",
	  "give the authority's certificate as tls_trust_file, or name the "
	  "server's by tls_fingerprint" },
	{ 21, FAULT_CONFIG,
	  "came without the chain that leads to a known "
	  "authority",
	  "give the missing certificate as tls_trust_file, or "
	  "name the server's by tls_fingerprint" },
	{ 23, FAULT_PERMISSION, "has been revoked",
	  "do not trust this server before its administrator has a new one" },
};

static int explain_certificate(const struct trouble *t,
			       const struct dial_options *o, struct fault *f)
{
	const char *name = o->tls_host ? o->tls_host : o->host;

	if (t->pin->refused)
		return fault_set(f, FAULT_CONFIG,
				 "the certificate of %s has the fingerprint "
				 "%s, not the one in tls_fingerprint; if the "
				 "server's was renewed, change the setting",
				 t->place, t->pin->seen);
	for (size_t i = 0; i < sizeof(chain_faults) / sizeof(*chain_faults);
	     i++)
		if (chain_faults[i].code == t->verify)
			return fault_set(f, chain_faults[i].cause,
					 "the certificate of %s %s; %s",
					 t->place, chain_faults[i].what,
					 chain_faults[i].way_out);
	/* libcurl looks at the name before it fetches OpenSSL's verdict. */
	if (strstr(t->text, "match"))
		return fault_set(f, FAULT_CONFIG,
				 "the certificate of %s is not for the name "
				 "%s; set host to a name that stands in it, or "
				 "expect that name by tls_host_override",
				 t->place, name ? name : "localhost");
	return fault_set(f, FAULT_CONFIG,
			 "the certificate of %s is not good: %s", t->place,
			 t->text);
}

/* What OpenSSL says for good; all else (a reset, an early end) may pass. */
static const struct {
	const char *part, *way_out;
	enum fault_cause cause;
} handshake_faults[] = {
	{ "wrong version number",
	  "it does not speak TLS at once: set tls_starttls on, or use port 465",
	  FAULT_PROTOCOL },
	{ "packet length too long",
	  "it does not speak TLS at once: set tls_starttls on, or use port 465",
	  FAULT_PROTOCOL },
	{ "protocol version",
	  "it has no TLS 1.2 or later, and nothing older is safe",
	  FAULT_UNAVAILABLE },
	{ "unsupported protocol",
	  "it has no TLS 1.2 or later, and nothing older is safe",
	  FAULT_UNAVAILABLE },
	{ "no shared cipher", "check tls_priorities", FAULT_UNAVAILABLE },
	{ "no ciphers available", "check tls_priorities", FAULT_CONFIG },
	{ "handshake failure",
	  "it may want a certificate of ours (tls_cert_file), or share no "
	  "cipher with us",
	  FAULT_UNAVAILABLE },
	{ "certificate required", "set tls_cert_file and tls_key_file",
	  FAULT_PERMISSION },
	{ "bad certificate", "it does not take the one in tls_cert_file",
	  FAULT_PERMISSION },
	{ "unknown ca", "it does not take the one in tls_cert_file",
	  FAULT_PERMISSION },
	{ "dh key too small", "its keys are too small to be safe",
	  FAULT_UNAVAILABLE },
	{ "ee key too small", "its keys are too small to be safe",
	  FAULT_UNAVAILABLE },
};

static int explain_handshake(const struct trouble *t, struct fault *f)
{
	for (size_t i = 0;
	     i < sizeof(handshake_faults) / sizeof(*handshake_faults); i++)
		if (strstr(t->text, handshake_faults[i].part))
			return fault_set(f, handshake_faults[i].cause,
					 "no TLS with %s: %s; %s", t->place,
					 t->text, handshake_faults[i].way_out);
	return fault_set(f, FAULT_TEMPORARY, "no TLS with %s: %s", t->place,
			 t->text);
}

static int explain_starttls(const struct trouble *t, struct fault *f)
{
	char what[400];

	if (t->opening->is_whole && t->opening->reply.code >= 400) {
		snprintf(what, sizeof(what), "STARTTLS at %s", t->place);
		return reply_fault(&t->opening->reply, REPLY_STARTTLS, what, f);
	}
	return fault_set(f, FAULT_UNAVAILABLE,
			 "%s does not offer STARTTLS, and without TLS nothing "
			 "is sent; use port 465 with tls_starttls off, or, on "
			 "a network that you trust, set tls off",
			 t->place);
}

static int explain_login(const struct trouble *t, const struct dial_options *o,
			 struct fault *f)
{
	char what[400];

	snprintf(what, sizeof(what), "the log-in of %s at %s",
		 o->user && *o->user ? o->user : "the client certificate",
		 t->place);
	if (t->opening->is_whole && t->opening->reply.code >= 400)
		return reply_fault(&t->opening->reply, REPLY_AUTH, what, f);
	return fault_set(f, FAULT_PERMISSION, "%s failed: %s", what, t->text);
}

static int explain_reply(const struct trouble *t, struct fault *f)
{
	const struct opening *talk = t->opening;
	char what[400];

	if (fault_is_set(&talk->fault)) {
		fault_set(f, talk->fault.cause, "%s: %s", t->place,
			  talk->fault.text);
		return -1;
	}
	if (talk->tls_started && talk->is_whole && talk->reply.code == 220)
		return fault_set(f, FAULT_PROTOCOL,
				 "%s sent more behind its reply to STARTTLS: "
				 "somebody may be putting words in its mouth, "
				 "and nothing was sent",
				 t->place);
	if (!talk->is_whole)
		return fault_set(f, FAULT_PROTOCOL,
				 "%s does not speak SMTP: %s", t->place,
				 t->text);
	if (talk->phase == REPLY_AUTH && talk->auth_answered)
		snprintf(what, sizeof(what), "the log-in at %s", t->place);
	else
		snprintf(what, sizeof(what), "the connection to %s", t->place);
	return reply_fault(&talk->reply, talk->phase, what, f);
}

/* A server that wants a certificate of ours may say so by an alert, or just
 * go; which of the two arrives is a matter of luck. */
static bool may_want_certificate(const struct opening *talk,
				 const struct dial_options *o)
{
	if (o->cert_file || o->tls == DIAL_TLS_NONE)
		return false;
	return o->tls == DIAL_TLS_IMPLICIT
		       ? !talk->greeted
		       : talk->tls_started && talk->phase == REPLY_EHLO;
}

static int explain_lost(const struct trouble *t, const struct dial_options *o,
			struct fault *f)
{
	const struct opening *talk = t->opening;
	const char *hint = "";
	char words[200] = "";

	/* What it said last, when that was a "no", is the reason. */
	if (talk->is_whole && talk->reply.code >= 400)
		return explain_reply(t, f);
	if (strstr(t->text, "certificate required"))
		return explain_handshake(t, f);
	if (may_want_certificate(talk, o))
		hint = "; if it wants a certificate of ours, set tls_cert_file";
	else if (talk->is_whole)
		reply_words(&talk->reply, words, sizeof(words));
	return fault_set(f, FAULT_TEMPORARY,
			 "%s closed the connection %s%s%s%s", t->place,
			 talk->greeted ? "before any mail"
				       : "without a greeting",
			 hint, words[0] ? "; its last words: " : "", words);
}

int trouble_explain(const struct trouble *t, const struct dial_options *o,
		    struct fault *f)
{
	switch (t->kind) {
	case TROUBLE_LOOKUP:
		return explain_lookup(t, o, f);
	case TROUBLE_CONNECT:
		return explain_connect(t, f);
	case TROUBLE_PROXY:
		return explain_proxy(t, f);
	case TROUBLE_TIME:
		return explain_time(t, o, f);
	case TROUBLE_CERTIFICATE:
		return explain_certificate(t, o, f);
	case TROUBLE_HANDSHAKE:
		return explain_handshake(t, f);
	case TROUBLE_NO_STARTTLS:
		return explain_starttls(t, f);
	case TROUBLE_LOGIN:
		return explain_login(t, o, f);
	case TROUBLE_REPLY:
		return explain_reply(t, f);
	case TROUBLE_LOST:
		return explain_lost(t, o, f);
	case TROUBLE_SOURCE:
		return fault_set(f, FAULT_CONFIG,
				 "source_ip %s is no address of this machine",
				 o->source_address ? o->source_address : "");
	case TROUBLE_FILE:
	case TROUBLE_SETTING:
		return fault_set(f, FAULT_CONFIG,
				 "TLS with %s cannot be set up: %s", t->place,
				 t->text);
	case TROUBLE_OTHER:
		break;
	}
	return fault_set(f, FAULT_TEMPORARY, "no connection to %s: %s",
			 t->place, t->text);
}
