/* tool_options.c - the option table of each tool: check, round trip, talk,
 * serve, queue, and series of mails. */
#include "persona/rows.h"
#include "persona/setters.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "compose/input.h"
#include "persona/validate.h"
#include "server/listener.h"
#include "submit/series.h"

#define DAYS_MAX    10000
#define PARTS_MAX   10000000
#define SPLIT_LEAST 1024 /* octets; the header needs this much */

/* Selects the command. */
static int choose(struct options_run *run, enum command_kind kind,
		  struct error *f)
{
	const struct option_row row = { .value = (int)kind };

	return set_command(run, &row, NULL, f);
}

static SETTER(set_show_config)
{
	(void)row;
	if (!value)
		return choose(run, COMMAND_SHOW_CONFIG, f);
	if (strcmp(value, "accounts") == 0)
		return choose(run, COMMAND_LIST_ACCOUNTS, f);
	return error_set(f, ERROR_USAGE,
			 "'%s' is unknown: use --show-config, or "
			 "--show-config=accounts to list the accounts",
			 value);
}

/* ---- check ---- */

SETTER(set_serverinfo)
{
	(void)row;
	(void)value;
	run->cmdline->check.is_server_only = true;
	return choose(run, COMMAND_CHECK, f);
}

/* ---- login ---- */

static SETTER(set_login_way)
{
	(void)value;
	(void)f;
	run->cmdline->login = (enum login_way)row->value;
	return 0;
}

/* ---- round trip ---- */

static SETTER(set_roundtrip)
{
	(void)row;
	run->cmdline->roundtrip.source = value;
	return choose(run, COMMAND_ROUNDTRIP, f);
}

int finish_roundtrip(struct cmdline *c, struct error *f)
{
	if (!c->roundtrip.wait)
		c->roundtrip.wait = ROUNDTRIP_WAIT;
	if (c->request.to.count == 1 && request_recipients(&c->request) == 1)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--roundtrip takes exactly one address, that of the "
			 "mailbox: mailsend --roundtrip SOURCE "
			 "user@example.org");
}

/* ---- talk ---- */

/* Takes the next argument if it is not an option. */
static const char *next_word(struct options_run *run)
{
	const char *next = run->at < run->argc ? run->argv[run->at] : NULL;

	if (!next || *next == '-' || !*next)
		return NULL;
	run->at++;
	return next;
}

static SETTER(set_talk)
{
	const char *before = run->cmdline->talk.url;

	(void)row;
	if (!value)
		value = next_word(run);
	if (value && before)
		return error_set(f, ERROR_USAGE,
				 "--talk takes one server, and both %s and %s "
				 "are given",
				 before, value);
	if (value)
		run->cmdline->talk.url = value;
	return choose(run, COMMAND_TALK, f);
}

SETTER(set_transcript)
{
	struct request *r = run->request;

	(void)row;
	if (value && !*value)
		return error_set(f, ERROR_USAGE,
				 "the file name is empty: is a variable not "
				 "set?");
	if (!value && run->cmdline->kind == COMMAND_TALK)
		value = next_word(run);
	if (value)
		r->transcript_path = value;
	else
		r->transcript = true;
	return 0;
}

/* "smtps://host" is implicit TLS, "smtp://host" is STARTTLS, unless the port is
 * one for implicit TLS. */
int finish_talk(struct options_run *run, struct error *f)
{
	const char *url = run->cmdline->talk.url;
	bool is_implicit, has_scheme;

	if (!url)
		return 0;
	run->shown = "--talk";
	if (validate_server(run, url, &is_implicit, &has_scheme, f) < 0)
		return -1;
	if (!is_implicit)
		return 0;
	if (override_setting(run, "tls_starttls", "off", f) < 0)
		return -1;
	return override_setting(run, "tls", "on", f);
}

/* ---- serve ---- */

/* "-": standard input and output, as under inetd. */
static SETTER(set_serve)
{
	(void)row;
	if (strcmp(value, "-") == 0)
		return choose(run, COMMAND_SERVE_STDIO, f);
	if (listener_check(value, f) < 0)
		return -1;
	run->cmdline->serve.address = value;
	return choose(run, COMMAND_SERVE, f);
}

static SETTER(set_serve_tls)
{
	bool is_implicit = ascii_equal(value, "implicit");

	(void)row;
	if (!is_implicit && !ascii_equal(value, "starttls"))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not starttls or implicit", value);
	return override_setting(run, "serve_tls_starttls",
				is_implicit ? "off" : "on", f);
}

/* ---- the queue ---- */

int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f)
{
	struct mailq_choice *q = &run->cmdline->queue.choice;
	struct flush_words *lists[] = { [WORDS_IDS] = &q->ids,
					[WORDS_SENDERS] = &q->senders,
					[WORDS_RECIPIENTS] = &q->recipients };
	struct flush_words *list = lists[which];

	/* an empty one would match everything */
	if (!*word)
		return error_set(f, ERROR_USAGE,
				 "it is empty: is a variable not set?");
	list->words = arena_grow(run->arena, list->words, list->count,
				 &list->room, sizeof(*list->words));
	list->words[list->count++] = word;
	return 0;
}

/* If repeated, the last one wins. */
void choose_queue_user(struct options_run *run)
{
	const struct override *login =
		override_find(run->request->overrides, "user");

	if (login && (run->cmdline->kind == COMMAND_RUN_QUEUE ||
		      run->cmdline->kind == COMMAND_LIST_QUEUE))
		run->cmdline->queue.user = login->value;
}

SETTER(set_words)
{
	return choose_queued(run, (enum setter_words)row->value, value, f);
}

static SETTER(set_flush)
{
	(void)row;
	(void)value;
	run->cmdline->queue.tells_each = true;
	return choose(run, COMMAND_RUN_QUEUE, f);
}

/* Row value: the command. */
static SETTER(set_setup)
{
	if (!value || strcmp(value, "on") == 0)
		run->cmdline->install = INSTALL_DO;
	else if (strcmp(value, "remove") == 0)
		run->cmdline->install = INSTALL_UNDO;
	else if (strcmp(value, "show") == 0)
		run->cmdline->install = INSTALL_SHOW;
	else
		return error_set(f, ERROR_USAGE, "'%s' is not remove or show",
				 value);
	return choose(run, (enum command_kind)row->value, f);
}

/* ---- a series ---- */

SETTER(set_split)
{
	struct split_options *o = &run->cmdline->split;

	(void)row;
	run->request->fails_whole = true;
	o->asks_limit = ascii_equal(value, "auto");
	if (o->asks_limit)
		return 0;
	if (!text_read_size(value, INT64_MAX, &o->limit))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a size: use one as in 5M, 500k "
				 "or 10MB, or auto",
				 value);
	if (o->limit < SPLIT_LEAST)
		return error_set(f, ERROR_USAGE,
				 "'%s' is too small: the header of each mail "
				 "needs at least 1k",
				 value);
	return 0;
}

static SETTER(set_split_format)
{
	int format = split_format_parse(value);

	(void)row;
	if (format < 0)
		return refuse_words(run, value, SPLIT_FORMATS, f);
	run->cmdline->split.format = (enum split_format)format;
	return 0;
}

/* All arguments up to the next option. */
static SETTER(set_sources)
{
	struct series_options *o = &run->cmdline->series;
	const char **all;
	int from = run->at;

	if (o->source != SERIES_ONE && o->source != (unsigned)row->value)
		return error_set(f, ERROR_USAGE,
				 "--each and --batch are two commands: use "
				 "one of them");
	while (run->at < run->argc &&
	       (run->argv[run->at][0] != '-' || !run->argv[run->at][1]))
		run->at++;
	all = arena_array(run->arena, o->count + 1 + (size_t)(run->at - from),
			  sizeof(*all));
	if (o->count)
		memcpy(all, o->files, o->count * sizeof(*all));
	all[o->count++] = value;
	for (; from < run->at; from++)
		all[o->count++] = run->argv[from];
	o->files = all;
	o->source = (enum series_source)row->value;
	for (size_t i = 0; o->source == SERIES_BATCH && i < o->count; i++)
		if (input_is_standard(all[i]))
			run->request->input_is_messages = true;
	return 0;
}

/* Row value: 1 sends again what was sent before. */
static SETTER(set_series)
{
	struct series_options *o = &run->cmdline->series;

	if (o->resume)
		return error_set(f, ERROR_USAGE, "give one series at a time");
	if (!text_is_hex(value, 32))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the id of a series: 32 hex "
				 "digits in lower case",
				 value);
	o->resume = value;
	o->again = row->value != 0;
	return 0;
}

static SETTER(set_parts)
{
	const char *p = value;
	uint64_t from, to;
	size_t n;

	(void)row;
	do {
		n = text_range(p, PARTS_MAX, &from, &to);
		p += n + (p[n] == ',');
	} while (n && p[-1] == ',' && *p);
	if (!n || *p)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a list of parts, as in 4,7-9",
				 value);
	run->cmdline->series.parts = value;
	return 0;
}

/* ---- the tables ---- */

const struct option_row options_instead[] = {
	FLAG(0, "print", .set = set_command, .value = COMMAND_PRINT,
	     .help = "print the finished message on stdout"),
	FLAG(0, "dry-run", .set = set_command, .value = COMMAND_DRY_RUN,
	     .help = "show the account, recipients and SMTP commands"),
	FLAG(0, "explain", .set = set_command, .value = COMMAND_EXPLAIN,
	     .help = "show what would be done, and why"),
	OPTIONAL(0, "show-config", "accounts", .set = set_show_config,
		 .help = "show each setting and where it was set, or list the "
			 "accounts"),
	ROWS_END,
};

const struct option_row options_check[] = {
	FLAG(0, "check", .set = set_command, .value = COMMAND_CHECK,
	     .help = "test server, TLS, login and addresses; no mail"),
	FLAG(0, "nagios", .field = COMMAND_FIELD(nagios),
	     .help = "with --check or --roundtrip: output and "
		     "exit status of a monitoring plugin"),
	NUMBER(0, "warn-days", 0, DAYS_MAX, COMMAND_FIELD(check.warn_days),
	       .help = "warn if the certificate expires within N days (21)"),
	NUMBER(0, "crit-days", 0, DAYS_MAX, COMMAND_FIELD(check.crit_days),
	       .help = "critical if it expires within N days (7)"),
	ROWS_END,
};

const struct option_row options_roundtrip[] = {
	FILE_NAME(0, "roundtrip", "SOURCE", .set = set_roundtrip,
		  .help = "send a test mail and wait for it in the "
			  "mailbox SOURCE: a Maildir, mbox, "
			  "imaps://USER@HOST, pop3s://USER@HOST"),
	TIME(0, "wait", COMMAND_FIELD(roundtrip.wait),
	     .help = "timeout for its arrival (5m)"),
	FLAG(0, "keep", .field = COMMAND_FIELD(roundtrip.keeps),
	     .help = "do not delete it from the mailbox"),
	TIME(0, "warn", COMMAND_FIELD(roundtrip.warn),
	     .help = "with --nagios: warn if it took longer"),
	TIME(0, "crit", COMMAND_FIELD(roundtrip.crit),
	     .help = "with --nagios: critical if it took longer"),
	ROWS_END,
};

const struct option_row options_talk[] = {
	OPTIONAL(0, "talk", "URL", .set = set_talk,
		 .help = "interactive SMTP session after TLS and login; enter "
			 "\\help there"),
	FLAG(0, "no-auth", .field = COMMAND_FIELD(talk.skips_login),
	     .help = "with --talk: do not log in"),
	ROWS_END,
};

const struct option_row options_login[] = {
	FLAG(0, "login", .set = set_command, .value = COMMAND_LOGIN,
	     .help = "log in at the account's OAuth provider; an argument "
		     "names the account"),
	FLAG(0, "device", .set = set_login_way, .value = LOGIN_DEVICE,
	     .help = "with --login: by a code, on any machine"),
	FLAG(0, "paste", .set = set_login_way, .value = LOGIN_PASTE,
	     .help = "with --login: with a browser on another machine"),
	FLAG(0, "logout", .set = set_command, .value = COMMAND_LOGOUT,
	     .help = "revoke the login and remove its tokens"),
	FLAG(0, "token", .set = set_command, .value = COMMAND_TOKEN,
	     .help = "print a valid access token"),
	ROWS_END,
};

const struct option_row options_queue[] = {
	FLAG(0, "flush", .set = set_flush,
	     .help = "deliver queued mail now: all, or the given ids; root: "
		     "of all users, or of --user NAME"),
	FLAG(0, "due", .field = COMMAND_FIELD(queue.due_only),
	     .help = "with --flush: only mail whose retry "
		     "time has come; prints errors only"),
	TEXT(0, "sender", "ADDRESS", .set = set_words, .value = WORDS_SENDERS,
	     .help = "with --flush: only mail from ADDRESS; "
		     "'@domain' matches the whole domain"),
	TEXT(0, "recipient", "ADDRESS", .set = set_words,
	     .value = WORDS_RECIPIENTS,
	     .help = "with --flush: only mail to ADDRESS"),
	OPTIONAL(0, "setup-queue", "remove|show", .set = set_setup,
		 .value = COMMAND_SETUP_QUEUE,
		 .help = "install, remove or show the timer for the queue"),
	ROWS_END,
};

const struct option_row options_serve[] = {
	TEXT(0, "serve", "ADDRESS:PORT", .set = set_serve,
	     .help = "run as an SMTP server: '2525', '[::1]:2525', or "
		     "'unix:/run/mailsend/submit' for the users of this "
		     "machine; '-' is stdin and stdout"),
	FLAG(0, "serve-anyone", .field = COMMAND_FIELD(serve.is_open),
	     .help = "accept mail without login from any client that can "
		     "connect"),
	FILE_NAME(0, "serve-cert", "FILE", .set = set_setting,
		  .help = "TLS certificate of the server"),
	FILE_NAME(0, "serve-key", "FILE", .set = set_setting,
		  .help = "private key of the certificate"),
	TEXT(0, "serve-tls", "HOW", .set = set_serve_tls,
	     .words = "starttls implicit",
	     .help = "starttls (default) or implicit, as on port 465"),
	OPTIONAL(0, "setup-service", "remove|show", .set = set_setup,
		 .value = COMMAND_SETUP_SERVICE,
		 .help = "as root: send for all users of this machine by a "
			 "systemd service that alone has the password; "
			 "remove or show it"),
	ROWS_END,
};

const struct option_row options_split[] = {
	TEXT(0, "split", "SIZE", .set = set_split, .words = "auto 5M",
	     .help = "split attachments: SIZE per mail (5M), or auto"),
	TEXT(0, "format", "NAME", .set = set_split_format,
	     .words = SPLIT_FORMATS,
	     .help = "format of the parts: " SPLIT_FORMATS),
	TEXT(0, "compress", "NAME", .set = set_compression,
	     .words = COMPRESSIONS,
	     .help = "compress attachments: " COMPRESSIONS),
	NUMBER(0, "connections", 1, SERIES_CONNECTIONS_MAX,
	       COMMAND_FIELD(series.connections),
	       .help = "number of parallel connections"),
	ROWS_END,
};

const struct option_row options_series[] = {
	FILE_NAME(0, "each", "FILE...", .set = set_sources,
		  .value = SERIES_EACH,
		  .help = "send each file up to the next option as "
			  "a separate mail; {name}, {n} and {of} "
			  "are replaced in the subject"),
	FILE_NAME(0, "batch", "SOURCE...", .set = set_sources,
		  .value = SERIES_BATCH,
		  .help = "send complete messages: files, "
			  "directories, mbox, Maildir, '-'"),
	TEXT(0, "resume", "SERIES", .set = set_series,
	     .help = "continue an interrupted series of mails"),
	TEXT(0, "resend", "SERIES", .set = set_series, .value = 1,
	     .help = "send a series again"),
	TEXT(0, "parts", "LIST", .set = set_parts,
	     .help = "with --resend or --resume: only these, "
		     "as in 4,7-9"),
	ROWS_END,
};
