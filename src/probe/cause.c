/* cause.c - the step that failed says which rows may fit, what was seen on
 * the way says which one does. */
#include "probe/cause.h"

#include <errno.h>
#include <string.h>

#include "config/settings.h"
#include "smtp/advice.h"

struct cause {
	const char *name, *why, *way_out, *settings;
};

/* ---- no connection ---- */

static const struct cause no_library = {
	"no-library", "a library that is needed cannot be loaded here",
	"install the package that is named above", ""
};
static const struct cause no_host = {
	"no-such-host", "the look-up says that there is no host of that name",
	"look for a slip in it; where the name is right, does this machine's "
	"own look-up work (/etc/resolv.conf)?",
	"host"
};
static const struct cause no_lookup = {
	"lookup", "the look-up of the name failed, which says nothing of it",
	"see whether the network is up and /etc/resolv.conf names a server "
	"that answers",
	"host"
};
static const struct cause port_25 = {
	"port-25-no-answer",
	"nothing comes back from port 25, which many providers of access and "
	"of machines let nobody reach from inside",
	"use the submission port with a log-in: port 587 (tls_starttls on) or "
	"465 (tls_starttls off)",
	"port tls_starttls auth"
};
static const struct cause other_port = {
	"wrong-port", "the host takes connections, but not at this port",
	"set the port to one that answers: 587 goes with tls_starttls on, 465 "
	"with tls_starttls off",
	"port tls_starttls"
};
static const struct cause refused = {
	"refused",
	"the connection is refused, as by a host where no server listens at "
	"that port",
	"check host and port; is the server running, and does it listen on "
	"more than its own machine?",
	"host port"
};
static const struct cause no_answer = {
	"no-answer",
	"nothing comes back from that port; a host that is off and a firewall "
	"look the same",
	"check host and port, and what the network lets out", "host port"
};
static const struct cause unreachable = {
	"unreachable", "the network has no way to that address",
	"see whether the network is up; an address of the other family would "
	"need a network that has it",
	"host"
};
static const struct cause barred = {
	"barred-here",
	"this machine itself forbids the connection: a firewall, or what the "
	"service that we run under is allowed",
	"let it out to that port", "port"
};
static const struct cause source = {
	"source", "the address to come from is none of this machine's",
	"set source_ip to one that it has, or leave it out", "source_ip"
};

static const struct cause *of_connection(const struct check *c)
{
	unsigned port = (unsigned)c->account->port;
	int error = c->reach.count ? c->reach.addresses[0].error : 0;

	/* an address that nobody could have reached from here says little */
	for (size_t i = 0; i < c->reach.count; i++)
		if (c->reach.addresses[i].error != ENETUNREACH &&
		    c->reach.addresses[i].error != EADDRNOTAVAIL)
			error = c->reach.addresses[i].error;
	if (c->fault.cause == FAULT_CONFIG)
		return &source;
	if (error == EACCES || error == EPERM)
		return &barred;
	if (port == 25 && error == ETIMEDOUT)
		return &port_25;
	if (c->other_ports[0])
		return &other_port;
	if (error == ECONNREFUSED)
		return &refused;
	if (error == ETIMEDOUT)
		return &no_answer;
	return error == ENETUNREACH || error == EHOSTUNREACH ? &unreachable
							     : NULL;
}

/* ---- TLS ---- */

static const struct cause tls_late = {
	"tls-not-at-once",
	"what the server answers to TLS is no TLS, as on port 587 or 25",
	"set tls_starttls on, or use port 465", "tls_starttls port"
};
static const struct cause tls_early = {
	"tls-at-once",
	"the server takes the connection and says nothing, as one does that "
	"waits for TLS from the first byte (port 465)",
	"set tls_starttls off, if this is such a port", "tls_starttls port"
};
static const struct cause tls_old = {
	"tls-too-old",
	"the server has no version of TLS in common with us: ours are 1.2 and "
	"1.3",
	"nothing here: its administrator has to allow TLS 1.2 or 1.3",
	"tls_priorities"
};
static const struct cause tls_certificate = {
	"client-certificate", "the server wants a certificate of ours",
	"set tls_cert_file and tls_key_file", "tls_cert_file tls_key_file"
};
static const struct cause no_starttls = {
	"no-starttls", "the server offers no TLS on this port",
	"use the submission port (587) or port 465 with tls_starttls off; on a "
	"network that is yours alone, tls off",
	"tls tls_starttls port"
};

/* X509_V_ERR_* are numbers that do not change. */
static const struct {
	long verify;
	struct cause cause;
} chains[] = {
	{ 7,
	  { "certificate-forged",
	    "the certificate names an authority that did not sign it: it is "
	    "forged or damaged, or the authority has a new key",
	    "do not trust it before its administrator has told you, by another "
	    "way, what changed",
	    "" } },
	{ 10,
	  { "certificate-expired", "the certificate's time is over",
	    "its administrator has to renew it; is this machine's clock right?",
	    "" } },
	{ 9,
	  { "certificate-not-yet", "the certificate's time has not begun",
	    "see whether this machine's clock is right", "" } },
	{ 18,
	  { "certificate-self-signed",
	    "nobody but the server itself vouches for this certificate",
	    "if it is your own server, set tls_fingerprint to the sha256 above "
	    "or give the certificate as tls_trust_file",
	    "tls_trust_file tls_fingerprint" } },
	{ 23,
	  { "certificate-revoked", "the certificate was declared invalid",
	    "do not trust it: its administrator has to get a new one", "" } },
};
static const struct cause unknown_ca = {
	"certificate-unknown-ca",
	"no authority that this machine knows vouches for the certificate: it "
	"is a private one, the server leaves a part of the chain out, or the "
	"package ca-certificates is missing or old",
	"give the authority's certificate as tls_trust_file", "tls_trust_file"
};
static const struct cause wrong_name = {
	"certificate-name", "the certificate is for other names than the host",
	"set host to one of its names, or tls_host_override to the name that "
	"it should have",
	"host tls_host_override"
};
static const struct cause wrong_pin = {
	"certificate-fingerprint",
	"the certificate is another one than the one that was named",
	"if its administrator renewed it, set tls_fingerprint to the sha256 "
	"above; if nobody did, somebody may be listening in",
	"tls_fingerprint"
};

static bool is_unknown_ca(long verify)
{
	return verify == 2 || (verify >= 19 && verify <= 21);
}

static const struct cause *of_certificate(const struct check *c)
{
	if (c->account->tls_fingerprint && !c->chain.is_accepted)
		return &wrong_pin;
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (chains[i].verify == c->chain.verify)
			return &chains[i].cause;
	return is_unknown_ca(c->chain.verify) ? &unknown_ca : NULL;
}

static const struct {
	const char *words;
	const struct cause *cause;
} handshakes[] = {
	{ "wrong version number", &tls_late },
	{ "packet length too long", &tls_late },
	{ "protocol version", &tls_old },
	{ "unsupported protocol", &tls_old },
	{ "certificate required", &tls_certificate },
};

static const struct cause *of_handshake(const struct check *c)
{
	for (size_t i = 0; i < sizeof(handshakes) / sizeof(*handshakes); i++)
		if (strstr(c->fault.text, handshakes[i].words))
			return handshakes[i].cause;
	return NULL;
}

/* ---- what comes after ---- */

static const struct cause silent = {
	"no-greeting",
	"the server takes the connection, and nothing came of it",
	"check the port; a server with too much to do, or one in between that "
	"answers for everybody, looks the same",
	"host port"
};
static const struct cause closed = {
	"no-greeting", "the server ends the connection without a greeting",
	"check the port; some servers do so to an address that they do not "
	"like, or while they have too much to do",
	"host port"
};
static const struct cause not_smtp = {
	"not-smtp", "what came is not the greeting of a mail server",
	"check host and port", "host port"
};
static const struct cause insecure = {
	"log-in-without-tls",
	"without TLS the log-in could be read, or taken over, on its way",
	"set tls on, with a port that goes with it; where the server wants no "
	"log-in, set auth off",
	"tls auth port"
};
static const struct cause no_auth = {
	"no-auth", "the server offers no log-in on this port",
	"use the submission port (587 or 465); where no log-in is needed, set "
	"auth off",
	"auth port tls"
};
static const struct cause no_password = {
	"no-password", "the password could not be had from where it should be",
	"name one place for it, and try that place by itself",
	"password password_file passwordeval password_env user"
};
static const struct cause log_in = {
	"log-in", "the server offers other ways to log in",
	"set auth to one of those that are offered", "auth user"
};
static const struct cause no_server = {
	"no-server", "no setting names a server",
	"write `host`, `from`, `user` and where the password is into "
	"~/.config/mailsend/config: man mailsend.conf has an example",
	"host"
};
static const struct cause sender = {
	"sender", "the address cannot be used at this server",
	"let from be an address that the server takes", "from"
};

/* What the dial saw; NULL where it cannot tell. */
static const struct cause *of_dial(const struct check *c)
{
	bool starts_tls = c->account->tls && c->account->tls_starttls;

	switch (c->server.dial.trouble) {
	case TROUBLE_LIBRARY:
		return &no_library;
	case TROUBLE_INSECURE:
		return &insecure;
	case TROUBLE_SOURCE:
		return &source;
	case TROUBLE_LOOKUP:
		return c->fault.cause == FAULT_NOHOST ? &no_host : &no_lookup;
	case TROUBLE_CERTIFICATE:
		return of_certificate(c);
	case TROUBLE_NAME:
		return &wrong_name;
	case TROUBLE_HANDSHAKE:
		return of_handshake(c);
	case TROUBLE_NO_STARTTLS:
		return &no_starttls;
	case TROUBLE_NO_AUTH:
		return &no_auth;
	case TROUBLE_MECHANISM:
		return &log_in;
	case TROUBLE_SILENT:
		return starts_tls ? &tls_early : &silent;
	case TROUBLE_REPLY:
		return !strcmp(c->failed->name, "greeting") ? &not_smtp : NULL;
	case TROUBLE_LOST:
		return !strcmp(c->failed->name, "greeting") ? &closed
							    : of_handshake(c);
	default:
		return NULL;
	}
}

/* Of a step before the dial or behind it. */
static const struct cause *of_step(const struct check *c, const char *step)
{
	if (!strcmp(step, "configuration"))
		return &no_server;
	if (!strcmp(step, "lookup"))
		return c->fault.cause == FAULT_NOHOST ? &no_host : &no_lookup;
	if (!strcmp(step, "connect"))
		return of_connection(c);
	if (!strcmp(step, "password"))
		return &no_password;
	/* without a reply it is not the server that says so */
	return !strcmp(step, "mail") && !c->fault.temporary ? &sender : NULL;
}

/* ---- where it is written ---- */

static void add_setting(struct check *c, const char *name)
{
	const struct setting *row = setting_find(name);
	struct check_setting *to;
	bool is_shown;

	if (!row || c->settings_count == CHECK_SETTINGS_MAX)
		return;
	is_shown = !(row->flags & (SETTING_SECRET | SETTING_COMMAND));
	to = &c->settings[c->settings_count++];
	*to = (struct check_setting){
		.name = row->name,
		.value = is_shown ? setting_text(c->arena, row, c->account)
				  : NULL,
		.origin = check_origin(c, row->name),
	};
}

/* Of the four places of a password the one that counts is enough. */
static bool is_idle(const struct check *c, const char *name)
{
	return !strncmp(name, "password", 8) &&
	       !setting_is_given(c->account, name);
}

static void add_settings(struct check *c, const char *names)
{
	if (!c->account)
		return;
	for (; *names; names += strspn(names, " ")) {
		size_t n = strcspn(names, " ");
		const char *one = arena_dup_n(c->arena, names, n);

		if (!is_idle(c, one))
			add_setting(c, one);
		names += n;
	}
}

void cause_find(struct check *c)
{
	const struct advice *advice = NULL;
	const struct cause *cause = NULL;

	if (c->fault.reply)
		advice = advice_of(&c->fault,
				   c->account ? c->account->host : NULL);
	else if (c->failed && c->account && c->server.dial.trouble)
		cause = of_dial(c);
	else if (c->failed && c->account)
		cause = of_step(c, c->failed->name);
	if (advice) {
		c->cause = advice->name;
		c->why = advice->why;
		c->way_out = advice->way_out;
		add_settings(c, advice->settings);
	} else if (cause) {
		c->cause = cause->name;
		c->why = cause->why;
		c->way_out = cause->way_out;
		add_settings(c, cause->settings);
	}
}
