/* mutt.c - the options of mutt and neomutt in batch mode.
 *
 * After the first -a every argument up to "--" is a file, wherever it is.  The
 * start-up file is read first, then the -e commands, although they were typed
 * before, then the options apply. */
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "compose/input.h"
#include "mail/charset.h"
#include "persona/attach.h"
#include "persona/conflicts.h"
#include "persona/muttrc.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

struct typed {
	const char *text;
	struct typed *next;
};

struct mutt {
	bool is_attaching;
	const char *rc; /* of -F, or NULL */
	struct typed *commands, **last_command;
};

static void start(struct options_run *run)
{
	struct mutt *own = arena_alloc(run->arena, sizeof(*own));

	own->last_command = &own->commands;
	run->own = own;
}

#define REFUSED_READING                                                        \
	"reading mail is not supported: this is mailsend's batch mutt, "       \
	"as in `mutt -s subject -- ops@example.org <text`"
#define REFUSED_EDITING                                                        \
	"editing is not supported: this is mailsend's batch mutt, "            \
	"which sends what it reads from standard input"
#define REFUSED_QUERY                                                          \
	"queries are not supported: --show-config prints the "                 \
	"configuration"
#define REFUSED_CRYPT                                                          \
	"signing and encryption are not supported, so nothing was sent"

static SETTER(set_files)
{
	(void)row;
	((struct mutt *)run->own)->is_attaching = true;
	return attach_parse(run->arena, run->request, value, false, f);
}

static SETTER(add_command)
{
	struct mutt *own = run->own;
	struct typed *new = arena_alloc(run->arena, sizeof(*new));

	(void)row;
	(void)f;
	new->text = value;
	*own->last_command = new;
	own->last_command = &new->next;
	return 0;
}

static SETTER(set_rc)
{
	(void)row;
	(void)f;
	((struct mutt *)run->own)->rc = value;
	return 0;
}

static SETTER(set_debug)
{
	(void)row;
	(void)f;
	run->request->transcript = strcmp(value, "0") != 0;
	return 0;
}

static const struct option_row rows[] = {
	HEADING("Message:"),
	ROWS_MESSAGE('s', 'c', 'b', 0, 0),

	HEADING("Content:"),
	FILE_NAME('a', NULL, "FILE...", .set = set_files,
		  .help = "attach all files up to --"),
	FILE_NAME('i', "include", "FILE", .field = OPTION_FIELD(include_path),
		  .help = "begin the text with this file"),
	FILE_NAME('H', NULL, "FILE", .field = OPTION_FIELD(draft_path),
		  .help = "draft with header and text; '-' is stdin"),
	ROWS_CONTENT(0, 0, 0, 0),
	GROUP(options_split),

	HEADING("Connection and configuration:"),
	TEXT('e', NULL, "COMMAND", .set = add_command,
	     .help = "run a muttrc command: set from, realname, use_from, "
		     "content_type, my_hdr, alias"),
	FILE_NAME('F', NULL, "FILE", .set = set_rc,
		  .help = "read FILE instead of ~/.muttrc"),
	IGNORED_FLAG('n'),
	IGNORED_FLAG('x'),
	IGNORED_TEXT('m', "TYPE"),
	ROWS_CONNECTION(0, 0),

	HEADING("Instead of sending:"),
	GROUP(options_instead),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),
	TEXT('d', NULL, "LEVEL", .set = set_debug,
	     .help = "same as --transcript unless LEVEL is 0"),

	HEADING("Envelope:"),
	ROWS_ENVELOPE(0),

	HEADING("Other:"),
	ROWS_OTHER('h'),

	HEADING("Not supported (exit status 64):"),
	REFUSED_TEXT('A', "ALIAS", REFUSED_QUERY, "show an alias"),
	REFUSED_FLAG('B', REFUSED_QUERY, "batch mode"),
	REFUSED_FLAG('C', REFUSED_CRYPT, "sign or encrypt"),
	REFUSED_FLAG('D', REFUSED_QUERY, "show all variables"),
	REFUSED_FLAG('E', REFUSED_EDITING, "edit the draft"),
	REFUSED_TEXT('f', "MAILBOX", REFUSED_READING, "read a mailbox"),
	REFUSED_TEXT('g', "GROUP", REFUSED_READING, "read news"),
	REFUSED_FLAG('G', REFUSED_READING, "read news"),
	REFUSED_FLAG('p', REFUSED_EDITING, "resume a postponed message"),
	REFUSED_TEXT('Q', "VARIABLE", REFUSED_QUERY, "show a variable"),
	REFUSED_FLAG('R', REFUSED_READING, "read-only mode"),
	REFUSED_FLAG('y', REFUSED_READING, "list mailboxes"),
	REFUSED_FLAG('z', REFUSED_READING, "check for mail"),
	REFUSED_FLAG('Z', REFUSED_READING, "check for new mail"),
	ROWS_END,
};

/* ---- mailto: ----
 *
 * A recipient as a link has it (RFC 6068):
 * "mailto:ops@example.org?subject=hello".  What is written where links are
 * clicked is not to be trusted: of the fields only those are heeded that a
 * person would see in the mail, and no file is ever attached.  It is cut at '?'
 * and '&' first and decoded after, so that neither can be written into an
 * address. */

static const char scheme[] = "mailto:";

static bool is_mailto(const char *text)
{
	return ascii_begins(text, scheme);
}

/* NULL with the error if it has a character that no field may have. */
static const char *decode_link(struct options_run *run, const char *text,
			       size_t n, struct error *f)
{
	char *out = arena_alloc(run->arena, n + 1), *end = out;

	for (const char *p = text; p < text + n; p++) {
		int octet =
			*p == '%' && text + n - p > 2 ? validate_octet(p) : -1;

		if (octet >= 0)
			p += 2;
		else
			octet = (unsigned char)*p;
		if (octet < ' ' || octet == 127) {
			error_set(f, ERROR_USAGE,
				  "the link has a line break or a control "
				  "character in it: leave it out");
			return NULL;
		}
		*end++ = (char)octet;
	}
	*end = '\0';
	return charset_to_utf8(run->arena, out, "utf-8");
}

static int take_list(struct options_run *run, const char *list, struct error *f)
{
	static const struct option_row to = { .name = "to", .value = LIST_TO };

	return list ? set_list(run, &to, list, f) : -1;
}

static int take_link_field(struct options_run *run, const char *name,
			   const char *value, struct error *f)
{
	static const char *const heeded[] = { "cc",	    "subject",
					      "keywords",   "in-reply-to",
					      "references", NULL };

	/* the command line wins */
	if (ascii_equal(name, "subject") && run->request->subject)
		return 0;
	if (ascii_equal(name, "to"))
		return take_list(run, value, f);
	if (ascii_equal(name, "body"))
		return error_set(f, ERROR_USAGE,
				 "the text is read from standard input: leave "
				 "'body=' out of the link");
	if (ascii_is_among(name, heeded))
		return set_header(run, NULL,
				  arena_format(run->arena, "%s: %s", name,
					       value),
				  f);
	log_note("'%s' of the link is ignored", name);
	return 0;
}

static int take_pair(struct options_run *run, const char *pair, size_t n,
		     struct error *f)
{
	const char *equals = memchr(pair, '=', n);
	size_t length = equals ? (size_t)(equals - pair) : n;
	const char *name = decode_link(run, pair, length, f), *value;

	if (!name || !equals)
		return name ? 0 : -1;
	value = decode_link(run, equals + 1, n - length - 1, f);
	return value ? take_link_field(run, name, value, f) : -1;
}

static int take_mailto(struct options_run *run, const char *text,
		       struct error *f)
{
	const char *at = text + strlen(scheme);
	size_t n = strcspn(at, "?");

	if (n && take_list(run, decode_link(run, at, n, f), f) < 0)
		return -1;
	for (at += n; *at; at += n) {
		at++;
		n = strcspn(at, "&");
		if (take_pair(run, at, n, f) < 0)
			return -1;
	}
	return 0;
}

/* ---- arguments ---- */

static int argument(struct options_run *run, const char *value, struct error *f)
{
	const struct mutt *own = run->own;
	const char *typed = run->argv[run->at - 1];
	struct stat st;
	int there;

	if (!own->is_attaching || run->is_past_options)
		return is_mailto(value) ? take_mailto(run, value, f)
					: validate_recipient(run, value, f);
	there = strchr(value, '@') ? disk_stat(typed, &st, f) : 1;
	if (there < 0)
		return -1;
	if (!there)
		return error_set(f, ERROR_USAGE,
				 "'%s' after -a would be a file: write -- "
				 "before the first address",
				 value);
	return attach_parse(run->arena, run->request, typed, false, f);
}

/* ---- what was set ---- */

static int rc_address(struct options_run *run, const char *text,
		      const char *name, struct address *out, struct error *f)
{
	struct error wrong = ERROR_INIT;

	if (address_parse(run->arena, text, false, out, &wrong) == 0)
		return 0;
	return error_set(f, ERROR_CONFIG, "mutt's %s is set to '%s': %s", name,
			 text, wrong.text);
}

/* my_hdr: an option wins over it, and a draft's own fields over both. */
static int use_fields(struct options_run *run, const struct header *fields,
		      struct error *f)
{
	struct request *r = run->request;

	for (const struct field *x = fields->first; x; x = x->next) {
		int heeded;

		if ((ascii_equal(x->name, "Subject") && r->subject) ||
		    (ascii_equal(x->name, "From") && r->has_from))
			continue;
		heeded = validate_content_field(run, x->name, x->value, f);
		if (heeded < 0)
			return -1;
		if (!heeded && set_header(run, NULL,
					  arena_format(run->arena, "%s: %s",
						       x->name, x->value),
					  f) < 0)
			return -1;
	}
	return 0;
}

static int certain(const struct muttrc *rc, const char *name, struct error *f)
{
	const char *doubt = muttrc_doubt(rc, name);

	return doubt ? error_set(f, ERROR_CONFIG, "%s", doubt) : 0;
}

/* What is uncertain is not guessed: the mail must go as its sender wants. */
static int check_doubts(const struct request *r, const struct muttrc *rc,
			struct error *f)
{
	bool has_from = r->has_from || header_has(&rc->fields, "From");

	if (certain(rc, "my_hdr To", f) < 0 ||
	    certain(rc, "my_hdr Cc", f) < 0 ||
	    certain(rc, "my_hdr Bcc", f) < 0 ||
	    certain(rc, "my_hdr Reply-To", f) < 0)
		return -1;
	if (!r->has_from && certain(rc, "my_hdr From", f) < 0)
		return -1;
	if (!has_from && (certain(rc, "use_from", f) < 0 ||
			  (!rc->skip_from && certain(rc, "from", f) < 0)))
		return -1;
	if (!r->has_envelope_from &&
	    (certain(rc, "use_envelope_from", f) < 0 ||
	     (rc->use_envelope_from &&
	      certain(rc, "envelope_from_address", f) < 0)))
		return -1;
	if (!r->full_name && muttrc_doubt(rc, "realname"))
		log_warning("%s; the sender has no display name",
			    muttrc_doubt(rc, "realname"));
	return r->draft_path ? 0 : certain(rc, "content_type", f);
}

static int use_rc(struct options_run *run, const struct muttrc *rc,
		  struct error *f)
{
	struct request *r = run->request;

	if (check_doubts(r, rc, f) < 0)
		return -1;
	if (rc->body_type && !r->draft_path &&
	    validate_body_type(run, rc->body_type, f) < 0)
		return -1;
	if (use_fields(run, &rc->fields, f) < 0)
		return -1;
	if (!r->has_from && rc->from && !rc->skip_from) {
		if (rc_address(run, rc->from, "from", &r->from, f) < 0)
			return -1;
		r->has_from = r->from_is_default = true;
	}
	if (!r->full_name)
		r->full_name = rc->full_name;
	if (r->has_envelope_from || !rc->use_envelope_from ||
	    !rc->envelope_from)
		return 0;
	r->has_envelope_from = true;
	return rc_address(run, rc->envelope_from, "envelope_from_address",
			  &r->envelope_from, f);
}

static int read_rc(struct options_run *run, struct error *f)
{
	static const char *const mutt[] = { "~/.muttrc", "~/.mutt/muttrc",
					    "~/.config/mutt/muttrc", NULL };
	static const char *const neomutt[] = {
		"~/.config/neomutt/neomuttrc",
		"~/.config/neomutt/muttrc",
		"~/.neomutt/neomuttrc",
		"~/.neomuttrc",
		"~/.config/mutt/muttrc",
		"~/.mutt/muttrc",
		"~/.muttrc",
		NULL,
	};
	const struct mutt *own = run->own;
	const char *const named[] = { own->rc, NULL };
	struct muttrc rc;
	int r = 0;

	muttrc_init(&rc, run);
	if (own->rc && strcmp(own->rc, "/dev/null") != 0)
		r = muttrc_read(&rc, named, f);
	else if (!own->rc && sysenv_home() &&
		 muttrc_read(&rc,
			     run->persona == &persona_neomutt ? neomutt : mutt,
			     f) < 0)
		return -1;
	if (r == 1)
		return error_set(f, ERROR_NOINPUT, "-F: there is no file %s",
				 own->rc);
	if (r < 0)
		return -1;
	run->shown = "-e";
	for (const struct typed *x = own->commands; x; x = x->next) {
		struct error wrong = ERROR_INIT;

		if (muttrc_command(&rc, x->text, &wrong) < 0)
			return error_set(f, wrong.cause, "-e: %s", wrong.text);
	}
	if (muttrc_hooks(&rc, f) < 0)
		return -1;
	muttrc_get(&rc.variables, "folder", &run->request->mutt_folder);
	return use_rc(run, &rc, f);
}

/* ---- the end ---- */

static int check_batch(const struct request *r, struct error *f)
{
	if (!request_recipients(r) && !r->draft_path)
		return error_set(f, ERROR_USAGE,
				 "no recipient: this is mailsend's batch "
				 "mutt, give one after --, as in `mutt -s "
				 "subject -- ops@example.org`");
	if (input_is_standard(r->body_path) && sysenv_is_terminal(0))
		return error_set(f, ERROR_USAGE,
				 "standard input is a terminal: this is "
				 "mailsend's batch mutt, pass the text by `< "
				 "FILE` or a pipe");
	return 0;
}

static int finish(struct options_run *run, struct error *f)
{
	struct request *r = run->request;

	if (conflicts_check(run, CONFLICTS_MAIL, f) < 0)
		return -1;
	if (run->cmdline->kind == COMMAND_SHOW_CONFIG)
		return 0;
	if (r->draft_path) {
		r->include_path = NULL; /* as in mutt */
		r->recipients_from_header = r->extends_header = true;
		r->reverse_path_from_header = r->draft_is_from_mutt = true;
	} else if (input_is_standard(r->include_path)) {
		r->include_path = NULL;
		r->body_path = "-";
	}
	if (read_rc(run, f) < 0 || validate_message(run, f) < 0)
		return -1;
	return r->action == REQUEST_PRINT ? 0 : check_batch(r, f);
}

static const char notes[] =
	"Mail that can neither be delivered nor queued is saved in "
	"~/dead.letter.\n"
	"See mailsend-names(7), mailsend(1) and mailsend.conf(5).\n";

#define MUTT(called)                                                           \
	{                                                                      \
		.name = (called),                                              \
		.synopsis = "[options] [-a file... --] address...",            \
		.about = "Send a mail; the text is read from stdin.",          \
		.common = "s c b a i H e F d v print account help version",    \
		.examples = "  df -h | " called                                \
			    " -s 'disk usage' ops@example.org\n"               \
			    "  " called                                        \
			    " -s report -a report.pdf -- ops@example.org < "   \
			    "text.txt\n",                                      \
		.notes = notes, .rows = rows, .start = start,                  \
		.argument = argument, .finish = finish                         \
	}

const struct persona persona_mutt = MUTT("mutt");
const struct persona persona_neomutt = MUTT("neomutt");
