/* mailx.c - the options of mail and mailx, as far as they send.
 *
 * POSIX first, then bsd-mailx, s-nail and mailutils, which disagree on some
 * letters: -a is a header field in one and a file in the others.  The form of
 * the value decides, and if that is ambiguous nothing is sent, since a wrong
 * guess would send a wrong mail. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/input.h"
#include "mail/charset.h"
#include "persona/attach.h"
#include "persona/conflicts.h"
#include "persona/mailrc.h"
#include "persona/mailvars.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

struct mailx {
	struct mailvars vars;
	const char *chosen; /* of -A: an account of a start-up file, or of the
			       configuration */
	bool skip_system_rc, skip_rc;
	bool has_template;
};

static void start(struct options_run *run)
{
	run->own = arena_alloc(run->arena, sizeof(struct mailx));
}

/* ---- modes that are not here ---- */

#define REFUSED_READING                                                        \
	"reading mail is not supported: this command only sends, as in "       \
	"`mail -s subject ops@example.org`"
#define REFUSED_COMMANDS                                                       \
	"commands of mailx are not supported: use the corresponding "          \
	"options, see --help"
#define REFUSED_FOLDER                                                         \
	"copies named after a recipient are not supported: add "               \
	"yourself with -b"

/* ---- -a, -A ---- */

/* "^[A-Za-z0-9-]+:" */
static size_t field_name(const char *value)
{
	size_t n = 0;

	while (ascii_is_letter(value[n]) || ascii_is_digit(value[n]) ||
	       value[n] == '-')
		n++;
	return value[n] == ':' ? n : 0;
}

static SETTER(set_field)
{
	size_t n = field_name(value);
	const char *name = arena_dup_n(run->arena, value, n);
	const char *rest = n ? value + n + 1 : "";
	int heeded;

	if (!n)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a header field: write it as in "
				 "'X-Name: value'",
				 value);
	heeded = validate_content_field(run, name, rest + strspn(rest, " \t"),
					f);
	if (heeded)
		return heeded < 0 ? -1 : 0;
	return set_header(run, row, value, f);
}

static bool is_readable(const char *path)
{
	return input_is_standard(path) || access(path, R_OK) == 0;
}

static SETTER(set_smart_attach)
{
	struct attachment *last;

	if (field_name(value))
		return set_field(run, row,
				 charset_to_utf8(run->arena, value, NULL), f);
	if (attach_parse(run->arena, run->request, value, false, f) < 0)
		return -1;
	last = request_last_attachment(run->request);
	if (is_readable(last->path))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "'%s' is neither a header field nor a readable file: "
			 "write -a 'X-Name: value' for a field, or -a ./FILE "
			 "for a file",
			 value);
}

/* mailutils attaches a file, s-nail selects an account: it is a file if it
 * exists or if the name looks like one. */
static SETTER(set_attach_or_account)
{
	bool is_file = strpbrk(value, "./=") || input_is_standard(value);
	struct stat st;
	int there = is_file ? 1 : disk_stat(value, &st, f);

	(void)row;
	if (there < 0)
		return -1;
	if (there)
		return attach_parse(run->arena, run->request, value, false, f);
	value = charset_to_utf8(run->arena, value, NULL);
	run->request->account = ((struct mailx *)run->own)->chosen = value;
	return 0;
}

/* ---- the text ---- */

/* Debian's mailx is often called with -E 'set nonascii' and the like. */
static SETTER(set_skip_empty)
{
	const char *next = run->at < run->argc ? run->argv[run->at] : NULL;

	(void)row;
	(void)value;
	(void)f;
	run->request->skip_empty = true;
	if (next && strncmp(next, "set ", 4) == 0)
		run->at++;
	return 0;
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && ascii_equal(text + n - m, end);
}

static SETTER(set_body_file)
{
	(void)row;
	(void)f;
	run->request->body_path = value;
	if (ends_in(value, ".html") || ends_in(value, ".htm"))
		run->request->body_type = "text/html";
	return 0;
}

static SETTER(set_include)
{
	(void)row;
	(void)f;
	if (!input_is_standard(value))
		run->request->include_path = value;
	return 0;
}

static SETTER(set_text_type)
{
	(void)row;
	return validate_body_type(run, value, f);
}

static SETTER(set_template)
{
	(void)row;
	(void)value;
	(void)f;
	((struct mailx *)run->own)->has_template = true;
	return 0;
}

/* ---- others ---- */

/* Sender and envelope sender: -r '' is the default in s-nail. */
static SETTER(set_sender)
{
	return *value ? set_from(run, row, value, f) : 0;
}

/* "cc: address" */
static SETTER(set_target)
{
	static const char *const names[] = { "to", "cc", "bcc" };
	size_t n = field_name(value);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (n == strlen(names[i]) && ascii_begins(value, names[i]))
			return set_header(run, row, value, f);
	return error_set(f, ERROR_USAGE,
			 "'%s' is not to, cc or bcc with an address: write it "
			 "as in 'cc: ops@example.org'",
			 value);
}

static SETTER(set_variable)
{
	(void)row;
	return mailvars_set(run, &((struct mailx *)run->own)->vars, value, f);
}

static SETTER(skip_rc)
{
	struct mailx *own = run->own;

	(void)f;
	if (!value)
		own->skip_system_rc = true;
	else if (strpbrk(value, "-/"))
		own->skip_system_rc = own->skip_rc = true;
	else
		own->skip_rc = !strpbrk(value, "uU"),
		own->skip_system_rc = !strpbrk(value, "sSxX");
	(void)row;
	return 0;
}

static SETTER(end_options)
{
	(void)row;
	(void)value;
	(void)f;
	run->is_past_options = true;
	return 0;
}

static const struct option_row rows[] = {
	HEADING("Message:"),
	ROWS_MESSAGE('s', 'c', 'b', 0, 0),
	TEXT('r', "from-address", "ADDRESS", .set = set_sender,
	     .help = "author and envelope sender"),
	TEXT('C', "custom-header", "FIELD", .set = set_field,
	     .help = "add a header field, 'Name: value'"),
	TEXT('T', "target", "FIELD", .set = set_target,
	     .help = "a recipient, 'cc: address'"),
	FLAG('t', "template", .set = set_template,
	     .help = "take header and recipients from the text; a complete "
		     "message is sent unchanged"),

	HEADING("Content:"),
	FILE_NAME(
		'a', NULL, "FIELD|FILE", .set = set_smart_attach,
		.help = "add a header field if it looks like one, else attach "
			"a file; ./x:y is a file"),
	FILE_NAME(
		'A', NULL, "FILE|ACCOUNT", .set = set_attach_or_account,
		.help = "attach the file if it exists, else use the account of "
			"that name"),
	FLAG('E', NULL, .set = set_skip_empty,
	     .help = "send nothing if the text is empty"),
	FILE_NAME('m', NULL, "FILE", .set = set_body_file,
		  .help = "read the text from FILE instead of stdin"),
	TEXT('M', NULL, "TYPE", .set = set_text_type,
	     .help = "media type of the text"),
	{ .kind = OPTION_FILE,
	  .letter = 'q',
	  .other_letter = 'Q',
	  .name = "quote-file",
	  .argument = "FILE",
	  .set = set_include,
	  .help = "begin the text with this file" },
	ROWS_CONTENT(0, 0, 0, 0),
	GROUP(options_split),

	HEADING("Connection:"),
	TEXT('S', NULL, "VAR[=VALUE]", .set = set_variable,
	     .help = "set a variable of s-nail: smtp, mta, from, "
		     "smtp-auth-user, smtp-use-starttls and others"),
	ROWS_CONNECTION(0, 0),

	HEADING("Instead of sending:"),
	FLAG('d', NULL, .set = set_command, .value = COMMAND_DRY_RUN,
	     .help = "same as --dry-run"),
	GROUP(options_instead),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),

	HEADING("Envelope:"),
	ROWS_ENVELOPE(0),

	HEADING("Other:"),
	FLAG('n', NULL, .set = skip_rc, .help = "do not read /etc/mail.rc"),
	TEXT(':', NULL, "FILES", .set = skip_rc,
	     .help = "start-up files to read: s, u, or / for none"),
	FLAG('.', "end-options", .set = end_options,
	     .help = "end of options, like --"),
	IGNORED_FLAG('B'),
	IGNORED_FLAG('D'),
	IGNORED_FLAG('i'),
	IGNORED_FLAG('N'),
	FLAG('V', NULL, .set = set_command, .value = COMMAND_VERSION,
	     .help = "same as --version"),
	ROWS_OTHER('h'),

	HEADING("Not supported (exit status 64):"),
	REFUSED_FLAG('e', REFUSED_READING, "check for mail"),
	REFUSED_FLAG('f', REFUSED_READING, "read a mailbox"),
	REFUSED_FLAG('H', REFUSED_READING, "list a mailbox"),
	REFUSED_TEXT('L', "WHICH", REFUSED_READING, "list selected messages"),
	REFUSED_FLAG('p', REFUSED_READING, "print a mailbox"),
	REFUSED_FLAG('R', REFUSED_READING, "read-only mode"),
	REFUSED_TEXT('u', "USER", REFUSED_READING, "read mail of another user"),
	REFUSED_FLAG('F', REFUSED_FOLDER,
		     "save to a file named after the recipient"),
	REFUSED_FLAG('I', REFUSED_COMMANDS, "tilde commands in the text"),
	REFUSED_FLAG('~', REFUSED_COMMANDS, "tilde commands in the text"),
	REFUSED_FLAG('#', REFUSED_COMMANDS,
		     "batch mode with commands on stdin"),
	REFUSED_TEXT('X', "COMMAND", REFUSED_COMMANDS,
		     "run a command at startup"),
	REFUSED_TEXT('Y', "COMMAND", REFUSED_COMMANDS,
		     "run a command after startup"),
	ROWS_END,
};

/* ---- recipients ---- */

/* "a@example.org b@example.org" in one argument: either all words are
 * addresses, or it is one display name. */
static bool is_words(const char *value)
{
	size_t words = 0, addresses = 0;

	if (strpbrk(value, "<>\"(),;:"))
		return false;
	while (*(value += strspn(value, " \t"))) {
		size_t n = strcspn(value, " \t");

		words++;
		addresses += memchr(value, '@', n) != NULL;
		value += n;
	}
	return words > 1 && (!addresses || addresses == words);
}

static const char *with_commas(struct arena *a, const char *value)
{
	char *copy = arena_dup(a, value);

	for (char *p = copy; *p; p++)
		if (text_is_blank(*p))
			*p = ',';
	return copy;
}

/* After "--" s-nail takes options for the MTA: none of those may become a
 * recipient. */
static bool is_mta_option(const char *value)
{
	return *value == '-' && value[1] &&
	       (!strchr(value, '@') || value[1] == 'f' || value[1] == 'r');
}

static int argument(struct options_run *run, const char *value, struct error *f)
{
	if (run->is_past_options && is_mta_option(value))
		return error_set(f, ERROR_USAGE,
				 "'%s' after -- would be a recipient: give "
				 "options before --, and the sender with -r",
				 value);
	if (is_words(value))
		value = with_commas(run->arena, value);
	return validate_recipient(run, value, f);
}

/* ---- start-up files ---- */

static int rc_address(struct options_run *run, const char *text,
		      const char *place, struct address *out, struct error *f)
{
	struct address_list list = { 0 };
	struct error wrong = ERROR_INIT;

	if (address_parse_list(run->arena, text, &list, &wrong) < 0 ||
	    !list.count)
		return error_set(f, ERROR_CONFIG, "%s is set to '%s'%s%s",
				 place, text, error_is_set(&wrong) ? ": " : "",
				 wrong.text);
	*out = list.items[0];
	return 0;
}

/* NULL if it is unset or empty. */
static const char *filled(const struct mailrc *rc, const char *name)
{
	const char *value = mailrc_get(rc, name);

	return value && *value ? value : NULL;
}

/* What is uncertain is not guessed: the mail must go as its sender wants. */
static int certain(const struct mailrc *rc, const char *name, struct error *f)
{
	const char *doubt = mailrc_doubt(rc, name);

	return doubt ? error_set(f, ERROR_CONFIG, "%s; set it by -S", doubt)
		     : 0;
}

static int check_doubts(const struct options_run *run, const struct mailrc *rc,
			struct error *f)
{
	const struct mailx *own = run->own;
	const struct request *r = run->request;

	if (!r->has_from && !own->vars.from && certain(rc, "from", f) < 0)
		return -1;
	if (!r->reply_to.count &&
	    (certain(rc, "reply-to", f) < 0 || certain(rc, "replyto", f) < 0))
		return -1;
	if (!r->full_name && mailrc_doubt(rc, "realname"))
		log_warning("%s; the sender has no display name",
			    mailrc_doubt(rc, "realname"));
	return 0;
}

static int use_rc(struct options_run *run, const struct mailrc *rc,
		  struct error *f)
{
	struct mailx *own = run->own;
	struct request *r = run->request;
	const char *from = own->vars.from ? own->vars.from : filled(rc, "from");
	const char *reply_to = filled(rc, "reply-to");
	struct address one;

	if (check_doubts(run, rc, f) < 0)
		return -1;
	if (!reply_to)
		reply_to = filled(rc, "replyto");
	if (!r->has_from && from) {
		if (rc_address(run, from, "from", &r->from, f) < 0)
			return -1;
		r->has_from = true;
		r->from_is_default = !own->vars.from;
	}
	if (!r->reply_to.count && reply_to) {
		if (rc_address(run, reply_to, "reply-to", &one, f) < 0)
			return -1;
		address_append(run->arena, &r->reply_to, &one);
	}
	if (!r->full_name)
		r->full_name = filled(rc, "realname");
	if (!r->full_name)
		r->full_name = filled(rc, "NAME");
	if (!own->has_template && !r->draft_path)
		r->skip_empty |= mailrc_get(rc, "skipemptybody") != NULL;
	/* a dot in the output of a program does not end it */
	r->dot_ends_input = (mailrc_get(rc, "dot") || own->vars.dot) &&
			    sysenv_is_terminal(0);
	return mailvars_read(run, &own->vars, rc, f);
}

static int read_rc(struct options_run *run, struct error *f)
{
	const struct mailx *own = run->own;
	const char *named = sysenv_env("MAILRC");
	struct mailrc rc = {
		.arena = run->arena,
		.nicknames = &run->request->nicknames,
		.typed = own->vars.typed,
	};

	if (!own->skip_system_rc)
		mailrc_read(&rc, "/etc/mail.rc");
	if (!own->skip_rc && (named || sysenv_home()))
		mailrc_read(&rc, named ? named : "~/.mailrc");
	if (own->chosen && mailrc_account(&rc, own->chosen)) {
		run->request->account = NULL;
		run->request->rc_overrides = true;
	}
	return use_rc(run, &rc, f);
}

/* ---- the end ---- */

static int finish(struct options_run *run, struct error *f)
{
	const struct mailx *own = run->own;
	struct request *r = run->request;

	if (conflicts_check(run, CONFLICTS_MAIL, f) < 0)
		return -1;
	if (run->cmdline->kind == COMMAND_SHOW_CONFIG)
		return read_rc(run, f) < 0
			       ? -1
			       : mailvars_finish(run, &own->vars, f);
	if (own->has_template) {
		if (r->draft_path)
			return error_set(f, ERROR_USAGE,
					 "-t and --draft are two messages: "
					 "leave one out");
		r->draft_path = "-";
		r->recipients_from_header = r->draft_overrides = true;
		r->draft_has_comments = true;
		r->extends_header = r->reverse_path_from_header = true;
	} else if (r->draft_path) {
		r->recipients_from_header = request_recipients(r) == 0;
	} else if (!request_recipients(r) && r->action != REQUEST_PRINT) {
		return error_set(f, ERROR_USAGE,
				 "no recipient, and reading mail is not "
				 "supported: give one, as in `mail -s subject "
				 "ops@example.org`");
	}
	if (read_rc(run, f) < 0 || mailvars_finish(run, &own->vars, f) < 0)
		return -1;
	return validate_message(run, f);
}

static const char notes[] =
	"Mail that can neither be delivered nor queued is saved in "
	"~/dead.letter.\n"
	"See mail(1), mailsend(1) and mailsend.conf(5).\n";

#define MAILX(called)                                                          \
	{                                                                      \
		.name = (called), .synopsis = "[options] address...",          \
		.about = "Send a mail; the text is read from stdin.",          \
		.common = "s r c b a A E m t S n d v print account help "      \
			  "version",                                           \
		.examples = "  df -h | " called                                \
			    " -s 'disk usage' ops@example.org\n"               \
			    "  " called                                        \
			    " -s report -A report.pdf ops@example.org < "      \
			    "text.txt\n",                                      \
		.notes = notes, .rows = rows, .start = start,                  \
		.argument = argument, .finish = finish                         \
	}

const struct persona persona_mail = MAILX("mail");
const struct persona persona_mailx = MAILX("mailx");
