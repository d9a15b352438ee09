/* mailq.c - `mailq`, which shows the queue and changes it, and `newaliases`.
 *
 * Without a command it lists, whatever scripts write behind it; a bare argument
 * is an id, and then needs a command or chooses what is listed. */
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

#define LIMIT(member) .value = (int)offsetof(struct mailq_limits, member)

/* The list is what it is about until something else is said. */
static int set_command(struct options_run *run, enum request_action new,
		       struct error *f)
{
	const struct option_row row = { .value = (int)new };
	enum request_action *now = &run->request->action;

	if (*now == REQUEST_LIST_QUEUE)
		*now = REQUEST_SEND;
	return set_action(run, &row, NULL, f);
}

static SETTER(set_change)
{
	enum request_action now = run->request->action;
	enum mailq_change new = (enum mailq_change)row->value;

	(void)value;
	if (now == REQUEST_CHANGE_QUEUE && run->request->queue.change != new)
		return error_set(f, ERROR_USAGE,
				 "one change at a time: leave the other one "
				 "out");
	run->request->queue.change = new;
	return set_command(run, REQUEST_CHANGE_QUEUE, f);
}

static SETTER(set_print)
{
	(void)row;
	(void)value;
	return set_command(run, REQUEST_PRINT_QUEUED, f);
}

static SETTER(set_check)
{
	(void)row;
	(void)value;
	return set_command(run, REQUEST_CHECK_QUEUE, f);
}

/* sendmail's spelling of which ones are listed. */
static SETTER(set_queue)
{
	static const char kinds[] = "ISR"; /* enum setter_words */
	const char *kind = value && *value ? strchr(kinds, *value) : NULL;

	(void)row;
	if (kind)
		return choose_queued(run, (enum setter_words)(kind - kinds),
				     value + 1, f);
	run->request->queue.runs_first = true;
	return 0;
}

static const struct option_row rows[] = {
	HEADING("Instead of the list:"),
	FLAG(0, "hold", .set = set_change, .value = MAILQ_HOLD,
	     .help = "do not try these until they are released"),
	FLAG(0, "release", .set = set_change, .value = MAILQ_RELEASE,
	     .help = "try them again, when it is time"),
	FLAG(0, "retry", .set = set_change, .value = MAILQ_RETRY,
	     .help = "they are due now, those that were given up too"),
	FLAG(0, "delete", .set = set_change, .value = MAILQ_DELETE,
	     .help = "take them out, and tell nobody"),
	FLAG(0, "print", .set = set_print, .help = "the mail as it goes out"),
	FLAG(0, "check", .set = set_check,
	     .help = "one line for a monitor, and its status: 0 all is well, "
		     "1 a warning, 2 critical, 3 unknown"),

	HEADING("The list:"),
	FLAG(0, "json", .field = OPTION_FIELD(json),
	     .help = "one JSON array of all that is known"),
	TEXT(0, "sender", "ADDRESS", .set = set_words, .value = WORDS_SENDERS,
	     .help = "only what is from him; '@domain' is anybody there"),
	TEXT(0, "recipient", "ADDRESS", .set = set_words,
	     .value = WORDS_RECIPIENTS, .help = "only what is for him"),
	OPTIONAL('q', NULL, "WHICH", .set = set_queue,
		 .help = "run the queue first; or list those with I and part "
			 "of an id, S of a sender, R of a recipient"),

	HEADING("Limits of --check:"),
	TEXT('w', "warn-count", "N", .set = set_limit_count, LIMIT(warn_count),
	     .help = "a warning from so many mails on"),
	TEXT('c', "crit-count", "N", .set = set_limit_count, LIMIT(crit_count),
	     .help = "critical from so many on"),
	TEXT(0, "warn-age", "TIME", .set = set_limit_age, LIMIT(warn_age),
	     .help = "a warning when the oldest waits for so long: 30m, 4h, "
		     "2d"),
	TEXT(0, "crit-age", "TIME", .set = set_limit_age, LIMIT(crit_age),
	     .help = "critical when it waits for so long"),

	HEADING("Which queue:"),
	TEXT(0, "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "that of this account, where it has its own"),
	FILE_NAME('C', "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "instead of the usual configuration files"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "any setting, as queue_folder"),

	HEADING("Other:"),
	FLAG(0, "quiet", .field = OPTION_FIELD(quiet), .help = "errors only"),
	OPTIONAL('A', NULL, "X", .set = set_nothing, .help = "ignored"),
	FLAG('v', NULL, .set = set_nothing, .help = "ignored"),
	ROWS_OTHER,
	ROWS_END,
};

static void start_list(struct options_run *run)
{
	run->request->action = REQUEST_LIST_QUEUE;
}

static int queue_argument(struct options_run *run, const char *value,
			  struct error *f)
{
	if (strchr(value, '@'))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not an id: for an address write "
				 "--sender or --recipient",
				 value);
	return choose_queued(run, WORDS_IDS, value, f);
}

static const char *limit_of(const struct mailq_limits *l)
{
	return l->warn_count   ? "--warn-count"
	       : l->crit_count ? "--crit-count"
	       : l->warn_age   ? "--warn-age"
	       : l->crit_age   ? "--crit-age"
			       : NULL;
}

/* What is said to one command and meant for another. */
static int check_words(const struct request *r, struct error *f)
{
	const struct request_queue *q = &r->queue;
	bool is_list = r->action == REQUEST_LIST_QUEUE;
	const char *limit = limit_of(&q->limits);

	if (!is_list && r->json)
		return error_set(f, ERROR_USAGE,
				 "--json is a form of the "
				 "list: leave it out");
	if (!is_list && (q->choice.senders.count || q->choice.recipients.count))
		return error_set(f, ERROR_USAGE,
				 "what is changed or printed is named by its "
				 "id: `mailq --sender ADDRESS` lists these");
	if (limit && r->action != REQUEST_CHECK_QUEUE)
		return error_set(f, ERROR_USAGE, "%s belongs to --check",
				 limit);
	return 0;
}

static int finish_queue(struct options_run *run, struct error *f)
{
	const struct request *r = run->request;
	size_t ids = r->queue.choice.ids.count;

	if (check_words(r, f) < 0)
		return -1;
	if (r->action == REQUEST_CHECK_QUEUE && ids)
		return error_set(f, ERROR_USAGE,
				 "--check looks at the whole queue: leave the "
				 "ids out");
	if (!ids && (r->action == REQUEST_CHANGE_QUEUE ||
		     r->action == REQUEST_PRINT_QUEUED))
		return error_set(f, ERROR_USAGE,
				 "which ones? write their ids, as mailq lists "
				 "them%s",
				 r->action == REQUEST_CHANGE_QUEUE ? ", or ALL"
								   : "");
	return 0;
}

static const char notes[] =
	"In the list '*' is being tried just now, '!' is held.\n"
	"Exit status 0; 66 when there is no such id.  More: man mailsend\n";

#define MAILQ(word, line)                                                      \
	{                                                                      \
		.name = (word), .synopsis = (line), .notes = notes,            \
		.about = "Shows the mail that waits in the queue, and "        \
			 "changes it.",                                        \
		.is_terse = true, .rows = rows, .start = start_list,           \
		.argument = queue_argument, .finish = finish_queue,            \
	}

const struct persona persona_mailq = MAILQ("mailq", "[options] [id...]");
const struct persona persona_mailsend_mailq =
	MAILQ("mailsend --mailq", "[options] [id...]");

/* ---- newaliases ---- */

static const struct option_row alias_rows[] = {
	OPTIONAL('q', NULL, "TIME", .set = set_nothing, .help = "ignored"),
	OPTIONAL('A', NULL, "X", .set = set_nothing, .help = "ignored"),
	FLAG('v', NULL, .set = set_nothing, .help = "ignored"),
	ROWS_WAY(0, 'C'),
	ROWS_OTHER,
	ROWS_END,
};

static void start_check(struct options_run *run)
{
	run->request->action = REQUEST_CHECK_ALIASES;
}

static int alias_argument(struct options_run *run, const char *value,
			  struct error *f)
{
	return error_set(f, ERROR_USAGE,
			 "%s takes no addresses: leave '%s' out",
			 run->persona->name, value);
}

const struct persona persona_newaliases = {
	.name = "newaliases",
	.synopsis = "[options]",
	.about = "Checks the aliases.  They are read as they are: there is "
		 "nothing to build.",
	.is_terse = true,
	.rows = alias_rows,
	.start = start_check,
	.argument = alias_argument,
};
