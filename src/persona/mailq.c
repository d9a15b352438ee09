/* mailq.c - `mailq` and `newaliases`: one mode of sendmail each.
 *
 * They take the options that scripts write behind them, and no addresses. */
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"

static SETTER(ignore)
{
	(void)run;
	(void)row;
	(void)value;
	(void)f;
	return 0;
}

static const struct option_row rows[] = {
	OPTIONAL('q', NULL, "TIME", .set = ignore,
		 .help = "run the queue first; there is none"),
	OPTIONAL('A', NULL, "X", .set = ignore, .help = "ignored"),
	FLAG('v', NULL, .set = ignore, .help = "ignored"),
	ROWS_WAY(0, 'C'),
	ROWS_OTHER,
	ROWS_END,
};

static void start_list(struct options_run *run)
{
	run->request->action = REQUEST_LIST_QUEUE;
}

static void start_check(struct options_run *run)
{
	run->request->action = REQUEST_CHECK_ALIASES;
}

static int argument(struct options_run *run, const char *value, struct fault *f)
{
	return fault_set(f, FAULT_USAGE,
			 "%s takes no addresses: leave '%s' out",
			 run->persona->name, value);
}

const struct persona persona_mailq = {
	.name = "mailq",
	.synopsis = "[options]",
	.about = "Lists the mail that waits.  There is no queue: it is empty.",
	.is_terse = true,
	.rows = rows,
	.start = start_list,
	.argument = argument,
};

const struct persona persona_newaliases = {
	.name = "newaliases",
	.synopsis = "[options]",
	.about = "Checks the aliases.  They are read as they are: there is "
		 "nothing to build.",
	.is_terse = true,
	.rows = rows,
	.start = start_check,
	.argument = argument,
};
