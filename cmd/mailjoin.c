/* mailjoin.c - restore files that were split over several mails.
 *
 * argv -> sources -> assembly -> files -> a verdict for each set.  Each round
 * reads what is new, joins what is complete, and deletes what was joined;
 * --wait repeats that until all sets are complete or the time is over. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/config.h"
#include "deliver/account_mailbox.h"
#include "flow/atomic_file.h"
#include "join/assemble.h"
#include "join/collect.h"
#include "join/summary.h"
#include "output.h"
#include "persona/options.h"
#include "persona/rows.h"
#include "persona/setters.h"
#include "program.h"
#include "reader.h"

#define PAUSE_LOCAL  2 /* seconds between rounds */
#define PAUSE_REMOTE 5 /* initial; doubles up to PAUSE_MOST */
#define PAUSE_MOST   60

enum mode { MODE_JOIN, MODE_STATUS, MODE_LIST };

/* The parsed command line and the run; rows fill it (OPTION_OWN). */
struct run {
	struct reader reader; /* the account, the transcript, --json */
	enum mode mode;
	const char *output, *state, *set;
	bool is_forced, deletes;
	unsigned of; /* parts of a set, if no part says it */
	int wait;    /* seconds */

	struct assembly assembly;
	struct collect collect;
};

/* ---- options ---- */

static struct run *run_of(struct options_run *run)
{
	return (struct run *)run->cmdline;
}

static SETTER(set_mode)
{
	struct run *w = run_of(run);

	(void)value;
	if (w->mode != MODE_JOIN && w->mode != (enum mode)row->value)
		return error_set(f, ERROR_USAGE,
				 "--status and --list cannot be combined");
	w->mode = (enum mode)row->value;
	return 0;
}

/* The id of a set has no '=', a setting has one. */
static SETTER(set_set)
{
	struct run *w = run_of(run);
	char *id;

	if (strchr(value, '='))
		return set_any(run, row, value, f);
	id = arena_dup(run->arena, value);
	for (char *p = id; *p; p++)
		*p = ascii_lower(*p);
	if (strlen(id) < 4 || strlen(id) >= FRAGMENT_SET_SIZE ||
	    id[strspn(id, "0123456789abcdef")])
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the id of a set, nor its first 4 "
				 "digits or more: see --list",
				 value);
	w->set = id;
	return 0;
}

/* "0": do not wait. */
static SETTER(set_wait)
{
	run_of(run)->wait = 0;
	return strcmp(value, "0") == 0 ? 0 : set_time(run, row, value, f);
}

static const struct option_row rows[] = {
	HEADING("Selection:"),
	TEXT(0, "set", "ID", .set = set_set,
	     .help = "only this set, by its id or a prefix of it"),
	NUMBER(0, "parts", 1, FRAGMENT_PARTS_MAX, OPTION_OWN(struct run, of),
	       .help = "number of parts, if no part of the set says it"),
	TEXT(0, "wait", "TIME", .set = set_wait,
	     .field = OPTION_OWN(struct run, wait),
	     .help = "poll until all parts have arrived: 90s, 10m, 2h"),

	HEADING("Destination:"),
	FILE_NAME(
		'o', "output", "FILE|DIR",
		.field = OPTION_OWN(struct run, output),
		.help = "write there instead of the current directory; '-' is "
			"stdout, once the file is complete"),
	FLAG('f', "force", .field = OPTION_OWN(struct run, is_forced),
	     .help = "overwrite existing files"),
	FLAG(0, "delete", .field = OPTION_OWN(struct run, deletes),
	     .help = "delete mails once all their parts were joined"),
	FILE_NAME(0, "state", "DIR", .field = OPTION_OWN(struct run, state),
		  .help = "directory for parts of incomplete files"),

	HEADING("Status:"),
	FLAG(0, "status", .set = set_mode, .value = MODE_STATUS,
	     .help = "show which parts are present and missing; write nothing"),
	FLAG(0, "list", .set = set_mode, .value = MODE_LIST,
	     .help = "list the sets, one per line; write nothing"),

	HEADING("Output:"),
	ROWS_OUTPUT('v'),

	HEADING("Connection:"),
	ROWS_MAILBOX(0, 0, 0),
	TEXT(0, "tls", "HOW", .set = set_tls, .words = "on off",
	     .help = "on (default) or off"),

	HEADING("Other:"),
	ROWS_OTHER('h'),
	ROWS_END,
};

static int argument(struct options_run *run, const char *value, struct error *f)
{
	run_of(run)->reader.reads_input |= strcmp(value, "-") == 0;
	return reader_argument(run, value, f);
}

static bool is_standard(const char *output)
{
	return output &&
	       (strcmp(output, "-") == 0 || strcmp(output, "/dev/stdout") == 0);
}

static int finish(struct options_run *run, struct error *f)
{
	const struct run *w = run_of(run);

	if (w->mode != MODE_JOIN && (w->deletes || w->wait))
		return error_set(f, ERROR_USAGE,
				 "--status and --list write nothing: leave "
				 "--delete and --wait out");
	if (!w->reader.word_count && w->wait)
		return error_set(f, ERROR_USAGE,
				 "--wait requires a source that mails arrive "
				 "in");
	if (is_standard(w->output) && w->reader.cmdline.request.json)
		return error_set(f, ERROR_USAGE,
				 "standard output cannot be both the file and "
				 "--json: leave one out");
	return 0;
}

static const char notes[] =
	"SOURCE: a file, a directory of files, an mbox, a Maildir, '-' for "
	"stdin,\n"
	"pop3[s]://USER@HOST or imap[s]://USER@HOST/FOLDER; none: join saved "
	"parts.\n"
	"Exit status: 0 complete, 1 incomplete, 2 corrupt, 64-78 error.\n"
	"See mailjoin(1).\n";

const struct persona persona_mailjoin = {
	.name = "mailjoin",
	.synopsis = "[options] SOURCE...",
	.about = "Restore files that were split over several mails.",
	.common = "output set wait delete force status list json verbose "
		  "account user help version",
	.examples = "  mailjoin --status imaps://ops@mail.example.org\n"
		    "  mailjoin --wait 10m -o files/ Maildir/\n"
		    "  mailjoin -o - part1.eml part2.eml | tar tz\n",
	.notes = notes,
	.rows = rows,
	.argument = argument,
	.finish = finish,
};

/* ---- output ---- */

static struct summary summary_of(const struct run *run)
{
	return (struct summary){
		.assembly = &run->assembly,
		.collect = &run->collect,
		.all = !run->reader.word_count || run->mode == MODE_LIST,
		.is_dry = run->mode != MODE_JOIN,
	};
}

static bool has_results(const struct run *run)
{
	struct summary t = summary_of(run);

	for (const struct set *s = run->assembly.sets; s; s = s->next)
		if (summary_tells(&t, s))
			return true;
	return false;
}

/* If the file goes to standard output, the report is printed on standard error;
 * a failure to print it is an error only with --json, --status or --list. */
static int print_to_stderr(struct run *run, const struct buf *text,
			   struct error *f)
{
	bool is_word =
		run->mode == MODE_JOIN && !run->reader.cmdline.request.json;
	struct error unimportant = ERROR_INIT;

	return disk_write_all(STDERR_FILENO, text->data, text->len,
			      "standard error",
			      is_word ? &unimportant : f) < 0 &&
			       !is_word
		       ? -1
		       : 0;
}

static int tell(struct run *run, const struct error *failure, struct error *f)
{
	struct summary t = summary_of(run);
	struct buf text = BUF_INIT(SUMMARY_MAX);
	int r = 0;

	if (run->reader.cmdline.request.json)
		r = summary_json(&t, failure, &text);
	else if (run->mode == MODE_LIST)
		summary_list(&t, &text);
	else if (!run->reader.cmdline.request.quiet)
		summary_sets(&t, &text);
	if (r < 0)
		r = error_set(f, ERROR_SOFTWARE, "the report is too long");
	else if (is_standard(run->output))
		r = print_to_stderr(run, &text, f);
	else
		r = output_put(&text, f);
	buf_free(&text);
	return r;
}

/* ---- where things are ---- */

static const char *state_folder(struct run *run, struct error *f)
{
	const char *given = run->state;
	const char *state = sysenv_env("XDG_STATE_HOME");
	const char *home = sysenv_home();

	if (given)
		return disk_expand_home(&run->reader.arena, given);
	if (state && *state == '/')
		return arena_format(&run->reader.arena, "%s/mailsend/join",
				    state);
	if (home)
		return arena_format(&run->reader.arena,
				    "%s/.local/state/mailsend/join", home);
	error_set(f, ERROR_CONFIG,
		  "there is no home directory for parts: set a directory with "
		  "--state");
	return NULL;
}

static int choose_place(struct run *run, struct error *f)
{
	struct join_output_place *place = &run->assembly.place;
	const char *output = run->output ? run->output : ".";
	size_t n = strlen(output);
	struct stat st;
	int found = 0;

	if (!is_standard(output))
		found = disk_stat(output, &st, f);
	if (found < 0)
		return -1;
	if (is_standard(output))
		place->spool = run->reader.spool;
	else if (found && S_ISDIR(st.st_mode))
		place->directory = output;
	else if (found &&
		 (!S_ISREG(st.st_mode) || atomic_file_is_descriptor(output)))
		*place = (struct join_output_place){ .spool = run->reader.spool,
						     .device = output };
	else if (output[n - 1] == '/')
		return error_set(f, ERROR_CANTCREAT,
				 "%s is not a directory: create it "
				 "first",
				 output);
	else
		place->file = output;
	return 0;
}

static int open_source(void *context, struct mailbox *m, struct arena *a,
		       const char *source, struct error *f)
{
	struct run *run = context;
	struct config_query config =
		request_config(&run->reader.cmdline.request);
	const struct trace *trace = transcript_trace(&run->reader.transcript);
	struct account_mailbox_options options = {
		.source = source,
		.spool = run->reader.spool,
		.config = &config,
		.trace = trace,
	};

	return account_mailbox_open(m, a, &options, f);
}

static void show_step(void *context, const char *source, size_t number,
		      size_t count)
{
	(void)context;
	if (log_has_progress())
		log_progress("%s: mail %zu of %zu", source, number, count);
}

static void show_note(void *context, const char *text)
{
	(void)context;
	log_warning("%s", text);
}

/* ---- rounds ---- */

/* A single file can take only one set. */
static int check_place(struct run *run, struct error *f)
{
	const struct join_output_place *place = &run->assembly.place;
	struct summary t = summary_of(run);
	size_t count = 0;

	for (const struct set *s = run->assembly.sets; s; s = s->next)
		count += summary_tells(&t, s);
	if (count > 1 && !place->directory)
		return error_set(f, ERROR_USAGE,
				 "there are %zu sets for one file: select one "
				 "with --set, or give a directory with "
				 "--output",
				 count);
	return 0;
}

/* Is there nothing to do but this one set?  Then running out of memory after it
 * is no failure. */
static bool is_one_set(const struct run *run)
{
	struct summary t = summary_of(run);
	size_t count = 0;

	for (const struct set *s = run->assembly.sets; s; s = s->next)
		count += summary_tells(&t, s);
	return count == 1 && !run->deletes && !run->collect.unread &&
	       !run->reader.cmdline.request.json;
}

static int join_all(struct run *run, struct error *f, bool has_all)
{
	struct assembly *a = &run->assembly;
	struct summary t = summary_of(run);

	for (struct set *s = a->sets; s; s = s->next)
		if (summary_tells(&t, s))
			assembly_judge(a, s);
	if (t.is_dry)
		return 0;
	if (check_place(run, f) < 0)
		return -1;
	ending_await(has_all && is_one_set(run));
	for (struct set *s = a->sets; s; s = s->next) {
		struct error own = ERROR_INIT;

		if (!summary_tells(&t, s))
			continue;
		if (assembly_join(a, s, &own) == 0) {
			assembly_judge(a, s);
			continue;
		}
		log_error("%s", own.text);
		if (!error_is_set(&run->reader.told))
			run->reader.told = own;
	}
	ending_await(false);
	return 0;
}

static int do_round(struct run *run, struct error *f)
{
	struct error trouble = ERROR_INIT;
	bool deletes = run->deletes;
	int r = collect_begin(&run->collect, f);

	log_progress_end();
	/* sets may be complete even if a source failed */
	if (join_all(run, r < 0 ? &trouble : f, r == 0) < 0)
		r = -1;
	if (assembly_sync(&run->assembly, r < 0 ? &trouble : f) < 0)
		r = -1;
	if (collect_end(&run->collect, deletes, r < 0 ? &trouble : f) < 0)
		r = -1;
	return r;
}

static void pause_for(uint64_t seconds)
{
	uint64_t most = UINT_MAX / 1000;

	interrupt_sleep((unsigned)(seconds < most ? seconds : most) * 1000);
}

/* The exit status, or -1 with the error. */
static int do_rounds(struct run *run, struct error *f)
{
	uint64_t end = sysenv_ticks() + (uint64_t)run->wait * 1000;
	uint64_t pause =
		collect_is_remote(&run->collect) ? PAUSE_REMOTE : PAUSE_LOCAL;
	struct summary t = summary_of(run);

	for (;;) {
		uint64_t now, left;

		error_clear(f);
		/* an unreachable server is tried again in the next round */
		if (do_round(run, f) < 0 &&
		    (!f->temporary || run->reader.told.cause))
			return -1;
		if (error_is_set(&run->reader.told)) {
			*f = run->reader.told;
			return -1;
		}
		now = sysenv_ticks();
		if (now >= end || !collect_can_repeat(&run->collect) ||
		    (!error_is_set(f) && summary_status(&t) == JOIN_COMPLETE))
			break;
		if (interrupt_is_due())
			return interrupt_error(f);
		if (error_is_set(f))
			log_warning("%s", f->text);
		left = (end - now + 999) / 1000;
		pause_for(left < pause ? left : pause);
		if (pause > PAUSE_LOCAL)
			pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	}
	if (run->collect.unread)
		error_set(f, run->collect.first_unread.cause,
			  "%zu mails could not be read, and were skipped",
			  run->collect.unread);
	return error_is_set(f) ? -1 : summary_status(&t);
}

/* Once all is complete, a failure to report it does not change the exit status,
 * except for --json. */
static void reach_end(const struct run *run, int status)
{
	static const struct ending complete = { 0, "all files are there" };

	if (status == JOIN_COMPLETE && run->mode == MODE_JOIN &&
	    !run->reader.cmdline.request.json)
		ending_set(&complete);
}

static int join(struct run *run, struct error *f)
{
	const char *state = state_folder(run, f);
	struct error trouble = ERROR_INIT;
	int status;

	run->assembly.spool = run->reader.spool;
	run->assembly.is_forced = run->is_forced;
	run->assembly.of = run->of;
	run->assembly.only = run->set;
	if (!state || choose_place(run, f) < 0 ||
	    assembly_open(&run->assembly, &run->reader.arena, state,
			  run->mode != MODE_JOIN, f) < 0)
		return -1;
	collect_init(&run->collect, &run->reader.arena, &run->assembly);
	run->collect.open = open_source;
	run->collect.step = show_step;
	run->collect.note = show_note;
	run->collect.context = run;
	run->collect.is_repeated = run->wait > 0;
	run->collect.deletes = run->deletes;
	for (size_t i = 0; i < run->reader.word_count; i++)
		collect_add(&run->collect, run->reader.words[i]);
	status = do_rounds(run, f);
	reach_end(run, status);
	run->reader.is_told = true;
	if (tell(run, f, &trouble) < 0 && status >= 0) {
		*f = trouble;
		status = -1;
	}
	if (status >= 0 && !has_results(run))
		log_error(run->reader.word_count
				  ? "there is no part of a split file"
				  : "no saved part of a split file");
	if (run->mode == MODE_LIST && status >= 0)
		status = 0;
	assembly_close(&run->assembly);
	return status;
}

/* ---- the process ---- */

static int act(struct reader *r, struct error *f)
{
	return join((struct run *)r, f);
}

static int run_program(int argc, char **argv)
{
	struct run run = { .mode = MODE_JOIN };

	return reader_run(&run.reader, &persona_mailjoin, act, argc, argv);
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "mailjoin",
		.first = { 75, "the parts so far are saved" },
		.run = run_program,
	};

	return program_main(&program, argc, argv);
}
