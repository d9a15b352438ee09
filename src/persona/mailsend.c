/* mailsend.c - the options of `mailsend`, in the order in which --help shows
 * them. */
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

/* personas.c has handled it if it comes first. */
static SETTER(set_mailq)
{
	(void)run;
	(void)row;
	(void)value;
	return error_set(f, ERROR_USAGE,
			 "it must be the first option: `mailsend --mailq "
			 "[options]`");
}

static SETTER(set_run)
{
	(void)run;
	(void)row;
	(void)value;
	return error_set(f, ERROR_USAGE,
			 "it must be the first option: `mailsend --run "
			 "[options] ops@example.org -- command`");
}

static const struct option_row rows[] = {
	HEADING("Message:"),
	ROWS_MESSAGE('s', 'c', 'b', 'r', 'H'),

	HEADING("Content:"),
	ROWS_CONTENT('a', 'A', 'i', 'E'),

	HEADING("Large files and many mails:"),
	GROUP(options_split),
	GROUP(options_series),

	HEADING("Instead of sending:"),
	GROUP(options_instead),

	HEADING("Diagnosis:"),
	GROUP(options_check),
	GROUP(options_roundtrip),
	GROUP(options_talk),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),

	HEADING("Connection:"),
	ROWS_CONNECTION(0, 0),
	FLAG(0, "setup", .set = set_command, .value = COMMAND_SETUP,
	     .help = "interactive configuration for your address"),
	GROUP(options_login),

	HEADING("Envelope:"),
	ROWS_ENVELOPE('f'),

	HEADING("Queue:"),
	GROUP(options_queue),
	FLAG(0, "mailq", .set = set_mailq,
	     .help = "show and change the queue: see --mailq --help"),

	HEADING("Server:"),
	GROUP(options_serve),

	HEADING("Jobs:"),
	FLAG(0, "run", .set = set_run,
	     .help = "run a job, and mail its output when it fails: see --run "
		     "--help"),

	HEADING("Other:"),
	FLAG('n', "no-rc", .set = set_nothing,
	     .help = "ignored, for compatibility with mail"),
	ROWS_OTHER('h'),
	ROWS_END,
};

static bool is_about_login(enum command_kind kind)
{
	return kind == COMMAND_LOGIN || kind == COMMAND_LOGOUT ||
	       kind == COMMAND_TOKEN;
}

/* After --flush: ids; after --login: an account. */
static int argument(struct options_run *run, const char *value, struct error *f)
{
	if (run->cmdline->kind == COMMAND_RUN_QUEUE)
		return choose_queued(run, WORDS_IDS, value, f);
	if (is_about_login(run->cmdline->kind) && !run->request->account) {
		run->request->account = value;
		return 0;
	}
	return validate_recipient(run, value, f);
}

/* Checks of the commands that send no mail. */
static int finish_tool(struct options_run *run, struct error *f)
{
	switch (run->cmdline->kind) {
	case COMMAND_ROUNDTRIP:
		return finish_roundtrip(run->cmdline, f);
	case COMMAND_TALK:
		return finish_talk(run, f);
	default:
		return 0;
	}
}

static int finish(struct options_run *run, struct error *f)
{
	const struct series_options *series = &run->cmdline->series;
	struct request *r = run->request;
	bool to_nobody = request_recipients(r) == 0;

	if (conflicts_check(run, CONFLICTS_MAILSEND, f) < 0)
		return -1;
	choose_queue_user(run);
	if (r->action == REQUEST_NO_MAIL)
		return finish_tool(run, f);
	if (series->resume || series->source == SERIES_BATCH)
		return 0;
	if (validate_message(run, f) < 0)
		return -1;
	r->recipients_from_header = r->draft_path && to_nobody;
	if (to_nobody && !r->draft_path && r->action != REQUEST_PRINT)
		return error_set(f, ERROR_USAGE,
				 "no recipient: give one, as in `mailsend -s "
				 "subject ops@example.org`");
	return 0;
}

static const char notes[] =
	"LIST is a comma-separated list of addresses; options may be "
	"repeated.\n"
	"Without a configuration, mail to yourself is delivered to "
	"~/Maildir.\n"
	"Exit status 0: accepted or queued for every recipient; else it is "
	"saved in\n"
	"~/dead.letter.  See mailsend(1) and mailsend.conf(5).\n";

const struct persona persona_mailsend = {
	.name = "mailsend",
	.synopsis = "[options] address...",
	.about = "Send a mail; the text is read from stdin.",
	.common = "subject cc bcc from header attach body html draft "
		  "skip-empty split account queue verbose print explain check "
		  "flush mailq run setup setup-queue help version",
	.examples = "  df -h | mailsend -s 'disk usage' ops@example.org\n"
		    "  tar cz logs | mailsend -s logs -a -=logs.tgz "
		    "ops@example.org\n"
		    "  mailsend --setup you@example.org\n",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
};
