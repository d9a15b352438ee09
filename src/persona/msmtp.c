/* msmtp.c - msmtp's options, so that `set sendmail=msmtp` keeps working.
 *
 * A complete message is read from standard input and passed on; recipients on
 * the command line are not added to its header.  Like msmtp, "--host" reads no
 * configuration file and starts with msmtp's defaults: no TLS, no login. */
#include <string.h>

#include "base/ascii.h"
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

#define REFUSED_RMQS "starting the queue of a server is not supported"
#define REFUSED_CONFIGURE                                                      \
	"generating a configuration is not supported: use mailsend "           \
	"--setup"

/* A setting whose value may be omitted. */
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
	return error_set(f, ERROR_USAGE, "'%s' is not supported: use smtp",
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

/* "-bm" is the default; the other modes are sendmail's. */
static SETTER(set_mode)
{
	(void)run;
	(void)row;
	if (strcmp(value, "m") == 0)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "-b%s is a mode of sendmail: use the sendmail command",
			 value);
}

#define ON_OFF(word, what)                                                     \
	OPTIONAL(0, word, "on|off", .set = set_choice, .help = (what))
#define SETTING(word, argument, what)                                          \
	TEXT(0, word, argument, .set = set_setting, .help = (what))

static const struct option_row rows[] = {
	HEADING("Recipients:"),
	FLAG('t', "read-recipients",
	     .field = OPTION_FIELD(recipients_from_header),
	     .help = "take recipients from To, Cc and Bcc as well"),

	HEADING("Sender:"),
	TEXT('f', "from", "ADDRESS", .set = set_envelope_from,
	     .help = "envelope sender, which receives bounces; selects the "
		     "account"),
	FLAG(0, "read-envelope-from",
	     .field = OPTION_FIELD(reverse_path_from_header),
	     .help = "use the address in From as envelope sender"),
	TEXT('F', NULL, "NAME", .field = OPTION_FIELD(full_name),
	     .help = "full name for a generated From"),

	HEADING("Connection:"),
	TEXT('a', "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "account to use; default: by -f, or 'default'"),
	FILE_NAME('C', "file", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "read FILE instead of the default configuration"),
	FILE_NAME(0, "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "same as --file"),
	SETTING("host", "HOST", "server; no configuration file is read"),
	SETTING("port", "PORT", "port of the server"),
	SETTING("timeout", "TIME", "timeout for each reply of the server"),
	SETTING("user", "NAME", "login name"),
	OPTIONAL(0, "auth", "METHOD", .set = set_auth,
		 .help = "on, off, or an authentication mechanism"),
	SETTING("domain", "NAME", "host name to send in EHLO"),
	SETTING("maildomain", "DOMAIN", "domain for addresses without one"),
	SETTING("passwordeval", "COMMAND",
		"refused; allowed in the configuration file"),
	TEXT(0, "protocol", "NAME", .set = set_protocol, .words = "smtp",
	     .help = "only smtp is supported"),
	SETTING("proxy-host", "HOST", "SOCKS proxy"),
	SETTING("proxy-port", "PORT", "port of the proxy"),
	SETTING("socket", "PATH", "connect to a Unix socket"),
	SETTING("source-ip", "ADDRESS", "local address to connect from"),
	SETTING("connect-timeout", "TIME", "same as --timeout"),
	SETTING("queue", "HOW",
		"auto (queue on temporary failure), never, only or background"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "override any setting of the configuration"),

	HEADING("TLS:"),
	OPTIONAL(0, "tls", "HOW", .set = set_tls,
		 .words = "on off starttls implicit",
		 .help = "on (default without a value), off, starttls or "
			 "implicit"),
	ON_OFF("tls-starttls", "on: STARTTLS; off: implicit TLS"),
	ON_OFF("tls-certcheck", "verify the certificate of the server"),
	SETTING("tls-trust-file", "FILE", "file with trusted CA certificates"),
	SETTING("tls-crl-file", "FILE", "certificate revocation list"),
	SETTING("tls-fingerprint", "DIGEST",
		"fingerprint that the certificate must have"),
	SETTING("tls-key-file", "FILE",
		"private key of the client certificate"),
	SETTING("tls-cert-file", "FILE", "client certificate"),
	SETTING("tls-priorities", "TEXT", "TLS versions and ciphers"),
	SETTING("tls-host-override", "HOST",
		"host name to expect in the certificate"),
	SETTING("tls-min-dh-prime-bits", "BITS", "ignored"),
	ON_OFF("tls-nocertcheck", "opposite of --tls-certcheck"),
	ON_OFF("tls-nostarttls", "opposite of --tls-starttls"),

	HEADING("Header:"),
	OPTIONAL(0, "set-from-header", "auto|on|off", .set = set_choice,
		 .help = "add From if missing, always replace it, or never"),
	OPTIONAL(0, "set-date-header", "auto|off", .set = set_choice,
		 .help = "add Date if missing, or never"),
	OPTIONAL(0, "set-msgid-header", "auto|off", .set = set_choice,
		 .help = "add Message-ID if missing, or never"),
	ON_OFF("add-missing-from-header", "same as --set-from-header"),
	ON_OFF("add-missing-date-header", "same as --set-date-header"),
	OPTIONAL(0, "set-to-header", "on|off|undisclosed_recipients",
		 .set = set_choice,
		 .help = "replace To, Cc and Bcc with a single To"),
	ON_OFF("remove-bcc-headers", "remove Bcc fields (default: on)"),
	ON_OFF("keepbcc", "opposite of --remove-bcc-headers"),
	ON_OFF("undisclosed-recipients", "replace To and Cc by an empty group"),
	ON_OFF("auto-from", "generate the envelope sender"),
	SETTING("aliases", "FILE", "alias file"),

	HEADING("Delivery reports (DSN):"),
	TEXT('N', "dsn-notify", "WHEN", .set = set_notify,
	     .words = "off never failure delay success",
	     .help = "off, never, or a list of failure, delay, success"),
	TEXT('R', "dsn-return", "WHAT", .set = set_return,
	     .words = "off headers full", .help = "off, headers or full"),
	TEXT('V', "dsn-envid", "ID", .set = set_dsn_envid,
	     .help = "envelope ID that delivery reports quote"),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),
	FLAG('d', "debug", .field = OPTION_FIELD(transcript),
	     .help = "same as --transcript"),
	TEXT('X', "logfile", "FILE", .set = set_setting,
	     .help = "append a line for each message to FILE"),
	SETTING("logfile-time-format", "FORMAT",
		"format of the time in these lines"),
	OPTIONAL(0, "syslog", "FACILITY", .set = set_auth,
		 .help = "log to syslog: on, off or a facility"),

	HEADING("Instead of sending:"),
	FLAG('S', "serverinfo", .set = set_serverinfo,
	     .help = "show what the server supports"),
	FLAG('P', "pretend", .set = set_command, .value = COMMAND_SHOW_CONFIG,
	     .help = "same as --show-config"),
	GROUP(options_instead),

	HEADING("Other:"),
	TEXT('b', NULL, "m", .set = set_mode, .help = "ignored"),
	IGNORED_TEXT('B', "TYPE"),
	IGNORED_FLAG('G'),
	TEXT('h', NULL, "COUNT", .set = set_nothing,
	     .help = "ignored (hop count); for help, use --help"),
	IGNORED_FLAG('i'),
	IGNORED_TEXT('L', "TAG"),
	IGNORED_FLAG('m'),
	IGNORED_FLAG('n'),
	IGNORED_TEXT('O', "OPTION=VALUE"),
	IGNORED_TEXT('o', "OPTION"),
	ROWS_OTHER(0),

	HEADING("Not supported (exit status 64):"),
	TEXT(0, "rmqs", "HOST", .refusal = REFUSED_RMQS,
	     .help = "Remote Message Queue Starting"),
	TEXT(0, "configure", "ADDRESS", .refusal = REFUSED_CONFIGURE,
	     .help = "generate a configuration"),
	ROWS_END,
};

static int argument(struct options_run *run, const char *value, struct error *f)
{
	/* nothing is added to the header */
	return validate_envelope_recipient(run, value, f);
}

static int default_to(struct options_run *run, const char *name,
		      const char *value, struct error *f)
{
	return override_find(run->request->overrides, name)
		       ? 0
		       : override_setting(run, name, value, f);
}

/* With --host, the configuration does not apply. */
static int settle_host(struct options_run *run, struct error *f)
{
	struct request *r = run->request;

	if (!override_find(r->overrides, "host"))
		return 0;
	run->shown = "--host";
	if (!r->config_path)
		r->config_path = "/dev/null";
	if (default_to(run, "tls", "off", f) < 0)
		return -1;
	return override_find(r->overrides, "user")
		       ? 0
		       : default_to(run, "auth", "off", f);
}

static int finish(struct options_run *run, struct error *f)
{
	struct request *r = run->request;

	if (conflicts_check(run, CONFLICTS_MSMTP, f) < 0 ||
	    settle_host(run, f) < 0)
		return -1;
	if (r->action == REQUEST_NO_MAIL)
		return 0;
	r->draft_path = "-";
	r->is_from_program = true;
	r->caller_retries = true;
	if (!request_recipients(r) && !r->recipients_from_header)
		return error_set(f, ERROR_USAGE,
				 "no recipient: give one, or use -t to take "
				 "those of the header");
	return 0;
}

static const char notes[] =
	"The message on stdin is complete, with its header.\n"
	"See mailsend-names(7), mailsend(1) and mailsend.conf(5).\n";

const struct persona persona_msmtp = {
	.name = "msmtp",
	.synopsis = "[options] [-t] [--] address...",
	.about = "Send the complete message read from stdin.",
	.common = "t f F a C host port tls tls-starttls user auth N X v d "
		  "serverinfo pretend print help version",
	.examples = "  msmtp -t < message.eml\n"
		    "  msmtp -a work ops@example.org < message.eml\n"
		    "  msmtp --serverinfo --host=mail.example.org --tls\n",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
	.takes_message = true,
};
