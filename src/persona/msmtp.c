/* msmtp.c - msmtp's options, so that `set sendmail=msmtp` goes on.
 *
 * A ready message comes on standard input and is handed on; those who are
 * named get it, and no field tells of them.  "--host" leaves the configuration
 * files out, as msmtp does, and begins with its defaults: no TLS, no log-in. */
#include <string.h>

#include "base/ascii.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"

enum refused { REFUSED_RMQS, REFUSED_CONFIGURE };

static SETTER(refuse)
{
	static const char *const why[] = {
		[REFUSED_RMQS] = "a server's queue is not started here",
		[REFUSED_CONFIGURE] = "no configuration is made up here: "
				      "mailsend.conf(5) has one to begin with",
	};

	(void)run;
	(void)value;
	return error_set(f, ERROR_USAGE, "%s", why[row->value]);
}

/* A setting that is on, or what it is by itself, when nothing else is said. */
static SETTER(set_choice)
{
	return set_setting(run, row, value ? value : "", f);
}

static SETTER(set_auth)
{
	return set_setting(run, row, value ? value : "on", f);
}

static SETTER(set_protocol)
{
	(void)run;
	(void)row;
	if (strcmp(value, "smtp") == 0)
		return 0;
	return error_set(f, ERROR_USAGE, "'%s' is not spoken here: smtp is",
			 value);
}

static SETTER(set_notify)
{
	if (!*value || ascii_equal(value, "off")) {
		run->request->dsn_notify = NULL;
		return 0;
	}
	return set_dsn_notify(run, row, value, f);
}

static SETTER(set_return)
{
	if (!*value || ascii_equal(value, "off")) {
		run->request->dsn_ret = NULL;
		return 0;
	}
	return set_dsn_ret(run, row, value, f);
}

/* "-bm" is what is done anyway; the others are not msmtp's. */
static SETTER(set_mode)
{
	(void)run;
	(void)row;
	if (strcmp(value, "m") == 0)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "-b%s is a mode of sendmail: call us by that name for "
			 "it",
			 value);
}

#define ON_OFF(word, what)                                                     \
	OPTIONAL(0, word, "on|off", .set = set_choice, .help = (what))
#define SETTING(word, argument, what)                                          \
	TEXT(0, word, argument, .set = set_setting, .help = (what))

static const struct option_row rows[] = {
	HEADING("Who gets it:"),
	FLAG('t', "read-recipients",
	     .field = OPTION_FIELD(recipients_from_header),
	     .help = "those in To, Cc and Bcc, too"),

	HEADING("Who sends it:"),
	TEXT('f', "from", "ADDRESS", .set = set_envelope_from,
	     .help = "where failures are reported; chooses the account"),
	FLAG(0, "read-envelope-from",
	     .field = OPTION_FIELD(reverse_path_from_header),
	     .help = "that is the one in From"),
	TEXT('F', NULL, "NAME", .field = OPTION_FIELD(full_name),
	     .help = "in a From that is missing"),

	HEADING("The way:"),
	TEXT('a', "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "of the configuration; else by -f, else 'default'"),
	FILE_NAME('C', "file", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "instead of the usual configuration files"),
	FILE_NAME(0, "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "as --file"),
	SETTING("host", "HOST", "the server, without any configuration file"),
	SETTING("port", "PORT", "its port"),
	SETTING("timeout", "SECONDS", "for each answer of the server"),
	SETTING("user", "NAME", "log in as"),
	OPTIONAL(0, "auth", "METHOD", .set = set_auth,
		 .help = "on, off, or the way to log in"),
	SETTING("domain", "NAME", "in EHLO"),
	SETTING("maildomain", "DOMAIN", "of bare names"),
	SETTING("passwordeval", "COMMAND",
		"not here, but in the configuration"),
	TEXT(0, "protocol", "NAME", .set = set_protocol, .help = "smtp"),
	SETTING("proxy-host", "HOST", "a SOCKS proxy"),
	SETTING("proxy-port", "PORT", "its port"),
	SETTING("socket", "PATH", "a socket of this machine"),
	SETTING("source-ip", "ADDRESS", "of ours"),
	SETTING("connect-timeout", "SECONDS", "as --timeout"),
	SETTING("queue", "HOW",
		"auto (keep what cannot go now), never, only or background"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "any setting of the configuration"),

	HEADING("TLS:"),
	OPTIONAL(0, "tls", "HOW", .set = set_tls,
		 .help = "on (as it is alone), off, starttls or implicit"),
	ON_OFF("tls-starttls", "begun by STARTTLS, or from the first octet"),
	ON_OFF("tls-certcheck", "is the certificate checked?"),
	SETTING("tls-trust-file", "FILE", "who vouches for it"),
	SETTING("tls-crl-file", "FILE", "which were revoked"),
	SETTING("tls-fingerprint", "DIGEST", "the one that it must have"),
	SETTING("tls-key-file", "FILE", "of our own certificate"),
	SETTING("tls-cert-file", "FILE", "our own certificate"),
	SETTING("tls-priorities", "TEXT", "which ciphers"),
	SETTING("tls-host-override", "HOST", "the name in the certificate"),
	SETTING("tls-min-dh-prime-bits", "BITS", "no matter"),
	ON_OFF("tls-nocertcheck", "the contrary of --tls-certcheck"),
	ON_OFF("tls-nostarttls", "the contrary of --tls-starttls"),

	HEADING("The header:"),
	OPTIONAL(0, "set-from-header", "auto|on|off", .set = set_choice,
		 .help = "where there is none, anew, or never"),
	OPTIONAL(0, "set-date-header", "auto|off", .set = set_choice,
		 .help = "where there is none, or never"),
	OPTIONAL(0, "set-msgid-header", "auto|off", .set = set_choice,
		 .help = "where there is none, or never"),
	ON_OFF("add-missing-from-header", "as --set-from-header"),
	ON_OFF("add-missing-date-header", "as --set-date-header"),
	OPTIONAL(0, "set-to-header", "on|off|undisclosed_recipients",
		 .set = set_choice,
		 .help = "one To with all of them, or with nobody"),
	ON_OFF("remove-bcc-headers", "on by itself"),
	ON_OFF("keepbcc", "the contrary of --remove-bcc-headers"),
	ON_OFF("undisclosed-recipients", "in place of To and Cc"),
	ON_OFF("auto-from", "make up the sender"),
	SETTING("aliases", "FILE", "what bare names stand for"),

	HEADING("Delivery reports:"),
	TEXT('N', "dsn-notify", "WHEN", .set = set_notify,
	     .help = "off, never, or a list of failure, delay, success"),
	TEXT('R', "dsn-return", "WHAT", .set = set_return,
	     .help = "off, headers or full"),
	TEXT('V', "dsn-envid", "ID", .set = set_dsn_envid,
	     .help = "an id that reports repeat"),

	HEADING("What is told:"),
	ROWS_TOLD('v'),
	FLAG('d', "debug", .field = OPTION_FIELD(transcript),
	     .help = "as --transcript"),
	TEXT('X', "logfile", "FILE", .set = set_setting,
	     .help = "a line for each message"),
	SETTING("logfile-time-format", "FORMAT", "of those lines"),
	OPTIONAL(0, "syslog", "FACILITY", .set = set_auth,
		 .help = "the same to syslog; on, off or a facility"),

	HEADING("Instead of sending:"),
	FLAG('S', "serverinfo", .set = set_serverinfo,
	     .help = "what the server is and offers"),
	FLAG('P', "pretend", .set = set_action, .value = REQUEST_SHOW_CONFIG,
	     .help = "as --show-config"),
	ROWS_INSTEAD,

	HEADING("Other:"),
	TEXT('b', NULL, "m", .set = set_mode, .help = "no matter"),
	TEXT('B', NULL, "TYPE", .set = set_nothing, .help = "no matter"),
	FLAG('G', NULL, .set = set_nothing, .help = "no matter"),
	TEXT('h', NULL, "COUNT", .set = set_nothing, .help = "no matter"),
	FLAG('i', NULL, .set = set_nothing, .help = "no matter"),
	TEXT('L', NULL, "TAG", .set = set_nothing, .help = "no matter"),
	FLAG('m', NULL, .set = set_nothing, .help = "no matter"),
	FLAG('n', NULL, .set = set_nothing, .help = "no matter"),
	TEXT('O', NULL, "OPTION=VALUE", .set = set_nothing,
	     .help = "no matter"),
	TEXT('o', NULL, "OPTION", .set = set_nothing, .help = "no matter"),
	ROWS_OTHER,

	HEADING("Not here:"),
	TEXT(0, "rmqs", "HOST", .set = refuse, .value = REFUSED_RMQS,
	     .help = "start a server's queue"),
	TEXT(0, "configure", "ADDRESS", .set = refuse,
	     .value = REFUSED_CONFIGURE, .help = "make up a configuration"),
	ROWS_END,
};

static int argument(struct options_run *run, const char *value, struct error *f)
{
	if (!*value)
		return error_set(f, ERROR_USAGE,
				 "argument %d is an empty address: is a "
				 "variable not set?",
				 run->at - 1);
	/* the header is its writer's: nobody is added to it */
	return address_parse_list(run->arena, value, &run->request->bcc, f);
}

static bool has_override(const struct request *r, const char *name)
{
	for (const struct override *o = r->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

static int default_to(struct options_run *run, const char *name,
		      const char *value, struct error *f)
{
	return has_override(run->request, name)
		       ? 0
		       : override_setting(run, name, value, f);
}

/* A server on the command line stands alone. */
static int settle_host(struct options_run *run, struct error *f)
{
	struct request *r = run->request;

	if (!has_override(r, "host"))
		return 0;
	if (r->account)
		return error_set(f, ERROR_USAGE,
				 "--host is a server without a configuration, "
				 "and --account one that is configured: leave "
				 "one out");
	run->shown = "--host";
	if (!r->config_path)
		r->config_path = "/dev/null";
	if (default_to(run, "tls", "off", f) < 0)
		return -1;
	return has_override(r, "user") ? 0 : default_to(run, "auth", "off", f);
}

static int finish(struct options_run *run, struct error *f)
{
	struct request *r = run->request;

	if (settle_report(r, f) < 0 || settle_host(run, f) < 0)
		return -1;
	if (r->action == REQUEST_SHOW_CONFIG || r->action == REQUEST_CHECK)
		return 0;
	r->draft_path = "-";
	r->is_handed_over = true;
	r->hands_back = true;
	if (!request_recipients(r) && !r->recipients_from_header)
		return error_set(f, ERROR_USAGE,
				 "no recipient: name one, or let -t take those "
				 "of the message's header");
	return 0;
}

static const char notes[] =
	"The message comes on standard input, ready with its header.\n"
	"More: man mailsend-names, man mailsend, man mailsend.conf\n";

const struct persona persona_msmtp = {
	.name = "msmtp",
	.synopsis = "[options] [-t] [--] address...",
	.about = "Sends a ready message.",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
	.takes_message = true,
};
