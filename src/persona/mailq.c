/* mailq.c - the options of `mailq` and `newaliases`.
 *
 * Without a command it lists the queue; an argument is an id, for the command
 * or to select what is listed. */
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

#define COUNT_MAX 1000000

#define LIMIT(member) COMMAND_FIELD(queue.limits.member)

/* A command replaces the default, the list. */
static int replace_command(struct options_run *run, enum command_kind new,
			   struct error *f)
{
	const struct option_row row = { .value = (int)new };
	struct cmdline *c = run->cmdline;

	if (c->kind == COMMAND_LIST_QUEUE)
		cmdline_become(c, COMMAND_SEND);
	return set_command(run, &row, NULL, f);
}

static SETTER(set_change)
{
	enum command_kind now = run->cmdline->kind;
	enum mailq_change new = (enum mailq_change)row->value;

	(void)value;
	if (now == COMMAND_CHANGE_QUEUE && run->cmdline->queue.change != new)
		return error_set(f, ERROR_USAGE,
				 "one change at a time: leave the other one "
				 "out");
	run->cmdline->queue.change = new;
	return replace_command(run, COMMAND_CHANGE_QUEUE, f);
}

static SETTER(set_print)
{
	(void)row;
	(void)value;
	return replace_command(run, COMMAND_PRINT_QUEUED, f);
}

static SETTER(set_check)
{
	(void)row;
	(void)value;
	return replace_command(run, COMMAND_CHECK_QUEUE, f);
}

/* sendmail's syntax for what is listed. */
static SETTER(set_queue)
{
	static const char kinds[] = "ISR"; /* enum setter_words */
	const char *kind = value && *value ? strchr(kinds, *value) : NULL;

	(void)row;
	if (kind)
		return choose_queued(run, (enum setter_words)(kind - kinds),
				     value + 1, f);
	run->cmdline->queue.runs_first = true;
	return 0;
}

static const struct option_row rows[] = {
	HEADING("Commands (default: list the queue):"),
	FLAG(0, "hold", .set = set_change, .value = MAILQ_HOLD,
	     .help = "do not retry these mails until they are released"),
	FLAG(0, "release", .set = set_change, .value = MAILQ_RELEASE,
	     .help = "undo --hold, or send what a limit holds"),
	FLAG(0, "retry", .set = set_change, .value = MAILQ_RETRY,
	     .help = "retry them now, including those given up"),
	FLAG(0, "delete", .set = set_change, .value = MAILQ_DELETE,
	     .help = "delete them without a bounce"),
	FLAG(0, "print", .set = set_print,
	     .help = "print the message on stdout"),
	FLAG(0, "check", .set = set_check,
	     .help = "monitoring plugin: one line, exit status 0 ok, "
		     "1 warning, 2 critical, 3 unknown"),

	HEADING("Listing:"),
	FLAG(0, "json", .field = OPTION_FIELD(json),
	     .help = "list as a JSON array"),
	TEXT(0, "sender", "ADDRESS", .set = set_words, .value = WORDS_SENDERS,
	     .help = "only mail from ADDRESS; '@domain' matches the whole "
		     "domain"),
	TEXT(0, "recipient", "ADDRESS", .set = set_words,
	     .value = WORDS_RECIPIENTS, .help = "only mail to ADDRESS"),
	OPTIONAL('q', NULL, "WHICH", .set = set_queue,
		 .help = "flush the queue first; or list only mail that "
			 "matches I, S or R and part of the id, sender or "
			 "recipient"),

	HEADING("Limits for --check:"),
	NUMBER('w', "warn-count", 1, COUNT_MAX, LIMIT(warn_count),
	       .help = "warn at N queued mails or more"),
	NUMBER('c', "crit-count", 1, COUNT_MAX, LIMIT(crit_count),
	       .help = "critical at N or more"),
	TIME(0, "warn-age", LIMIT(warn_age),
	     .help = "warn if the oldest mail is older: 30m, 4h, 2d"),
	TIME(0, "crit-age", LIMIT(crit_age), .help = "critical if it is older"),

	HEADING("Which queue (root: those of all users):"),
	TEXT(0, "user", "NAME", .field = COMMAND_FIELD(queue.user),
	     .help = "only the queue of this user"),

	HEADING("Configuration:"),
	TEXT(0, "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "use the queue of this account"),
	FILE_NAME('C', "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "read FILE instead of the default configuration"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "override a setting, such as queue_folder"),

	HEADING("Other:"),
	FLAG(0, "quiet", .field = OPTION_FIELD(quiet),
	     .help = "print errors only"),
	IGNORED_OPTIONAL('A', "X"),
	IGNORED_FLAG('v'),
	ROWS_OTHER('h'),
	ROWS_END,
};

static void start_list(struct options_run *run)
{
	cmdline_become(run->cmdline, COMMAND_LIST_QUEUE);
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

static int finish_queue(struct options_run *run, struct error *f)
{
	const struct cmdline *c = run->cmdline;
	bool is_change = c->kind == COMMAND_CHANGE_QUEUE;

	if (conflicts_check(run, CONFLICTS_MAILQ, f) < 0)
		return -1;
	if (!c->queue.choice.ids.count &&
	    (is_change || c->kind == COMMAND_PRINT_QUEUED))
		return error_set(f, ERROR_USAGE,
				 "no id: give those that mailq lists%s",
				 is_change ? ", or ALL" : "");
	return 0;
}

static const char notes[] =
	"In the list, '*' marks a mail that is being delivered, '!' one that "
	"is held.\n"
	"Exit status 0, or 66 if there is no such id.  See mailsend-mailq(1).\n";

#define MAILQ(word, line)                                                           \
	{                                                                           \
		.name = (word), .synopsis = (line), .notes = notes,                 \
		.common = "hold release retry delete print check json sender "      \
			  "recipient user q warn-count crit-count warn-age "        \
			  "crit-age account help version",                          \
		.examples = "  " word "\n"                                          \
			    "  " word " --print ID | less\n"                        \
			    "  " word " --delete ID\n",                             \
		.about =                                                            \
			"List, hold, release, retry, print or delete queued mail.", \
		.is_terse = true, .rows = rows, .start = start_list,                \
		.argument = queue_argument, .finish = finish_queue,                 \
	}

const struct persona persona_mailq = MAILQ("mailq", "[options] [id...]");
const struct persona persona_mailsend_mailq =
	MAILQ("mailsend --mailq", "[options] [id...]");

/* ---- newaliases ---- */

static const struct option_row alias_rows[] = {
	IGNORED_OPTIONAL('q', "TIME"),
	IGNORED_OPTIONAL('A', "X"),
	IGNORED_FLAG('v'),
	ROWS_CONNECTION(0, 'C'),
	ROWS_OTHER('h'),
	ROWS_END,
};

static void start_check(struct options_run *run)
{
	cmdline_become(run->cmdline, COMMAND_CHECK_ALIASES);
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
	.about = "Check the alias file.  It is read directly: there is no "
		 "database to build.",
	.common = "account config set help version",
	.examples = "  newaliases\n"
		    "  newaliases --set aliases=./aliases\n",
	.notes = "Exit status 0, or 78 if a line is wrong.  See "
		 "sendmail(8).\n",
	.is_terse = true,
	.rows = alias_rows,
	.start = start_check,
	.argument = alias_argument,
};
