/* run.c - the options of `mailsend --run`: recipients, and after "--" the job.
 */
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "persona/validate.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/date.h"
#include "net/http.h"

#define AFTER_MAX 1000000
#define GRACE	  30 /* seconds between the last signal and SIGKILL */

static struct run_options *options_of(struct options_run *run)
{
	return &run->cmdline->run;
}

/* The next word of a list, without surrounding blanks; NULL at the end. */
static const char *next_word(struct options_run *run, const char **list)
{
	char *word;
	size_t n;

	if (!*list)
		return NULL;
	n = strcspn(*list, ",");
	word = arena_dup_n(run->arena, *list, n);
	*list = (*list)[n] ? *list + n + 1 : NULL;
	return text_trim(word);
}

/* ---- when a mail is sent ---- */

static SETTER(set_on)
{
	static const struct {
		const char *name;
		unsigned on;
	} names[] = {
		{ "failure", DECIDE_FAILURE }, { "recovery", DECIDE_RECOVERY },
		{ "output", DECIDE_OUTPUT },   { "stderr", DECIDE_STDERR },
		{ "change", DECIDE_CHANGE },   { "always", DECIDE_ALWAYS },
	};
	const char *words = value;
	unsigned on = 0;
	const char *word;

	(void)row;
	while ((word = next_word(run, &words))) {
		unsigned one = 0;

		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (ascii_equal(word, names[i].name))
				one = names[i].on;
		if (!one)
			return error_set(f, ERROR_USAGE,
					 "'%s' is not when to send a mail: a "
					 "list of failure, recovery, output, "
					 "stderr, change, always",
					 word);
		on |= one;
	}
	options_of(run)->decide.on = on;
	return 0;
}

static SETTER(set_quiet_until)
{
	int zone;

	(void)row;
	return date_parse(value, &options_of(run)->decide.quiet_until, &zone,
			  f);
}

/* ---- the job ---- */

static SETTER(set_name)
{
	size_t n = strlen(value);

	(void)row;
	if (!n || n > STATE_NAME_MAX || text_has_control(value))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a name for a job: use 1 to %d "
				 "octets",
				 value, STATE_NAME_MAX);
	options_of(run)->name = value;
	return 0;
}

static SETTER(set_lock)
{
	static const char *const names[] = { [RUN_LOCK_WAIT] = "wait",
					     [RUN_LOCK_SKIP] = "skip",
					     [RUN_LOCK_NOTIFY] = "notify" };

	(void)row;
	if (!value)
		value = names[RUN_LOCK_WAIT];
	for (size_t i = RUN_LOCK_WAIT; i < sizeof(names) / sizeof(*names); i++)
		if (ascii_equal(value, names[i])) {
			options_of(run)->lock = (enum run_lock)i;
			return 0;
		}
	return error_set(f, ERROR_USAGE,
			 "'%s' is not what to do while the job runs: wait, "
			 "skip or notify",
			 value);
}

static int add_step(struct run_options *o, int seconds, int number,
		    struct error *f)
{
	if (o->step_count == JOB_STEPS_MAX)
		return error_set(f, ERROR_USAGE, "too many signals");
	o->steps[o->step_count++] = (struct job_step){ seconds, number };
	return 0;
}

/* TIME,SIGNAL,TIME,SIGNAL...: "2h" is "2h,TERM,30s,KILL"; the last signal is
 * always KILL. */
static SETTER(set_timeout)
{
	struct run_options *o = options_of(run);
	const char *words = value;
	const char *word;
	int seconds, last = 0;

	(void)row;
	o->step_count = 0;
	while ((word = next_word(run, &words))) {
		const char *name = next_word(run, &words);

		if (read_time(run, word, &seconds, f) < 0)
			return -1;
		last = name ? job_signal_number(name) : SIGTERM;
		if (!name && o->step_count)
			last = SIGKILL;
		if (!last)
			return error_set(f, ERROR_USAGE,
					 "'%s' is not a signal: write it as in "
					 "2h,TERM,30s,KILL",
					 name);
		if (add_step(o, seconds, last, f) < 0)
			return -1;
	}
	return last == SIGKILL ? 0 : add_step(o, GRACE, SIGKILL, f);
}

static SETTER(set_ok)
{
	const char *words = value;
	struct run_options *o = options_of(run);
	const char *word;

	(void)row;
	memset(o->ok, 0, sizeof(o->ok));
	while ((word = next_word(run, &words))) {
		uint64_t status;

		if (!text_number(word, RUN_STATUSES - 1, &status))
			return error_set(f, ERROR_USAGE,
					 "'%s' is not an exit status: a list "
					 "of numbers up to 255, as in 0,24",
					 word);
		o->ok[status] = true;
	}
	return 0;
}

/* ---- what is told ---- */

/* Row value: the offset of the list in struct run_options. */
static SETTER(set_pattern)
{
	struct patterns *p =
		(struct patterns *)((char *)options_of(run) + row->value);

	if (p->count == PATTERNS_MAX)
		return error_set(f, ERROR_USAGE, "more than %d patterns",
				 PATTERNS_MAX);
	if (!*value)
		return error_set(f, ERROR_USAGE,
				 "it is empty: is a variable not set?");
	if (patterns_check(value, f) < 0)
		return -1;
	p->items[p->count++] = value;
	return 0;
}

static SETTER(set_ping)
{
	(void)row;
	if (!http_is_safe(value))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not an https URL; http is allowed "
				 "for a loopback address only",
				 value);
	options_of(run)->ping = value;
	return 0;
}

static SETTER(set_compression_of_output)
{
	options_of(run)->has_compression = true;
	return set_compression(run, row, value, f);
}

/* ---- instead of a job ---- */

static int become(struct options_run *run, enum run_kind kind, struct error *f)
{
	struct run_options *o = options_of(run);

	if (o->kind != RUN_COMMAND && o->kind != kind)
		return error_set(f, ERROR_USAGE,
				 "--unit, --list and --missed are three "
				 "commands: use one of them");
	o->kind = kind;
	return 0;
}

static SETTER(set_unit)
{
	(void)row;
	/* the unit of the root directory is called -.mount */
	if (!*value || (*value == '-' && value[1] != '.') ||
	    strchr(value, '/') || text_has_control(value))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the name of a unit, such as "
				 "backup.service",
				 value);
	options_of(run)->unit = value;
	return become(run, RUN_UNIT, f);
}

static SETTER(set_list_of_jobs)
{
	(void)row;
	(void)value;
	return become(run, RUN_LIST, f);
}

static SETTER(set_missed)
{
	(void)row;
	if (read_time(run, value, &options_of(run)->missed, f) < 0)
		return -1;
	return become(run, RUN_MISSED, f);
}

/* ---- the table ---- */

#define PATTERNS(member) .value = (int)offsetof(struct run_options, member)

static const struct option_row rows[] = {
	HEADING("When a mail is sent:"),
	TEXT(0, "on", "LIST", .set = set_on,
	     .words = "failure recovery output stderr change always",
	     .help = "failure, recovery (both: default), output, stderr, "
		     "change, always"),
	NUMBER(0, "after", 1, AFTER_MAX, COMMAND_FIELD(run.decide.after),
	       .help = "only from the Nth failure in a row"),
	TIME(0, "every", COMMAND_FIELD(run.decide.every),
	     .help = "repeat the same alert at most once per TIME: 1d, 6h"),
	TEXT(0, "quiet-until", "DATE", .set = set_quiet_until,
	     .help = "send no mail before DATE"),
	TEXT(0, "ok", "LIST", .set = set_ok,
	     .help = "exit statuses that mean success (0)"),
	TEXT(0, "ignore", "REGEX", .set = set_pattern, PATTERNS(ignore),
	     .help = "ignore what matches in the output for --on change"),

	HEADING("Job:"),
	TEXT(0, "name", "NAME", .set = set_name,
	     .help = "name of the job; default: that of the command"),
	OPTIONAL(0, "lock", "wait|skip|notify", .set = set_lock,
		 .help = "if it is still running: wait (default), do not run "
			 "it, or do not run it and send a mail"),
	TEXT(0, "timeout", "TIME[,SIGNAL,TIME...]", .set = set_timeout,
	     .help = "terminate it after TIME; 2h means 2h,TERM,30s,KILL"),
	FLAG(0, "stdin", .field = COMMAND_FIELD(run.passes_input),
	     .help = "pass stdin on to it; default: /dev/null"),
	FLAG(0, "tee", .field = COMMAND_FIELD(run.tee),
	     .help = "show its output as well; default on a terminal"),
	TEXT(0, "ping", "URL", .set = set_ping,
	     .help = "request URL/start, then URL or URL/fail "
		     "(healthchecks)"),

	HEADING("Mail:"),
	TEXT('s', "subject", "TEXT", .field = OPTION_FIELD(subject),
	     .help = "subject; {name}, {host}, {user}, {status}, {exit}, "
		     "{duration}, {failures} and {since} are replaced"),
	TEXT(0, "to", "LIST", .set = set_list, .value = LIST_TO,
	     .help = "recipients, like address arguments"),
	TEXT('c', "cc", "LIST", .set = set_list, .value = LIST_CC,
	     .help = "carbon copy recipients"),
	TEXT('b', "bcc", "LIST", .set = set_list, .value = LIST_BCC,
	     .help = "blind carbon copy recipients"),
	TEXT('r', "from", "ADDRESS", .set = set_from,
	     .help = "author of the message: 'Name <user@host>'"),
	TEXT(0, "reply-to", "LIST", .set = set_list, .value = LIST_REPLY_TO,
	     .help = "addresses for replies"),
	TEXT('H', "header", "FIELD", .set = set_header,
	     .help = "add a header field, 'Name: value'"),
	NUMBER(0, "tail", 1, RUN_TAIL_MAX, COMMAND_FIELD(run.tail),
	       .help = "lines of each end of the output in the text (200)"),
	TEXT(0, "mask", "REGEX", .set = set_pattern, PATTERNS(mask),
	     .help = "hide what matches in the command"),
	TEXT(0, "compress", "NAME", .set = set_compression_of_output,
	     .words = COMPRESSIONS,
	     .help = "compress attached output: gzip (default if over 64 kB), "
		     "xz, zstd or none"),
	TEXT(0, "split", "SIZE", .set = set_split,
	     .help = "split attached output: SIZE per mail (5M), or auto"),

	HEADING("Instead of a job:"),
	TEXT(0, "unit", "NAME", .set = set_unit,
	     .help = "report a failed systemd unit, with its journal"),
	FLAG(0, "list", .set = set_list_of_jobs,
	     .help = "list all known jobs, or those named"),
	TEXT(0, "missed", "TIME", .set = set_missed,
	     .help = "monitoring plugin: critical if a job has not run within "
		     "TIME"),

	HEADING("Output:"),
	FLAG(0, "json", .field = OPTION_FIELD(json),
	     .help = "print the result as a JSON object on stdout"),
	FLAG(0, "quiet", .field = OPTION_FIELD(quiet),
	     .help = "print errors only"),

	HEADING("Connection:"),
	TEXT(0, "account", "NAME", .field = OPTION_FIELD(account),
	     .help = "account to use; default: that of the sender"),
	FILE_NAME(0, "config", "FILE", .field = OPTION_FIELD(config_path),
		  .help = "read FILE instead of the default configuration"),
	TEXT(0, "queue", "HOW", .set = set_setting,
	     .help = "auto (queue on temporary failure), never, only (queue "
		     "without trying) or background"),
	TEXT(0, "set", "NAME=VALUE", .set = set_any,
	     .help = "override any setting of the configuration"),

	HEADING("Other:"),
	ROWS_OTHER('h'),
	ROWS_END,
};

static void start(struct options_run *run)
{
	cmdline_become(run->cmdline, COMMAND_RUN);
}

/* After --list and --missed: names of jobs. */
static int argument(struct options_run *run, const char *value, struct error *f)
{
	struct run_options *o = options_of(run);

	if (o->kind != RUN_LIST && o->kind != RUN_MISSED)
		return validate_recipient(run, value, f);
	if (o->name_count == RUN_NAMES_MAX)
		return error_set(f, ERROR_USAGE, "more than %d names",
				 RUN_NAMES_MAX);
	o->names[o->name_count++] = value;
	return 0;
}

static void take_command(struct options_run *run)
{
	if (run->at < run->argc)
		options_of(run)->command =
			(const char *const *)(run->argv + run->at);
}

static int finish(struct options_run *run, struct error *f)
{
	const struct cmdline *c = run->cmdline;
	const struct run_options *o = &c->run;
	bool looks = o->kind == RUN_LIST || o->kind == RUN_MISSED;

	if (c->kind != COMMAND_RUN)
		return 0;
	if (o->kind == RUN_COMMAND && !o->command)
		return error_set(f, ERROR_USAGE,
				 "no job: write it after --, as in `mailsend "
				 "--run ops@example.org -- backup --all`");
	if (o->kind != RUN_COMMAND && o->command)
		return error_set(f, ERROR_USAGE,
				 "--unit, --list and --missed run no job: "
				 "leave the command out");
	if (!looks && !request_recipients(&c->request))
		return error_set(f, ERROR_USAGE,
				 "no recipient: give one before --, as in "
				 "`mailsend --run ops@example.org -- backup`");
	if (o->command && !*o->command[0])
		return error_set(f, ERROR_USAGE,
				 "the command is empty: is a variable not "
				 "set?");
	return conflicts_check(run, CONFLICTS_RUN, f);
}

static const char notes[] =
	"TIME is as in 90s, 5m, 1h30m or 2d.  The exit status is that "
	"of the job:\n128 plus the number of the signal that ended it, 124 if "
	"it timed out, 126 or\n127 if it cannot be run.  See "
	"mailsend-run(1).\n";

const struct persona persona_mailsend_run = {
	.name = "mailsend --run",
	.synopsis = "[options] address... -- command [argument...]",
	.about = "Run a job, and send a mail when it matters.",
	.common = "on after every name lock timeout ok ignore subject tail "
		  "unit list missed help version",
	.examples =
		"  mailsend --run ops@example.org -- backup /srv\n"
		"  mailsend --run --every 1d --timeout 2h ops@example.org -- "
		"sync-mirror\n"
		"  mailsend --run --list\n",
	.notes = notes,
	.rows = rows,
	.start = start,
	.argument = argument,
	.rest = take_command,
	.finish = finish,
};
