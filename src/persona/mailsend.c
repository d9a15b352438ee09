/* mailsend.c - our own face: the options of `mailsend`.
 *
 * The order is that of use, since --help shows it. */
#include "base/ascii.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"
#include "server/listener.h"

#include <string.h>

/* "-": as inetd starts it, or a program that wants to talk to us. */
static SETTER(set_serve)
{
	struct option_row action = *row;

	action.value = strcmp(value, "-") == 0 ? (int)REQUEST_SERVE_STDIO
					       : (int)REQUEST_SERVE;
	if (action.value == (int)REQUEST_SERVE && listener_check(value, f) < 0)
		return -1;
	run->request->serve = value;
	return set_action(run, &action, NULL, f);
}

static SETTER(set_serve_tls)
{
	bool is_implicit = ascii_equal(value, "implicit");

	(void)row;
	if (!is_implicit && !ascii_equal(value, "starttls"))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not how TLS begins: starttls or "
				 "implicit",
				 value);
	return override_setting(run, "serve_tls_starttls",
				is_implicit ? "off" : "on", f);
}

/* Where it stands first, personas.c has seen it. */
static SETTER(set_mailq)
{
	(void)run;
	(void)row;
	(void)value;
	return error_set(f, ERROR_USAGE,
			 "write it first: `mailsend --mailq [options]`");
}

static const struct option_row rows[] = {
	HEADING("Message:"),
	ROWS_MESSAGE('s', 'c', 'b', 'r', 'H'),

	HEADING("Content:"),
	ROWS_CONTENT('a', 'A', 'i', 'E'),

	HEADING("Large files and many mails:"),
	ROWS_SPLIT,
	ROWS_SERIES,

	HEADING("Instead of sending:"),
	ROWS_INSTEAD,

	HEADING("Diagnosis:"),
	ROWS_CHECK,
	ROWS_ROUNDTRIP,
	OPTIONAL(0, "talk", "URL", .set = set_talk,
		 .help = "interactive SMTP session after TLS and login; enter "
			 "\\help there"),
	FLAG(0, "no-auth", .field = OPTION_FIELD(talk.stays_out),
	     .help = "with --talk: do not log in"),

	HEADING("Output:"),
	ROWS_TOLD('v'),

	HEADING("Connection:"),
	ROWS_WAY(0, 0),
	FLAG(0, "setup", .set = set_action, .value = REQUEST_SETUP,
	     .help = "interactive configuration for your address"),

	HEADING("Envelope:"),
	ROWS_ENVELOPE('f'),

	HEADING("Queue:"),
	ROWS_QUEUE,
	FLAG(0, "mailq", .set = set_mailq,
	     .help = "show and change the queue: see --mailq --help"),

	HEADING("Server:"),
	TEXT(0, "serve", "ADDRESS:PORT", .set = set_serve,
	     .help = "run as an SMTP server: '2525' or '[::1]:2525'; '-' is "
		     "stdin and stdout"),
	FLAG(0, "serve-anyone", .field = OPTION_FIELD(serve_anyone),
	     .help = "accept mail without login from any client that can "
		     "connect"),
	FILE_NAME(0, "serve-cert", "FILE", .set = set_setting,
		  .help = "TLS certificate of the server"),
	FILE_NAME(0, "serve-key", "FILE", .set = set_setting,
		  .help = "private key of the certificate"),
	TEXT(0, "serve-tls", "HOW", .set = set_serve_tls,
	     .help = "starttls (default) or implicit, as on port 465"),

	HEADING("Other:"),
	FLAG('n', "no-rc", .set = set_nothing,
	     .help = "ignored, for compatibility with mail"),
	ROWS_OTHER('h'),
	ROWS_END,
};

/* The mails are the clients', all of each. */
static int check_serving(const struct request *r, struct error *f)
{
	if (request_recipients(r) == 0 && !r->subject && !r->draft_path &&
	    !r->body_path && !r->html_path && !r->attachments &&
	    !r->extra.first && !r->has_from && !r->has_envelope_from)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--serve takes its mails from clients: leave out "
			 "what belongs to one mail");
}

/* Behind --flush stand ids. */
static int argument(struct options_run *run, const char *value, struct error *f)
{
	if (run->request->action == REQUEST_RUN_QUEUE)
		return choose_queued(run, WORDS_IDS, value, f);
	return validate_recipient(run, value, f);
}

/* Recipients that stood before --flush were read as such. */
static int check_queue(const struct request *r, struct error *f)
{
	if (request_recipients(r) == 0 && !r->subject && !r->draft_path &&
	    !r->body_path && !r->html_path && !r->attachments)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "this command is about the queue and sends no new "
			 "mail: leave recipients and content out%s",
			 r->action == REQUEST_RUN_QUEUE
				 ? ", and write ids behind --flush"
				 : "");
}

static int check_not_queue(const struct request *r, struct error *f)
{
	const struct request_queue *q = &r->queue;
	const char *name = q->due_only			? "--due"
			   : q->choice.senders.count	? "--sender"
			   : q->choice.recipients.count ? "--recipient"
							: NULL;

	if (!name)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s belongs to --flush: those of a new mail are "
			 "--from and --to",
			 name);
}

/* The journal has the command. */
static int check_recalled(const struct request *r, struct error *f)
{
	if (r->action != REQUEST_SEND)
		return error_set(f, ERROR_USAGE,
				 "--resume and --resend send what was begun; "
				 "of a new command it can be told what it "
				 "would do");
	if (request_recipients(r) == 0 && !r->subject && !r->body_path &&
	    !r->attachments && r->series.kind == REQUEST_ONE &&
	    !r->series.limit)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "a series goes on as it was begun: leave out all but "
			 "its id and --parts");
}

/* All that is for one mail is out of place; what is for the way is an answer.
 */
static int check_setup(const struct request *r, struct error *f)
{
	if (request_recipients(r) == r->to.count && r->to.count <= 1 &&
	    !r->subject && !r->draft_path && !r->body_path && !r->html_path &&
	    !r->attachments && !r->extra.first && !r->has_from &&
	    !r->has_envelope_from && r->series.kind == REQUEST_ONE &&
	    !r->series.limit)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--setup makes a configuration: it takes one address, "
			 "your own, and nothing that belongs to a mail");
}

/* What many mails and one have not in common. */
static int check_series(const struct request *r, struct error *f)
{
	const struct request_series *s = &r->series;
	bool is_split = s->limit || s->asks;

	if (s->kind == REQUEST_ONE && !is_split)
		return 0;
	if (s->kind != REQUEST_ONE && is_split)
		return error_set(f, ERROR_USAGE,
				 "--split cuts one mail: send the files one by "
				 "one with it");
	if (s->kind == REQUEST_BATCH && s->connections > 1)
		return error_set(f, ERROR_USAGE,
				 "--batch reads one mail after the other and "
				 "has one connection");
	if (s->kind == REQUEST_EACH && r->draft_path)
		return error_set(f, ERROR_USAGE,
				 "--each makes mails and --draft has one: use "
				 "the one or the other");
	if (s->kind != REQUEST_ONE && r->message_id)
		return error_set(f, ERROR_USAGE,
				 "many mails cannot have one Message-ID");
	if (r->action != REQUEST_PRINT)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "these are many mails: --dry-run tells of them");
}

static int check_batch(const struct request *r, struct error *f)
{
	if (!r->subject && !r->draft_path && !r->body_path && !r->html_path &&
	    !r->attachments)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--batch sends messages that are ready: leave subject "
			 "and content out");
}

static int finish(struct options_run *run, struct error *f)
{
	struct request *r = run->request;
	bool to_nobody = request_recipients(r) == 0;

	if (settle_report(r, f) < 0 || settle_check(r, f) < 0 ||
	    settle_roundtrip(r, f) < 0 || settle_talk(run, f) < 0)
		return -1;
	if (r->action == REQUEST_RUN_QUEUE)
		return check_queue(r, f);
	if (check_not_queue(r, f) < 0)
		return -1;
	if (r->action == REQUEST_SETUP_QUEUE)
		return check_queue(r, f);
	if (r->action == REQUEST_SETUP)
		return check_setup(r, f);
	if (r->action == REQUEST_SHOW_CONFIG || r->action == REQUEST_CHECK ||
	    r->action == REQUEST_ROUNDTRIP || r->action == REQUEST_TALK)
		return 0;
	if (r->action == REQUEST_SERVE || r->action == REQUEST_SERVE_STDIO)
		return check_serving(r, f);
	if (r->serve_anyone)
		return error_set(f, ERROR_USAGE,
				 "--serve-anyone belongs to --serve");
	if (r->series.parts && !r->series.id)
		return error_set(f, ERROR_USAGE,
				 "--parts belongs to --resend or --resume");
	if (r->series.id)
		return check_recalled(r, f);
	if (check_series(r, f) < 0)
		return -1;
	if (r->series.kind == REQUEST_BATCH)
		return check_batch(r, f);
	if (validate_message(r, f) < 0)
		return -1;
	r->recipients_from_header = r->draft_path && to_nobody;
	if (to_nobody && !r->draft_path && r->action != REQUEST_PRINT)
		return error_set(f, ERROR_USAGE,
				 "no recipient: name one, as in `mailsend -s "
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
		  "flush mailq setup setup-queue help version",
	.examples =
		"  df -h | mailsend -s 'disk usage' ops@example.org\n"
		"  tar cz logs | mailsend -s logs -a -=logs.tgz ops@example.org\n"
		"  mailsend --setup you@example.org\n",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
};
