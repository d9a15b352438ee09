/* mailget.c - list, read, save and delete mail in a mailbox.
 *
 * argv -> fetch_order -> fetch_run -> exit status.  The first argument is the
 * mailbox, the second the command, followed by its arguments. */
#include <string.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "commands.h"
#include "fetch/fetch.h"
#include "persona/options.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "program.h"
#include "reader.h"

#define LINES_MAX 1000000

/* The parsed command line and the run; rows fill it (OPTION_OWN). */
struct run {
	struct reader reader; /* the account, the transcript, --json */
	struct fetch_order order;
	bool is_raw;
};

/* ---- options ---- */

static struct run *run_of(struct options_run *run)
{
	return (struct run *)run->cmdline;
}

static SETTER(set_tls_switch)
{
	(void)row;
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not on or off; pop3s:// and imaps:// "
				 "have implicit TLS",
				 value);
	return override_setting(run, "tls", value, f);
}

static SETTER(set_trust)
{
	(void)row;
	return override_setting(run, "tls_trust_file", value, f);
}

static SETTER(set_fingerprint)
{
	(void)row;
	return override_setting(run, "tls_fingerprint", value, f);
}

static const struct option_row rows[] = {
	HEADING("Messages:"),
	FLAG('n', "new", .field = OPTION_OWN(struct run, order.only_new),
	     .help = "only messages not yet retrieved with --new"),
	FLAG('y', "yes", .field = OPTION_OWN(struct run, order.yes),
	     .help = "delete without confirmation"),
	FLAG('f', "force", .field = OPTION_OWN(struct run, order.force),
	     .help = "overwrite existing files"),
	FLAG(0, "maildir", .field = OPTION_OWN(struct run, order.is_maildir),
	     .help = "fetch: write a Maildir"),
	FLAG(0, "into", .field = OPTION_OWN(struct run, order.goes_inside),
	     .help = "extract attachments of attached messages instead of "
		     "the messages themselves"),
	HEADING("Protocol:"),
	FLAG(0, "raw", .field = OPTION_OWN(struct run, is_raw),
	     .help = "send POP3 or IMAP commands from stdin, print the "
		     "replies on stdout"),
	FLAG(0, "talk", .set = set_command, .value = COMMAND_TALK,
	     .help = "interactive POP3 or IMAP session after TLS and login; "
		     "enter \\help there"),
	FLAG(0, "no-auth", .field = COMMAND_FIELD(talk.skips_login),
	     .help = "with --talk: do not log in"),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),

	HEADING("Connection:"),
	ROWS_MAILBOX('a', 'C', 'u'),
	TEXT(0, "tls", "HOW", .set = set_tls_switch, .words = "on off",
	     .help = "off: no TLS; only for a server on this machine"),
	FILE_NAME(0, "trust-file", "FILE", .set = set_trust,
		  .help = "trusted CA certificates, PEM"),
	TEXT(0, "fingerprint", "HEX", .set = set_fingerprint,
	     .help = "fingerprint that the certificate must have"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "override any setting of the configuration"),

	HEADING("Other:"),
	ROWS_OTHER('h'),
	ROWS_END,
};

/* ---- words ---- */

/* Arguments of a command: numbers, at least and at most so many, and a path
 * before or after them. */
static const struct action {
	const char *name;
	enum fetch_action action;
	const char *synopsis;
	size_t least, most;
	bool has_path, path_first;
} actions[] = {
	{ "list", FETCH_LIST, "list [N...]", 0, (size_t)-1, false, false },
	{ "show", FETCH_SHOW, "show N", 0, 1, false, false },
	{ "top", FETCH_TOP, "top N LINES", 1, 1, true, false },
	{ "save", FETCH_SAVE, "save N FILE", 0, 1, true, false },
	{ "attachments", FETCH_ATTACHMENTS, "attachments N... DIR", 0,
	  (size_t)-1, true, false },
	{ "delete", FETCH_DELETE, "delete N...", 1, (size_t)-1, false, false },
	{ "fetch", FETCH_KEEP, "fetch DIR [N...]", 0, (size_t)-1, true, true },
};
#define ACTIONS (sizeof(actions) / sizeof(*actions))

static const struct action *find_action(const char *word, struct error *f)
{
	struct nearest n;

	nearest_init(&n, word);
	for (size_t i = 0; i < ACTIONS; i++) {
		if (!strcmp(actions[i].name, word))
			return &actions[i];
		nearest_offer(&n, actions[i].name);
	}
	error_set(f, ERROR_USAGE, "\"%s\" is not a command%s%s%s", word,
		  n.best ? ": did you mean " : "; see mailget --help",
		  n.best ? n.best : "", n.best ? "?" : "");
	return NULL;
}

static int read_lines(struct run *w, const char *word, struct error *f)
{
	uint64_t n;

	if (!text_number(word, LINES_MAX, &n))
		return error_set(f, ERROR_USAGE,
				 "\"%s\" is not a number of lines: top N LINES",
				 word);
	w->order.lines = (unsigned)n;
	return 0;
}

static int take_path(struct run *w, const struct action *act,
		     const char *const *words, size_t *count, struct error *f)
{
	const char *path;

	if (!*count)
		return error_set(f, ERROR_USAGE,
				 "an argument is missing: mailget SOURCE %s",
				 act->synopsis);
	path = act->path_first ? words[0] : words[*count - 1];
	--*count;
	if (act->action == FETCH_TOP)
		return read_lines(w, path, f);
	w->order.path = path;
	return 0;
}

static int take_numbers(struct run *w, const struct action *act,
			const char *const *words, size_t count, struct error *f)
{
	/* with --new there may be exactly one new message */
	bool may_lack =
		act->least == 0 && (act->most != 1 || w->order.only_new);

	if (count > act->most || count < act->least || (!count && !may_lack))
		return error_set(f, ERROR_USAGE,
				 "%s: write it as in mailget SOURCE %s",
				 count > act->most ? "too many arguments"
						   : "an argument is missing",
				 act->synopsis);
	for (size_t i = 0; i < count; i++)
		if (!choice_is_word(words[i]))
			return error_set(
				f, ERROR_USAGE,
				"\"%s\" is not a message: write a number, 3-9, "
				"last or all, as in mailget SOURCE %s",
				words[i], act->synopsis);
	w->order.words = words;
	w->order.word_count = count;
	return 0;
}

static int read_words(struct run *w, struct error *f)
{
	const char *const *words = w->reader.words + 1;
	const struct action *act = &actions[0];
	size_t count = w->reader.word_count - 1;

	if (count) {
		act = find_action(*words++, f);
		count--;
	}
	if (!act)
		return -1;
	w->order.action = act->action;
	if (act->has_path) {
		if (take_path(w, act, words, &count, f) < 0)
			return -1;
		words += act->path_first;
	}
	return take_numbers(w, act, words, count, f);
}

static int check_together(const struct run *w, struct error *f)
{
	const struct fetch_order *o = &w->order;

	if (w->reader.cmdline.request.json && o->action != FETCH_LIST)
		return error_set(f, ERROR_USAGE, "--json is for list");
	if (o->is_maildir && o->action != FETCH_KEEP)
		return error_set(f, ERROR_USAGE, "--maildir is for fetch");
	if (o->only_new && !strcmp(o->source, "-"))
		return error_set(f, ERROR_USAGE,
				 "--new cannot be used with standard input");
	return 0;
}

static int check_talk(const struct run *w, struct error *f)
{
	if (w->reader.word_count > 1 || w->is_raw ||
	    w->reader.cmdline.request.json)
		return error_set(f, ERROR_USAGE,
				 "--talk reads commands from the terminal: "
				 "give only the URL");
	if (w->reader.cmdline.request.transcript)
		return error_set(f, ERROR_USAGE,
				 "--talk shows the session anyway: name a "
				 "file, as in --transcript=FILE");
	return 0;
}

static int finish(struct options_run *run, struct error *f)
{
	struct run *w = run_of(run);

	if (!w->reader.word_count)
		return error_set(f, ERROR_USAGE,
				 "give a mailbox: a file, a directory, '-', or "
				 "pop3s://USER@HOST, imaps://USER@HOST/FOLDER");
	w->order.source = w->reader.words[0];
	w->reader.reads_input = strcmp(w->order.source, "-") == 0;
	if (w->reader.cmdline.kind == COMMAND_TALK)
		return check_talk(w, f);
	if (w->is_raw) {
		w->order.action = FETCH_RAW;
		if (w->reader.word_count > 1)
			return error_set(f, ERROR_USAGE,
					 "--raw takes its commands from "
					 "standard input: leave '%s' out",
					 w->reader.words[1]);
	} else if (read_words(w, f) < 0) {
		return -1;
	}
	return check_together(w, f);
}

static const char notes[] =
	"Commands:\n"
	"  [list [N...]]         list messages, one per line\n"
	"  show N                print the raw message\n"
	"  top N LINES           print its header and the first lines\n"
	"  save N FILE           save it to a file; '-' is stdout\n"
	"  attachments N... DIR  extract attached files into a directory\n"
	"  delete N...           delete messages permanently, after "
	"confirmation\n"
	"  fetch DIR [N...]      save each message as a file in a directory\n"
	"\n"
	"SOURCE: a file, a directory of files, an mbox, a Maildir, '-' for "
	"stdin,\n"
	"pop3[s]://USER@HOST or imap[s]://USER@HOST/FOLDER.\n"
	"N: a number, 3-9, last or all.  See mailget(1).\n";

const struct persona persona_mailget = {
	.name = "mailget",
	.synopsis = "[options] SOURCE [COMMAND]",
	.about = "List, read, save and delete mail in a mailbox.",
	.common = "new yes force maildir raw talk verbose json "
		  "account config user tls help version",
	.examples =
		"  mailget imaps://me@mail.example.org\n"
		"  mailget imaps://me@mail.example.org show last | less\n"
		"  mailget --maildir pop3s://me@mail.example.org fetch mail/\n",
	.notes = notes,
	.rows = rows,
	.argument = reader_argument,
	.finish = finish,
};

/* ---- acting ---- */

static int act(struct reader *r, struct error *f)
{
	struct run *run = (struct run *)r;
	struct config_query config = request_config(&r->cmdline.request);
	struct fetch_order *o = &run->order;

	if (r->cmdline.kind == COMMAND_TALK) {
		interrupt_tell();
		return talk_with_mailbox(&r->arena, &r->cmdline, o->source, f);
	}
	o->config = &config;
	o->spool = r->spool;
	o->json = r->cmdline.request.json;
	o->trace = transcript_trace(&r->transcript);
	return fetch_run(&r->arena, o, f);
}

static int run_program(int argc, char **argv)
{
	struct run run = { .is_raw = false };

	return reader_run(&run.reader, &persona_mailget, act, argc, argv);
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "mailget",
		.first = { 75, "it was not finished" },
		.run = run_program,
	};

	return program_main(&program, argc, argv);
}
