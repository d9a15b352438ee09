/* series.c - the commands that send many mails, and go on with them.
 *
 * The journal of a series is begun before its first mail, so that --resume can
 * continue an interrupted one: the same command is read again, with the stored
 * date, Message-ID and boundary, and the plan must be the same.  The journal
 * has these facts:
 *
 *	limit		octets of a mail
 *	date message-id tag
 *			of the whole, where they were ours
 *	input		the digest of standard input; "large", where the files'
 *			digests tell
 *	sha256-N plan-N of file N, from 0
 *	ready		the facts are all there, and mails may go
 */
#include "series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/route.h"
#include "flow/digest.h"
#include "mail/date.h"
#include "output.h"
#include "runner.h"
#include "submit/report.h"
#include "submit/split_frame.h"
#include "submit/submit.h"

static const char *parent_folder(struct arena *a)
{
	const char *state = sysenv_state();

	return state ? arena_format(a, "%s/series", state) : NULL;
}

const char *series_folder(struct arena *a)
{
	const char *parent = parent_folder(a);
	struct error f = ERROR_INIT;

	return parent && disk_make_directory(parent, &f) == 0 ? parent : NULL;
}

/* ---- the makers ---- */

static int make_part(void *context, unsigned n, struct arena *a,
		     struct composition *out, char *name, struct error *f)
{
	const struct runner *run = context;

	snprintf(name, 256, "%s", split_part_name(run->split, n, a));
	return split_part(run->split, n, a, out, f);
}

static const char *part_key(void *context, unsigned n, struct arena *a)
{
	(void)context;
	return arena_format(a, "%u", n);
}

static int make_each(void *context, unsigned n, struct arena *a,
		     struct composition *out, char *name, struct error *f)
{
	const struct runner *run = context;

	return each_make(run->each, n, a, out, name, f);
}

static int make_message(void *context, unsigned n, struct arena *a,
			struct composition *out, char *name, struct error *f)
{
	const struct runner *run = context;

	return batch_make(run->batch, n, a, out, name, f);
}

static const char *message_key(void *context, unsigned n, struct arena *a)
{
	const struct runner *run = context;

	return batch_key(run->batch, n, a);
}

static const struct series_ops part_ops = {
	.make = make_part,
	.key = part_key,
	.on_verdict = runner_verdict,
	.wanted = runner_wanted,
	.on_progress = runner_progress,
};
static const struct series_ops each_ops = {
	.make = make_each,
	.key = part_key,
	.on_verdict = runner_verdict,
	.wanted = runner_wanted,
};
static const struct series_ops message_ops = {
	.make = make_message,
	.key = message_key,
	.on_verdict = runner_verdict,
	.wanted = runner_wanted,
};

/* ---- the journal ---- */

static int no_home(struct error *f)
{
	return error_set(f, ERROR_CANTCREAT,
			 "there is no home directory for the journal of a "
			 "series; set HOME or XDG_STATE_HOME");
}

/* Starts a journal; without one the series is sent all the same. */
static int begin_journal(struct runner *run, const char *parent, const char *id,
			 struct error *f)
{
	const struct series_job *job = run->job;
	int r = parent ? journal_begin(&run->journal, job->arena, parent, id,
				       job->command, f)
		       : no_home(f);

	if (r == 0 || f->cause == ERROR_DATA)
		return r;
	log_warning("%s; if this is interrupted, it cannot be continued with "
		    "--resume",
		    f->text);
	error_clear(f);
	journal_without(&run->journal, job->arena, id);
	return 0;
}

static int open_journal(struct runner *run, const char *id, struct error *f)
{
	const struct series_job *job = run->job;
	const char *parent = parent_folder(job->arena);
	struct journal_command unused;

	if (!job->options->resume)
		return begin_journal(run, parent, id, f);
	return parent ? journal_open(&run->journal, job->arena, parent, id,
				     &unused, f)
		      : no_home(f);
}

/* From now on it can be resumed, and its id is printed. */
static int make_ready(struct runner *run, struct error *f)
{
	run->is_ready =
		journal_fact(&run->journal, "ready", "yes", "it", f) == 0;
	return run->is_ready ? 0 : -1;
}

/* The ids of a command's sets differ only in the last two digits. */
static void choose_id(const struct series_job *job, char *id)
{
	const char *given = job->options->resume;

	split_new_id(id);
	if (given && strlen(given) == SPLIT_ID_SIZE - 1)
		memcpy(id, given, COMMON_DIGITS);
}

static int find_limit(struct runner *run, uint64_t *limit, struct error *f)
{
	const struct series_job *job = run->job;
	const char *before = journal_value(&run->journal, "limit");
	struct route route;
	int r;

	*limit = job->split->limit;
	if (before)
		*limit = strtoull(before, NULL, 10);
	if (before || !job->split->asks_limit)
		return 0;
	if (route_open(&route, job->arena, job->config, job->account,
		       job->request->config_path, job->trace, f) < 0)
		return -1;
	r = route_size(&route, limit, f);
	route_close(&route);
	if (r == 0 && !*limit)
		return error_set(f, ERROR_UNAVAILABLE,
				 "the server does not say how large a mail may "
				 "be: name a size, as in --split 10M");
	return r;
}

static int note_set(struct runner *run, size_t i, struct error *f)
{
	const struct split_set *set = &run->split->sets[i];
	struct arena *a = run->job->arena;

	if (journal_fact(&run->journal, arena_format(a, "sha256-%zu", i),
			 set->digest, set->name, f) < 0)
		return -1;
	return journal_fact(&run->journal, arena_format(a, "plan-%zu", i),
			    arena_format(a, "%" PRIu64 " %" PRIu64 " %u",
					 set->first, set->step, set->of),
			    "what stands around the slices", f);
}

/* Is it in the format that we write? */
static bool date_is_ours(const char *date)
{
	struct error unused = ERROR_INIT;
	char text[DATE_SIZE];
	int64_t when;
	int zone;

	if (date_parse(date, &when, &zone, &unused) < 0)
		return false;
	date_format(text, when, zone);
	return strcmp(text, date) == 0;
}

/* Notes random and clock values that the user did not set. */
static int note_chance(struct runner *run, struct error *f)
{
	const struct composition *whole = run->whole;
	const char *date = header_get(whole->is_draft ? &whole->draft.header
						      : &whole->message.header,
				      "Date");

	if (run->job->options->resume)
		return 0;
	if (date && date_is_ours(date) &&
	    journal_fact(&run->journal, "date", date, "the date", f) < 0)
		return -1;
	if (whole->message_id && *whole->message_id &&
	    journal_fact(&run->journal, "message-id", whole->message_id,
			 "the Message-ID", f) < 0)
		return -1;
	return !whole->message.tag[0]
		       ? 0
		       : journal_fact(&run->journal, "tag", whole->message.tag,
				      "the boundary", f);
}

static int note_facts(struct runner *run, struct error *f)
{
	const struct split *s = run->split;
	struct arena *a = run->job->arena;

	if (runner_keep_input(run, &run->whole->inputs, f) < 0 ||
	    note_chance(run, f) < 0 ||
	    journal_fact(&run->journal, "limit",
			 arena_format(a, "%" PRIu64, s->limit), "the size",
			 f) < 0)
		return -1;
	for (size_t i = 0; i < s->count; i++)
		if (note_set(run, i, f) < 0)
			return -1;
	return make_ready(run, f);
}

/* Prints what would be sent. */
static int tell_plan(const struct split *s, struct error *f)
{
	struct buf text = BUF_INIT(REPORT_MAX);
	int r;

	buf_printf(&text, "mails:      %u, none over %" PRIu64 " octets\n",
		   s->total, s->limit);
	for (size_t i = 0; i < s->count; i++)
		buf_printf(&text,
			   "set:        %s, %u parts of %" PRIu64
			   " octets (the first %" PRIu64 ")\n",
			   s->sets[i].name, s->sets[i].of, s->sets[i].step,
			   s->sets[i].first);
	r = output_put(&text, f);
	buf_free(&text);
	return r;
}

/* Without a journal, input from a pipe is saved as a dead letter. */
static void keep_whole(const struct runner *run, struct composition *whole)
{
	struct outcome out = { .dead_letter = NULL };
	struct error why = ERROR_INIT;

	error_set(&why, ERROR_TEMPORARY,
		  "not all of its %u parts were sent, and without a journal "
		  "it cannot be resumed",
		  run->total);
	submit_keep(whole, &out, &why);
	if (out.dead_letter)
		log_error("the message was saved in %s", out.dead_letter);
}

/* Sends the parts of a message that has to be split. */
static int send_parts(struct runner *run, struct composition *whole,
		      const char *id, struct error *f)
{
	const struct series_job *job = run->job;
	bool can_resume;
	int r;

	if (job->request->action == REQUEST_DRY_RUN)
		return tell_plan(run->split, f);
	if (!job->options->resume && open_journal(run, id, f) < 0)
		return -1;
	run->total = run->split->total;
	r = note_facts(run, f);
	can_resume = journal_is_there(&run->journal);
	if (r == 0) {
		r = runner_run(run, &part_ops, f);
		if (r > 0 && !can_resume)
			keep_whole(run, whole);
		return r;
	}
	if (!job->options->resume)
		journal_discard(&run->journal);
	return r;
}

int series_split(const struct series_job *job, struct composition *whole,
		 struct error *f)
{
	struct runner run = { .job = job,
			      .whole = whole,
			      .journal = { .fd = -1 } };
	struct split split = { .total = 0 };
	struct split_options options = *job->split;
	char id[SPLIT_ID_SIZE];
	int r;

	choose_id(job, id);
	if (job->options->resume && open_journal(&run, id, f) < 0)
		return -1;
	r = find_limit(&run, &options.limit, f);
	if (r == 0)
		r = split_plan(&split, job->arena, whole, &options, id, f);
	run.split = &split;
	if (r > 0)
		r = send_parts(&run, whole, id, f);
	else if (r == 0 && !job->options->resume)
		r = SERIES_IS_ONE;
	else if (r == 0)
		r = error_set(f, ERROR_DATA,
			      "the input of series %s has changed and now "
			      "fits in one mail: send it as a new one",
			      run.journal.id);
	journal_close(&run.journal);
	return r;
}

/* ---- each file, ready messages ---- */

/* Prints what would be sent. */
static int tell_mail(struct runner *run, const struct series_ops *ops,
		     unsigned n, struct error *f)
{
	struct buf line = BUF_INIT(REPORT_MAX);
	struct arena a = ARENA_INIT;
	struct composition c = { .arena = &a };
	struct error trouble = ERROR_INIT;
	char name[256] = "";
	int r = ops->make(run, n, &a, &c, name, &trouble);
	int status = r < 0 ? error_exit(&trouble) : 0;

	buf_puts(&line, r < 0 ? "would fail " : "would send ");
	text_puts_safe(&line, name);
	if (r < 0)
		buf_printf(&line, ": %s", trouble.text);
	for (size_t i = 0; r == 0 && i < c.envelope.count; i++)
		buf_printf(&line, " <%s>", c.envelope.recipients[i].address);
	if (r == 0)
		buf_printf(&line, " %" PRIu64 " octets", c.stage.size);
	buf_putc(&line, '\n');
	if (output_put(&line, f) < 0)
		status = -1;
	composition_free(&c);
	arena_free(&a);
	buf_free(&line);
	return status;
}

static int tell_mails(struct runner *run, const struct series_ops *ops,
		      struct error *f)
{
	int status = 0;

	for (unsigned n = 1; n <= run->total && status >= 0; n++) {
		int one = tell_mail(run, ops, n, f);

		if (one < 0 || status == 0)
			status = one;
	}
	return status;
}

static bool is_dry(const struct runner *run)
{
	return run->job->request->action == REQUEST_DRY_RUN;
}

/* After the files are open and standard input is read. */
static int send_all(struct runner *run, const struct series_ops *ops,
		    struct error *f)
{
	if (is_dry(run))
		return tell_mails(run, ops, f);
	return make_ready(run, f) < 0 ? -1 : runner_run(run, ops, f);
}

static int send_each(struct runner *run, struct error *f)
{
	const struct series_job *job = run->job;
	struct each each = { .arena = job->arena,
			     .request = job->request,
			     .options = job->options,
			     .account = job->account,
			     .spool = job->spool,
			     .id = run->journal.id };
	int r = each_open(&each, f);

	run->each = &each;
	run->total = (unsigned)job->options->count;
	if (r == 0 && !is_dry(run))
		r = runner_keep_input(run, &each.inputs, f);
	if (r == 0)
		r = send_all(run, &each_ops, f);
	each_close(&each);
	run->each = NULL;
	return r;
}

static int send_messages(struct runner *run, struct error *f)
{
	const struct series_job *job = run->job;
	struct batch batch = { .arena = job->arena,
			       .request = job->request,
			       .options = job->options,
			       .account = job->account,
			       .spool = job->spool,
			       .id = run->journal.id };
	int r;

	if ((!is_dry(run) && runner_save_input(run, f) < 0) ||
	    batch_open(&batch, f) < 0)
		return -1;
	run->batch = &batch;
	run->total = batch.total;
	r = batch.total ? send_all(run, &message_ops, f)
			: error_set(f, ERROR_NOINPUT, "there is no mail in %s",
				    *job->options->files);
	batch_close(&batch);
	run->batch = NULL;
	return r;
}

int series_many(const struct series_job *job, struct error *f)
{
	struct runner run = { .job = job, .journal = { .fd = -1 } };
	char id[SPLIT_ID_SIZE];
	int r;

	choose_id(job, id);
	if (!is_dry(&run) && open_journal(&run, id, f) < 0)
		return -1;
	r = job->options->source == SERIES_EACH ? send_each(&run, f)
						: send_messages(&run, f);
	/* it cannot be resumed */
	if (r < 0 && run.journal.fd >= 0 && !run.is_ready &&
	    !job->options->resume)
		journal_discard(&run.journal);
	journal_close(&run.journal);
	return r;
}

/* ---- going on ---- */

/* Makes the input that the journal kept standard input. */
static int recall_input(const struct journal *j, struct error *f)
{
	int input;

	if (!journal_value(j, "input"))
		return 0;
	input = journal_input(j, f);
	if (input < 0 && !error_is_set(f) && sysenv_is_terminal(STDIN_FILENO))
		return error_set(f, ERROR_NOINPUT,
				 "the stdin data of series %s is not stored: "
				 "give it again, with < FILE after this "
				 "command",
				 j->id);
	return error_is_set(f) ? -1 : runner_take_input(input, f);
}

static int recall(const struct journal *j, bool again,
		  struct series_memory *out, struct error *f)
{
	if (!journal_value(j, "ready"))
		return error_set(f, ERROR_NOINPUT,
				 "nothing of series %s was sent: send it as a "
				 "new one",
				 j->id);
	out->date = journal_value(j, "date");
	out->message_id = journal_value(j, "message-id");
	out->tag = journal_value(j, "tag");
	if (!again && journal_is_complete(j)) {
		log_note("series %s: there is nothing left to do", j->id);
		return 1;
	}
	if (chdir(out->command.folder) < 0)
		return error_errno(f, ERROR_NOINPUT, errno,
				   "the series was started in %s",
				   out->command.folder);
	return recall_input(j, f);
}

int series_recall(struct arena *a, const struct series_options *now,
		  struct series_memory *out, struct error *f)
{
	const char *parent = parent_folder(a);
	struct journal journal;
	int r;

	if (!parent)
		return error_set(f, ERROR_NOINPUT,
				 "there is no home directory with a journal of "
				 "a series");
	r = journal_open(&journal, a, parent,
			 arena_format(a, "%.*s00", COMMON_DIGITS, now->resume),
			 &out->command, f);
	if (r == 0)
		r = recall(&journal, now->again, out, f);
	journal_close(&journal);
	return r;
}
