/* trouble.c - one function for each kind that has more than one cause. */
#include "smtp/trouble.h"

#include <stdio.h>
#include <string.h>

#include "net/verdict.h"

/* Where TLS does not come first. */
#define LATE "set tls_starttls on, or use port 465"

static int explain_lookup(const struct trouble *t, const struct dial_options *o,
			  struct error *f)
{
	if (o->proxy)
		return error_set(f, ERROR_TEMPORARY,
				 "%s cannot be reached now: %s", t->place,
				 t->text);
	return verdict_lookup(o->host, "check the setting host", t->text, f);
}

/* Not libcurl's words where they may hold a proxy's password. */
static int explain_connect(const struct trouble *t, struct error *f)
{
	if (strstr(t->text, "nsupported proxy"))
		return error_set(f, ERROR_CONFIG,
				 "%s cannot be reached so; a proxy is "
				 "socks5h://HOST:PORT or http://HOST:PORT",
				 t->place);
	return error_set(f, ERROR_TEMPORARY, "cannot connect to %s: %s",
			 t->place,
			 t->os_error ? strerror(t->os_error) : t->text);
}

static int explain_proxy(const struct trouble *t, struct error *f)
{
	bool refused = t->connect_code == 403 || t->connect_code == 407;

	if (refused)
		return error_set(f, ERROR_PERMISSION,
				 "the proxy refuses a connection to %s (HTTP "
				 "%ld); it has to allow CONNECT to that port",
				 t->place, t->connect_code);
	return error_set(f, ERROR_TEMPORARY, "the proxy cannot reach %s: %s",
			 t->place, t->text);
}

static int explain_time(const struct trouble *t, const struct dial_options *o,
			struct error *f)
{
	const struct handshake *talk = t->opening;

	if (!t->is_connected)
		return error_set(
			f, ERROR_TEMPORARY,
			"no connection to %s within %u seconds; does a "
			"firewall stand in between?",
			t->place, t->seconds);
	if (!talk->greeted && o->tls == DIAL_TLS_STARTTLS)
		return error_set(f, ERROR_TEMPORARY,
				 "%s took the connection and said nothing for "
				 "%u seconds; if it wants TLS at once (port "
				 "465), set tls_starttls off",
				 t->place, t->seconds);
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds (%s)", t->place,
			 t->seconds,
			 !talk->greeted		     ? "no greeting"
			 : talk->phase == REPLY_AUTH ? "logging in"
			 : talk->phase == REPLY_EHLO ? "after EHLO"
						     : "starting TLS");
}

static int explain_starttls(const struct trouble *t, struct error *f)
{
	char what[400];

	if (t->opening->is_whole && t->opening->reply.code >= 400) {
		snprintf(what, sizeof(what), "STARTTLS at %s", t->place);
		return reply_error(&t->opening->reply, REPLY_STARTTLS, what, f);
	}
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s does not offer STARTTLS, and without TLS nothing "
			 "is sent; use port 465 with tls_starttls off, or, on "
			 "a network that you trust, set tls off",
			 t->place);
}

static int explain_login(const struct trouble *t, const struct dial_options *o,
			 struct error *f)
{
	char what[400];

	snprintf(what, sizeof(what), "the log-in of %s at %s",
		 o->user && *o->user ? o->user : "the client certificate",
		 t->place);
	if (t->opening->is_whole && t->opening->reply.code >= 400)
		return reply_error(&t->opening->reply, REPLY_AUTH, what, f);
	return error_set(f, ERROR_PERMISSION, "%s failed: %s", what, t->text);
}

static int explain_reply(const struct trouble *t, struct error *f)
{
	const struct handshake *talk = t->opening;
	char what[400];

	if (verdict_is_endless(t->text))
		return error_set(f, ERROR_PROTOCOL,
				 "%s does not speak SMTP: it sends a line "
				 "without an end",
				 t->place);
	if (error_is_set(&talk->error)) {
		error_set(f, talk->error.cause, "%s: %s", t->place,
			  talk->error.text);
		return -1;
	}
	if (talk->tls_started && talk->is_whole && talk->reply.code == 220)
		return error_set(f, ERROR_PROTOCOL,
				 "%s sent more behind its reply to STARTTLS: "
				 "somebody may be putting words in its mouth, "
				 "and nothing was sent",
				 t->place);
	if (!talk->is_whole)
		return error_set(f, ERROR_PROTOCOL,
				 "%s does not speak SMTP: %s", t->place,
				 t->text);
	if (talk->phase == REPLY_AUTH && talk->auth_answered)
		snprintf(what, sizeof(what), "the log-in at %s", t->place);
	else
		snprintf(what, sizeof(what), "the connection to %s", t->place);
	return reply_error(&talk->reply, talk->phase, what, f);
}

/* A server that wants a certificate of ours may say so by an alert, or just
 * go; which of the two arrives is a matter of luck. */
static bool may_want_certificate(const struct handshake *talk,
				 const struct dial_options *o)
{
	if (o->cert_file || o->tls == DIAL_TLS_NONE)
		return false;
	return o->tls == DIAL_TLS_IMPLICIT
		       ? !talk->greeted
		       : talk->tls_started && talk->phase == REPLY_EHLO;
}

static int explain_lost(const struct trouble *t, const struct dial_options *o,
			struct error *f)
{
	const struct handshake *talk = t->opening;
	const char *hint = "";
	char words[200] = "";

	/* What it said last, when that was a "no", is the reason. */
	if (talk->is_whole && talk->reply.code >= 400)
		return explain_reply(t, f);
	if (strstr(t->text, "certificate required"))
		return verdict_handshake(t->place, LATE, t->text, f);
	if (may_want_certificate(talk, o))
		hint = "; if it wants a certificate of ours, set tls_cert_file";
	else if (talk->is_whole)
		reply_words(&talk->reply, words, sizeof(words));
	return error_set(f, ERROR_TEMPORARY,
			 "%s closed the connection %s%s%s%s", t->place,
			 talk->greeted ? "before any mail"
				       : "without a greeting",
			 hint, words[0] ? "; its last words: " : "", words);
}

static int explain_file(const struct trouble *t, const struct dial_options *o,
			struct error *f)
{
	const struct verdict_file files[] = {
		{ "tls_trust_file", o->trust_file },
		{ "tls_crl_file", o->crl_file },
		{ "tls_cert_file", o->cert_file },
		{ "tls_key_file", o->key_file },
		{ NULL, NULL },
	};

	return verdict_files(t->place, t->text, files, f);
}

int trouble_explain(const struct trouble *t, const struct dial_options *o,
		    struct error *f)
{
	const char *name = o->tls_host ? o->tls_host : o->host;

	switch (t->kind) {
	case TROUBLE_LOOKUP:
		return explain_lookup(t, o, f);
	case TROUBLE_CONNECT:
		return explain_connect(t, f);
	case TROUBLE_PROXY:
		return explain_proxy(t, f);
	case TROUBLE_TIME:
	case TROUBLE_SILENT:
		return explain_time(t, o, f);
	case TROUBLE_CERTIFICATE:
	case TROUBLE_NAME:
		return verdict_certificate(t->place, name, t->verify, t->pin,
					   t->text, f);
	case TROUBLE_HANDSHAKE:
		return verdict_handshake(t->place, LATE, t->text, f);
	case TROUBLE_NO_STARTTLS:
		return explain_starttls(t, f);
	case TROUBLE_LOGIN:
		return explain_login(t, o, f);
	case TROUBLE_REPLY:
		return explain_reply(t, f);
	case TROUBLE_LOST:
		return explain_lost(t, o, f);
	case TROUBLE_SOURCE:
		return verdict_source(o->source_address, f);
	case TROUBLE_FILE:
		return explain_file(t, o, f);
	case TROUBLE_SETTING:
		return error_set(f, ERROR_CONFIG,
				 "TLS with %s cannot be set up: %s", t->place,
				 t->text);
	case TROUBLE_NONE:
	case TROUBLE_LIBRARY:
	case TROUBLE_INSECURE:
	case TROUBLE_NO_AUTH:
	case TROUBLE_MECHANISM: /* told where they are seen */
	case TROUBLE_OTHER:
		break;
	}
	return error_set(f, ERROR_TEMPORARY, "no connection to %s: %s",
			 t->place, t->text);
}
