/* sendmail.c - the options of sendmail, which programs call with a complete
 * message on standard input.
 *
 * One table for what sendmail, Postfix and Exim accept.  The letters o, e, q,
 * d, b and A take only a joined value: taking the next argument could lose a
 * recipient.  An unsupported mode is refused before anything is read.
 *
 * Recipients on the command line are not added to the header, which is the
 * calling program's. */
#include "mail/envelope.h"
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"

static SETTER(set_ignore_dots)
{
	(void)row;
	(void)value;
	(void)f;
	run->request->dot_ends_input = false;
	return 0;
}

/* "-A c" would send a mail to c. */
static SETTER(ignore_joined)
{
	(void)run;
	(void)row;
	if (value)
		return 0;
	return error_set(f, ERROR_USAGE, "the value must be joined, as in -Ac");
}

static SETTER(set_full_name)
{
	(void)row;
	(void)f;
	run->request->full_name = *value ? value : NULL;
	return 0;
}

/* ---- modes ---- */

static const struct {
	char letter;
	enum command_kind kind;
	const char *instead; /* why it is not supported; NULL: it is */
} modes[] = {
	{ 'm', COMMAND_SEND, NULL },
	{ 's', COMMAND_SERVE_STDIO, NULL },
	{ 'p', COMMAND_LIST_QUEUE, NULL },
	{ 'i', COMMAND_CHECK_ALIASES, NULL },
	{ 'v', COMMAND_VERIFY, NULL },
	{ 'd', COMMAND_SEND,
	  "`mailsend --serve ADDRESS:PORT` listens for "
	  "mail; -bs talks on standard input" },
	{ 'D', COMMAND_SEND,
	  "`mailsend --serve ADDRESS:PORT` listens for "
	  "mail" },
	{ 't', COMMAND_SEND,
	  "there are no rules to test; -bv shows how an address is resolved" },
};

static int set_mode_command(struct options_run *run, enum command_kind new,
			    struct error *f)
{
	const struct option_row row = { .value = (int)new };
	struct cmdline *c = run->cmdline;

	if (new == COMMAND_SEND)
		return 0;
	/* "-bp -q": the list wins */
	if (c->kind == COMMAND_RUN_QUEUE)
		cmdline_become(c, COMMAND_SEND);
	return set_command(run, &row, NULL, f);
}

static SETTER(set_mode)
{
	(void)row;
	if (!value)
		return error_set(f, ERROR_USAGE,
				 "the mode must be joined: -bm, -bs, -bp, -bi "
				 "or -bv");
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (value[0] != modes[i].letter || value[1])
			continue;
		if (modes[i].instead)
			return error_set(f, ERROR_USAGE,
					 "mode %c is not supported: "
					 "%s",
					 value[0], modes[i].instead);
		return set_mode_command(run, modes[i].kind, f);
	}
	return error_set(f, ERROR_USAGE, "'%s' is not a mode: m, s, p, i or v",
			 value);
}

/* "15m", "1h30m", also after the flags of Exim and sendmail for a queue run:
 * each is one run here. */
static bool is_plain_run(const char *value)
{
	value += strspn(value, "fpqil");
	return !value[strspn(value, "0123456789smhdw")];
}

static int choose_run(struct options_run *run, const char *value,
		      struct error *f)
{
	static const char kinds[] = "ISR"; /* enum setter_words */
	const char *kind = strchr(kinds, *value);

	if (!value[1])
		return error_set(f, ERROR_USAGE,
				 "the text to match must be joined, as in "
				 "-q%cexample.org",
				 *value);
	return choose_queued(run, (enum setter_words)(kind - kinds), value + 1,
			     f);
}

/* With -bp it selects what is listed. */
static SETTER(set_queue)
{
	(void)row;
	if (run->cmdline->kind != COMMAND_LIST_QUEUE &&
	    set_mode_command(run, COMMAND_RUN_QUEUE, f) < 0)
		return -1;
	/* a queue group: there is only one */
	if (!value || *value == 'G' || is_plain_run(value))
		return 0;
	if (strchr("ISR", *value))
		return choose_run(run, value, f);
	return error_set(f, ERROR_USAGE,
			 "'%s' does not select mail: nothing for all, or I "
			 "and an id, S and a sender, R and a recipient",
			 value);
}

/* Weak: programs pass it by default. */
static int set_delivery(struct options_run *run, char mode, struct error *f)
{
	static const struct {
		char letter;
		const char *queue;
	} delivery[] = {
		{ 'i', "auto" },
		{ 'b', "background" },
		{ 'q', "only" },
		{ 'd', "only" },
	};

	for (size_t i = 0; i < sizeof(delivery) / sizeof(*delivery); i++)
		if (ascii_lower(mode) == delivery[i].letter)
			return override_weak(run, "queue", delivery[i].queue,
					     f);
	return 0;
}

/* ---- -o, -O, -e ---- */

/* Errors are printed in each mode but 'q'; 'm' and 'e' also mail them. */
static void set_error_mode(struct options_run *run, const char *mode)
{
	struct request *r = run->request;
	char letter = ascii_lower(*mode);

	if (!letter || !strchr("pmweq", letter))
		return;
	r->silent = letter == 'q';
	r->mails_errors = letter == 'm' || letter == 'e';
	r->exits_zero_if_mailed = letter == 'e';
}

static int set_alias_file(struct options_run *run, const char *path,
			  struct error *f)
{
	struct option_row row = { .name = "aliases" };

	return set_setting(run, &row, path, f);
}

static SETTER(set_errors)
{
	(void)row;
	if (!value)
		return error_set(f, ERROR_USAGE,
				 "the mode must be joined: -em or -eq");
	set_error_mode(run, value);
	return 0;
}

static SETTER(set_letter)
{
	(void)row;
	if (!value)
		return error_set(f, ERROR_USAGE,
				 "the option must be joined, as in -oi");
	switch (*value) {
	case 'i':
		run->request->dot_ends_input = false;
		return 0;
	case 'e':
		set_error_mode(run, value + 1);
		return 0;
	case 'v':
		run->request->transcript = true;
		return 0;
	case 'd':
		return set_delivery(run, value[1], f);
	case 'A':
		return value[1] ? set_alias_file(run, value + 1, f) : 0;
	default:
		return 0;
	}
}

static bool is_true(const char *value)
{
	return !*value || strchr("tTyY1", *value);
}

/* Other options of sendmail have no meaning here. */
static SETTER(set_option)
{
	const char *equals = strchr(value, '=');
	const char *rest = equals ? equals + 1 : "";
	const char *name = arena_dup_n(run->arena, value, strcspn(value, "= "));

	(void)row;
	if (ascii_equal(name, "ErrorMode"))
		set_error_mode(run, rest);
	else if (ascii_equal(name, "IgnoreDots"))
		run->request->dot_ends_input = !is_true(rest);
	else if (ascii_equal(name, "Verbose"))
		run->request->transcript = is_true(rest);
	else if (ascii_equal(name, "AliasFile") && *rest)
		return set_alias_file(run, rest, f);
	else if (ascii_equal(name, "DeliveryMode"))
		return set_delivery(run, *rest, f);
	return 0;
}

static SETTER(set_body_type)
{
	(void)row;
	(void)run;
	/* that is detected from the body */
	if (ascii_equal(value, "7BIT") || ascii_equal(value, "8BITMIME"))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "'%s' is not a type of body: 7BIT or 8BITMIME", value);
}

static SETTER(set_debug)
{
	(void)row;
	(void)value;
	(void)f;
	run->request->transcript = true;
	return 0;
}

/* ---- -V ---- */

/* sendmail expects xtext, others encode it themselves: valid xtext is kept as
 * it is. */
static SETTER(set_envelope_id)
{
	const char *plain = xtext_decode(run->arena, value);

	return set_dsn_envid(run, row, plain ? plain : value, f);
}

/* ---- the table ---- */

static const struct option_row rows[] = {
	HEADING("Message (read from stdin):"),
	FLAG('t', NULL, .field = OPTION_FIELD(recipients_from_header),
	     .help = "take recipients from To, Cc and Bcc as well"),
	FLAG('i', NULL, .set = set_ignore_dots,
	     .help = "a line with a single dot does not end the message; "
		     "also -oi"),
	TEXT('F', NULL, "NAME", .set = set_full_name,
	     .help = "full name of the sender if there is no From field"),
	ROWS_MESSAGE(0, 0, 0, 0, 0),
	TEXT('B', NULL, "TYPE", .set = set_body_type, .words = "7BIT 8BITMIME",
	     .help = "7BIT or 8BITMIME; only checked for validity"),

	HEADING("Envelope:"),
	{ .kind = OPTION_TEXT,
	  .letter = 'f',
	  .other_letter = 'r',
	  .name = "envelope-from",
	  .argument = "ADDRESS",
	  .set = set_envelope_from,
	  .help = "envelope sender, which receives bounces; '' or <> is "
		  "the null sender" },
	TEXT('N', "dsn-notify", "WHEN", .set = set_dsn_notify,
	     .words = "never failure delay success",
	     .help = "request delivery reports: never, or a list of failure, "
		     "delay, success"),
	TEXT('R', "dsn-ret", "WHAT", .set = set_dsn_ret, .words = "hdrs full",
	     .help = "what a delivery report includes: hdrs or full"),
	TEXT('V', "dsn-envid", "ID", .set = set_envelope_id,
	     .help = "envelope ID that delivery reports quote; xtext or plain"),
	FLAG('n', NULL, .field = OPTION_FIELD(skip_aliases),
	     .help = "do not expand aliases"),
	FLAG('U', NULL, .field = OPTION_FIELD(prefers_smtputf8),
	     .help = "use SMTPUTF8 if the server supports it"),

	HEADING("Instead of sending:"),
	OPTIONAL('b', NULL, "MODE", .set = set_mode, .words = "m s p i v",
		 .help = "m: send (default); s: SMTP server on stdin and "
			 "stdout; "
			 "p: list the queue; i: check the aliases; v: show "
			 "how each address is resolved"),
	OPTIONAL('q', NULL, "WHICH", .set = set_queue,
		 .help = "flush the queue once; only mail that matches I, S or "
			 "R and part of the id, sender or recipient; a time "
			 "interval is ignored; with -bp, list these"),
	GROUP(options_instead),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),
	OPTIONAL('d', NULL, "LEVEL", .set = set_debug, .help = "same as -v"),
	FILE_NAME('X', NULL, "FILE", .field = OPTION_FIELD(transcript_path),
		  .help = "append the SMTP dialogue to FILE"),
	OPTIONAL('e', NULL, "MODE", .set = set_errors, .words = "q p w m e",
		 .help = "report errors: q: not at all; p, w: on stderr; m: by "
			 "mail as well; e: like m, with exit status 0; also "
			 "-oe"),
	TEXT('L', NULL, "TAG", .field = OPTION_FIELD(syslog_tag),
	     .help = "tag for syslog"),

	HEADING("Connection:"),
	ROWS_CONNECTION(0, 'C'),

	HEADING("Compatibility with sendmail:"),
	OPTIONAL('o', NULL, "X", .set = set_letter,
		 .words = "i em eq v db di dq",
		 .help = "-oi, -oe, -ov, -oA, and -od: i (deliver now), b (in "
			 "the background), q or d (queue only); others are "
			 "ignored"),
	TEXT('O', NULL, "NAME=VALUE", .set = set_option,
	     .help = "ErrorMode, IgnoreDots, Verbose, AliasFile and "
		     "DeliveryMode, like -o; others are ignored"),
	TEXT('h', NULL, "COUNT", .set = set_nothing,
	     .help = "ignored (hop count); for help, use --help"),
	IGNORED_TEXT('p', "PROTOCOL"),
	IGNORED_TEXT('D', "FILE"),
	IGNORED_TEXT('M', "VALUE"),
	IGNORED_FLAG('m'),
	IGNORED_FLAG('G'),
	IGNORED_FLAG('x'),
	OPTIONAL('A', NULL, "X", .set = ignore_joined, .help = "ignored"),

	HEADING("Other:"),
	ROWS_OTHER(0),
	ROWS_END,
};

static void start(struct options_run *run)
{
	struct request *r = run->request;

	r->draft_path = "-";
	r->dot_ends_input = true;
	r->is_from_program = true;
}

static int argument(struct options_run *run, const char *value, struct error *f)
{
	if (strcmp(value, "-") == 0)
		return error_set(f, ERROR_USAGE,
				 "'-' is not an address: standard input is the "
				 "message already");
	return validate_envelope_recipient(run, value, f);
}

static int finish(struct options_run *run, struct error *f)
{
	const struct request *r = run->request;
	bool is_verified = run->cmdline->kind == COMMAND_VERIFY;

	if (conflicts_check(run, CONFLICTS_SENDMAIL, f) < 0)
		return -1;
	choose_queue_user(run);
	if (request_recipients(r) > 0 || r->recipients_from_header)
		return 0;
	if (is_verified)
		return error_set(f, ERROR_USAGE,
				 "-bv shows how addresses are resolved: give "
				 "them as arguments");
	if (r->action == REQUEST_PRINT || r->action == REQUEST_NO_MAIL)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "no recipient: give one, or use -t to take those of "
			 "the header");
}

static const char notes[] =
	"Exit status 0: the server accepted the message, or it is queued.\n"
	"See sendmail(8) and mailsend.conf(5).\n";

const struct persona persona_sendmail = {
	.name = "sendmail",
	.synopsis = "[-ti] [-f address] [options] [address...]",
	.about = "Send the message read from stdin.",
	.common = "t i f F N n b q v X o C help version",
	.examples = "  sendmail -t -i < message.eml\n"
		    "  sendmail -f me@example.org ops@example.org < "
		    "message.eml\n"
		    "  sendmail -bv root\n",
	.notes = notes,
	.is_terse = true,
	.rows = rows,
	.start = start,
	.argument = argument,
	.finish = finish,
	.takes_message = true,
};
