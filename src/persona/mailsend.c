/* mailsend.c - our own face: the options of `mailsend`.
 *
 * The order is that of use, since --help shows it. */
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"

#include <string.h>
#include <sys/stat.h>

static const struct option_row rows[] = {
	HEADING("The message:"),
	TEXT('s', "subject", "TEXT", .field = OPTION_FIELD(subject),
	     .help = "what it is about"),
	TEXT(0, "to", "LIST", .set = set_list, .value = LIST_TO,
	     .help = "recipients, as bare addresses are"),
	TEXT('c', "cc", "LIST", .set = set_list, .value = LIST_CC,
	     .help = "recipients of a copy"),
	TEXT('b', "bcc", "LIST", .set = set_list, .value = LIST_BCC,
	     .help = "recipients that the others do not see"),
	TEXT('r', "from", "ADDRESS", .set = set_from,
	     .help = "who writes: 'Name <user@host>'"),
	TEXT(0, "reply-to", "LIST", .set = set_list, .value = LIST_REPLY_TO,
	     .help = "where answers go"),
	TEXT('H', "header", "FIELD", .set = set_header,
	     .help = "one more header field, 'Name: value'"),
	TEXT(0, "date", "DATE", .set = set_date,
	     .help = "instead of now: as in a header, ISO 8601 or @SECONDS"),
	TEXT(0, "message-id", "ID", .set = set_message_id,
	     .help = "instead of a new one"),

	HEADING("Its content:"),
	{ .kind = OPTION_FILE,
	  .letter = 'a',
	  .other_letter = 'A',
	  .name = "attach",
	  .argument = "FILE[=NAME]",
	  .set = set_attach,
	  .help = "attach a file, under another name; '-' is standard input" },
	TEXT(0, "type", "TYPE", .set = set_type,
	     .help = "media type of the attachment named before, as "
		     "FILE;type=TYPE"),
	TEXT(0, "encoding", "NAME", .set = set_encoding,
	     .help = "of attachments: auto, 7bit, 8bit, quoted-printable, "
		     "base64, uuencode"),
	FILE_NAME('i', "body", "FILE", .field = OPTION_FIELD(body_path),
		  .help = "the text, instead of standard input"),
	FILE_NAME(0, "html", "FILE", .field = OPTION_FIELD(html_path),
		  .help = "the text as HTML, beside the plain one"),
	FILE_NAME(0, "inline", "FILE[=NAME]", .set = set_attach, .value = 1,
		  .help = "a file that the HTML shows by 'cid:NAME'; another "
			  "id with ;cid=ID"),
	TEXT(0, "charset", "NAME", .set = set_charset,
	     .help = "of the text, instead of what its bytes tell"),
	FLAG('E', "skip-empty", .field = OPTION_FIELD(skip_empty),
	     .help = "send nothing when the text is empty and nothing is "
		     "attached"),
	FILE_NAME(0, "draft", "FILE", .field = OPTION_FIELD(draft_path),
		  .help = "a ready message: its header is kept, what is "
			  "missing is added"),

	HEADING("Instead of sending:"),
	FLAG(0, "print", .set = set_action, .value = REQUEST_PRINT,
	     .help = "the finished message on standard output"),
	FLAG(0, "dry-run", .set = set_action, .value = REQUEST_DRY_RUN,
	     .help = "which account, recipients and size it would be"),
	FLAG(0, "show-config", .set = set_action, .value = REQUEST_SHOW_CONFIG,
	     .help = "each setting and where it came from"),

	HEADING("What is told:"),
	FLAG('v', "transcript", .field = OPTION_FIELD(transcript),
	     .help = "the conversation with the server, on standard error"),
	FLAG(0, "json", .field = OPTION_FIELD(json),
	     .help = "the outcome as one JSON object, on standard output"),
	FLAG(0, "quiet", .field = OPTION_FIELD(quiet), .help = "errors only"),

	HEADING("The way:"),
	TEXT(0, "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "of the configuration; else by the sender, else "
		     "'default'"),
	FILE_NAME(0, "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "instead of the usual configuration files"),
	TEXT(0, "host", "HOST", .set = set_setting, .help = "the server"),
	TEXT(0, "port", "PORT", .set = set_setting,
	     .help = "its port: 25, 465 or 587, as TLS goes"),
	TEXT(0, "tls", "HOW", .set = set_tls,
	     .help = "on (as it is), off, starttls or implicit"),
	TEXT(0, "user", "NAME", .set = set_setting,
	     .help = "log in as; the password is never an option"),
	TEXT(0, "auth", "METHOD", .set = set_setting,
	     .help = "on, off, or the way to log in"),
	TEXT(0, "timeout", "SECONDS", .set = set_setting,
	     .help = "for each answer of the server"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "any setting of the configuration"),

	HEADING("The envelope:"),
	TEXT('f', "envelope-from", "ADDRESS", .set = set_envelope_from,
	     .help = "where failures are reported; '' for nowhere"),
	TEXT(0, "dsn-notify", "WHEN", .set = set_dsn_notify,
	     .help = "never, or a list of failure, delay, success"),
	TEXT(0, "dsn-ret", "WHAT", .set = set_dsn_ret,
	     .help = "what a report has of the message: headers or full"),
	TEXT(0, "dsn-envid", "ID", .set = set_dsn_envid,
	     .help = "an id that reports repeat"),

	HEADING("Other:"),
	FLAG(0, "help", .set = set_action, .value = REQUEST_HELP,
	     .help = "this text"),
	FLAG(0, "version", .set = set_action, .value = REQUEST_VERSION,
	     .help = "the version"),
	ROWS_END,
};

/* "-a *.pdf ops@example.org" leaves all files but the first for addresses. */
static bool is_stray_file(const char *value)
{
	struct stat st;

	return !strchr(value, '@') && strpbrk(value, "./") &&
	       stat(value, &st) == 0;
}

static int argument(struct options_run *run, const char *value, struct fault *f)
{
	if (!*value)
		return fault_set(f, FAULT_USAGE,
				 "argument %d is an empty address: is a "
				 "variable not set?",
				 run->at - 1);
	if (strcmp(value, "-") == 0)
		return fault_set(f, FAULT_USAGE,
				 "'-' is not an address: standard input is the "
				 "text already, --attach - attaches it");
	if (is_stray_file(value))
		return fault_set(
			f, FAULT_USAGE,
			"'%s' is a file, not an address: write --attach "
			"before each file",
			value);
	return address_parse_list(run->arena, value, &run->request->to, f);
}

/* A draft is the whole message: what makes one of parts cannot go with it. */
static int check_draft(const struct request *r, struct fault *f)
{
	const char *other = NULL;

	if (r->body_path)
		other = "--body";
	else if (r->html_path)
		other = "--html";
	else if (r->attachments)
		other = r->attachments->is_inline ? "--inline" : "--attach";
	else if (r->encoding != ENCODING_AUTO)
		other = "--encoding";
	else if (r->body_charset)
		other = "--charset";
	else if (r->skip_empty)
		other = "--skip-empty";
	if (!other)
		return 0;
	return fault_set(f, FAULT_USAGE,
			 "--draft is a message that is ready: leave %s out",
			 other);
}

static int check_uuencode(const struct request *r, struct fault *f)
{
	const char *other = r->html_path ? "--html" : NULL;

	for (const struct attachment *a = r->attachments; a; a = a->next)
		if (a->is_inline)
			other = "--inline";
	if (!other)
		return 0;
	return fault_set(f, FAULT_USAGE,
			 "--encoding uuencode makes one plain text of it all: "
			 "leave %s out",
			 other);
}

static int finish(struct options_run *run, struct fault *f)
{
	struct request *r = run->request;
	bool to_nobody = request_recipients(r) == 0;

	if (r->json && r->action != REQUEST_SEND)
		return fault_set(f, FAULT_USAGE,
				 "--json is the outcome of sending, and this "
				 "command sends nothing: leave it out");
	if (r->action == REQUEST_SHOW_CONFIG)
		return 0;
	if (r->draft_path && check_draft(r, f) < 0)
		return -1;
	if (r->encoding == ENCODING_UUENCODE && check_uuencode(r, f) < 0)
		return -1;
	if (settle_standard_input(r, f) < 0)
		return -1;
	r->recipients_from_header = r->draft_path && to_nobody;
	if (to_nobody && !r->draft_path && r->action != REQUEST_PRINT)
		return fault_set(f, FAULT_USAGE,
				 "no recipient: name one, as in `mailsend -s "
				 "subject ops@example.org`");
	return 0;
}

static const char notes[] =
	"LIST is one address or more with commas between; options may be "
	"repeated.\n"
	"Without any configuration, mail to yourself goes to ~/Maildir.\n"
	"Exit status 0 means that it was taken for every recipient; what was "
	"not is kept\n"
	"in ~/dead.letter.  More: man mailsend, man mailsend.conf\n";

const struct persona persona_mailsend = {
	.name = "mailsend",
	.synopsis = "[options] address...",
	.about = "Sends what it reads from standard input, as mail.",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
};
