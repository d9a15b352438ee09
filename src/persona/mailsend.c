/* mailsend.c - our own face: the options of `mailsend`.
 *
 * The order is that of use, since --help shows it. */
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/settle.h"
#include "submit/listener.h"

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

static const struct option_row rows[] = {
	HEADING("The message:"),
	ROWS_MESSAGE('s', 'c', 'b', 'r', 'H'),

	HEADING("Its content:"),
	ROWS_CONTENT('a', 'A', 'i', 'E'),

	HEADING("Instead of sending:"),
	ROWS_INSTEAD,

	HEADING("What is told:"),
	ROWS_TOLD('v'),

	HEADING("The way:"),
	ROWS_WAY(0, 0),

	HEADING("The envelope:"),
	ROWS_ENVELOPE('f'),

	HEADING("Serving:"),
	TEXT(0, "serve", "ADDRESS:PORT", .set = set_serve,
	     .help = "take mails by SMTP, as '2525' or '[::1]:2525'; '-' is "
		     "standard input and output"),
	FLAG(0, "serve-anyone", .field = OPTION_FIELD(serve_anyone),
	     .help = "who can reach the address may send, without a log-in"),
	FILE_NAME(0, "serve-cert", "FILE", .set = set_setting,
		  .help = "a certificate, for STARTTLS"),
	FILE_NAME(0, "serve-key", "FILE", .set = set_setting,
		  .help = "its key"),

	HEADING("Other:"),
	FLAG('n', "no-rc", .set = set_nothing,
	     .help = "no matter: no start-up file of mail's is read"),
	ROWS_OTHER,
	ROWS_END,
};

/* The mails are the clients', all of each. */
static int check_serving(const struct request *r, struct fault *f)
{
	if (request_recipients(r) == 0 && !r->subject && !r->draft_path &&
	    !r->body_path && !r->html_path && !r->attachments &&
	    !r->extra.first && !r->has_from && !r->has_envelope_from)
		return 0;
	return fault_set(f, FAULT_USAGE,
			 "--serve takes its mails from clients: leave out "
			 "what belongs to one mail");
}

static int finish(struct options_run *run, struct fault *f)
{
	struct request *r = run->request;
	bool to_nobody = request_recipients(r) == 0;

	if (settle_report(r, f) < 0)
		return -1;
	if (r->action == REQUEST_SHOW_CONFIG)
		return 0;
	if (r->action == REQUEST_SERVE || r->action == REQUEST_SERVE_STDIO)
		return check_serving(r, f);
	if (settle_message(r, f) < 0)
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
	.argument = settle_recipient,
	.finish = finish,
};
