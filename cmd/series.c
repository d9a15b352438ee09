/* series.c - the commands that send many mails, and go on with them.
 *
 * A series has a journal from before its first mail, so that an interrupted one
 * goes on with --resume: the command is read again as it was, and the plan must
 * come out the same (the digests of the files and the limit are facts of the
 * journal). */
#include "series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/world.h"
#include "deliver/route.h"
#include "submit/each.h"
#include "submit/progress.h"
#include "submit/report.h"
#include "submit/series.h"
#include "submit/split.h"
#include "submit/split_frame.h"

#define COMMON_DIGITS (SPLIT_ID_SIZE - 3) /* of the ids of one command */

/* What the three kinds share. */
struct runner {
	const struct series_job *job;
	struct split *split; /* or NULL */
	struct each *each;
	struct batch *batch;
	struct journal journal;
	struct progress progress;
	unsigned done;
};

static const char *parent_folder(struct arena *a)
{
	const char *state = world_state();

	return state ? arena_format(a, "%s/series", state) : NULL;
}

const char *series_folder(struct arena *a)
{
	const char *parent = parent_folder(a);
	struct fault f = FAULT_INIT;

	return parent && disk_make_folder(parent, &f) == 0 ? parent : NULL;
}

/* ---- which of them ---- */

/* "4,7-9"; the list was checked as it was read. */
static bool is_listed(const char *list, unsigned n)
{
	while (list && *list) {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (n >= from && n <= to)
			return true;
		list = *end == ',' ? end + 1 : "";
	}
	return false;
}

/* The id of a set of its own (of the second file, say) is that set alone, and
 * so are the numbers of parts: mailjoin knows of no other. */
static bool wanted(void *context, unsigned n)
{
	const struct runner *run = context;
	const struct request_series *r = &run->job->request->series;
	unsigned set = 0;

	if (run->split)
		n = split_place(run->split, n, &set);
	if (r->id && (r->parts || strcmp(r->id + COMMON_DIGITS, "00") != 0) &&
	    set != strtoul(r->id + COMMON_DIGITS, NULL, 16))
		return false;
	return !r->parts || is_listed(r->parts, n);
}

/* ---- what is told ---- */

static void tell_line(const struct series_verdict *v, struct buf *line)
{
	static const char *const words[] = { "sent", "queued", "failed" };

	buf_printf(line, "%s %s", words[v->fate], v->name);
	if (v->message_id[0])
		buf_printf(line, " %s", v->message_id);
	if (v->queue_id[0])
		buf_printf(line, " %s", v->queue_id);
	if (v->fate == SERIES_FAILED)
		buf_printf(line, ": %s", v->text);
	buf_putc(line, '\n');
}

/* A line each, for whoever counts them; the parts of one message are no news
 * to a person but where one failed. */
static void told(void *context, const struct series_verdict *v)
{
	struct runner *run = context;
	struct buf line = BUF_INIT(REPORT_MAX);
	struct fault f = FAULT_INIT;
	const struct request *r = run->job->request;

	progress_step(&run->progress, ++run->done);
	if (r->json)
		report_series_json(v, &line);
	else if (!run->split && !r->quiet)
		tell_line(v, &line);
	if (line.len && disk_write_all(STDOUT_FILENO, line.data, line.len,
				       "standard output", &f) < 0)
		log_error("%s", f.text);
	if (v->fate == SERIES_FAILED)
		log_error("%s: %s", v->name, v->text);
	buf_free(&line);
}

static void tell_sum(const struct runner *run,
		     const struct series_result *result, bool is_complete)
{
	const char *what = run->split ? "parts" : "mails";

	if (result->queued)
		log_note("%u of %u %s wait in the queue", result->queued,
			 result->sent + result->queued + result->failed, what);
	if (run->split && is_complete)
		log_note("sent as %u mails, series %s", run->split->total,
			 run->journal.id);
	if (!is_complete)
		log_error("%u %s went, %u did not; go on with: mailsend "
			  "--resume %s",
			  result->before + result->sent + result->queued, what,
			  result->failed, run->journal.id);
}

/* ---- the makers ---- */

static int make_part(void *context, unsigned n, struct arena *a,
		     struct composition *out, char *name, struct fault *f)
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
		     struct composition *out, char *name, struct fault *f)
{
	const struct runner *run = context;

	return each_make(run->each, n, a, out, name, f);
}

static int make_message(void *context, unsigned n, struct arena *a,
			struct composition *out, char *name, struct fault *f)
{
	const struct runner *run = context;

	return batch_make(run->batch, n, a, out, name, f);
}

static const char *message_key(void *context, unsigned n, struct arena *a)
{
	const struct runner *run = context;

	return batch_key(run->batch, n, a);
}

static const struct series_ops part_ops = { make_part, part_key, told, wanted };
static const struct series_ops each_ops = { make_each, part_key, told, wanted };
static const struct series_ops message_ops = { make_message, message_key, told,
					       wanted };

/* ---- the journal ---- */

static int open_journal(struct runner *run, const char *id, struct fault *f)
{
	const struct series_job *job = run->job;
	const char *parent = parent_folder(job->arena);
	struct journal_command unused;

	if (!parent)
		return fault_set(f, FAULT_CANTCREAT,
				 "there is no home folder for the journal of a "
				 "series; set HOME or XDG_STATE_HOME");
	if (job->request->series.id)
		return journal_open(&run->journal, job->arena, parent, id,
				    &unused, f);
	return journal_begin(&run->journal, job->arena, parent, id,
			     job->command, f);
}

static int keep_input(struct runner *run, const struct inputs *inputs,
		      struct fault *f)
{
	struct slice input;

	if (run->job->request->series.id || !inputs_standard(inputs, &input))
		return 0;
	return journal_keep_input(&run->journal, &input, f);
}

/* message/partial is cut from a message that has one date and one boundary:
 * that very message is kept, and not what it was made of. */
static int keep_source(struct runner *run, const struct composition *whole,
		       struct fault *f)
{
	struct slice message;

	if (run->split->format != SPLIT_PARTIAL)
		return keep_input(run, &whole->inputs, f);
	if (run->job->request->series.id)
		return 0;
	message = stage_slice(&whole->stage);
	return journal_keep_input(&run->journal, &message, f);
}

/* The message that was kept; without it (the series was complete) only a new
 * one could be cut. */
static int take_message(struct runner *run, struct composition *whole,
			struct fault *f)
{
	const struct request *r = run->job->request;
	int fd;

	if (!r->series.id || r->series.format != SPLIT_PARTIAL)
		return 0;
	fd = journal_input(&run->journal, f);
	if (fd < 0)
		return fault_set(f, FAULT_NOINPUT,
				 "the message of series %s is not kept any "
				 "more: send it as a new one",
				 r->series.id);
	return composition_take(whole, fd, f);
}

/* ---- a series ---- */

static int run_series(struct runner *run, const struct series_ops *ops,
		      unsigned total, struct fault *f)
{
	const struct series_job *job = run->job;
	const struct request *r = job->request;
	struct series s = {
		.arena = job->arena,
		.config = job->config,
		.account = job->account,
		.config_path = r->config_path,
		.trace = job->trace,
		.ops = ops,
		.context = run,
		.total = total,
		.connections = run->batch ? 1 : r->series.connections,
		.journal = &run->journal,
		.are_one = run->split != NULL,
		.again = r->series.again,
	};
	struct series_result result;
	int status;

	/* whoever stops it by hand will want to know */
	if (total > 1 && !r->quiet && world_is_terminal(STDERR_FILENO))
		log_note("%u mails; if this is interrupted, go on with: "
			 "mailsend --resume %s",
			 total, run->journal.id);
	progress_init(&run->progress, "mails sent", total);
	status = series_run(&s, &result, f);
	progress_end(&run->progress);
	tell_sum(run, &result, status == 0);
	journal_close(&run->journal, status == 0);
	if (status < 0 && result.failed) {
		fault_clear(f); /* each was told of */
		return result.exit ? result.exit : EXIT_SOME_REFUSED;
	}
	return status;
}

/* The ids of a command's sets differ in the last two digits alone. */
static void choose_id(const struct series_job *job, char *id)
{
	const char *given = job->request->series.id;

	split_new_id(id);
	if (given && strlen(given) == SPLIT_ID_SIZE - 1)
		memcpy(id, given, COMMON_DIGITS);
}

static int find_limit(struct runner *run, uint64_t *limit, struct fault *f)
{
	const struct series_job *job = run->job;
	const char *before = journal_value(&run->journal, "limit");
	struct route route;
	int r;

	*limit = job->request->series.limit;
	if (before)
		*limit = strtoull(before, NULL, 10);
	if (before || !job->request->series.asks)
		return 0;
	if (route_open(&route, job->arena, job->config, job->account,
		       job->request->config_path, job->trace, f) < 0)
		return -1;
	r = route_size(&route, limit, f);
	route_close(&route);
	if (r == 0 && !*limit)
		return fault_set(f, FAULT_UNAVAILABLE,
				 "the server does not say how large a mail may "
				 "be: name a size, as in --split 10M");
	return r;
}

static int note_facts(struct runner *run, struct fault *f)
{
	const struct split *s = run->split;
	struct arena *a = run->job->arena;

	if (journal_fact(&run->journal, "limit",
			 arena_format(a, "%" PRIu64, s->limit), "the size",
			 f) < 0)
		return -1;
	if (s->format == SPLIT_PARTIAL)
		return journal_fact(&run->journal, "format", "partial",
				    "the format", f);
	for (size_t i = 0; i < s->count; i++)
		if (journal_fact(&run->journal,
				 arena_format(a, "sha256-%zu", i),
				 s->sets[i].digest, s->sets[i].name, f) < 0)
			return -1;
	return 0;
}

/* What would be sent. */
static int tell_plan(const struct split *s, struct fault *f)
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
	r = disk_write_all(STDOUT_FILENO, text.data, text.len,
			   "standard output", f);
	buf_free(&text);
	return r;
}

int series_split(const struct series_job *job, struct composition *whole,
		 struct fault *f)
{
	struct runner run = { .job = job, .journal = { .fd = -1 } };
	struct split split;
	char id[SPLIT_ID_SIZE];
	uint64_t limit;
	int r;

	choose_id(job, id);
	if (job->request->series.id && open_journal(&run, id, f) < 0)
		return -1;
	if (find_limit(&run, &limit, f) < 0 || take_message(&run, whole, f) < 0)
		return -1;
	r = split_plan(&split, job->arena, whole, limit, id, f);
	if (r <= 0)
		return r < 0 ? -1 : SERIES_IS_ONE;
	run.split = &split;
	if (job->request->action == REQUEST_DRY_RUN)
		return tell_plan(&split, f);
	if (!job->request->series.id && open_journal(&run, id, f) < 0)
		return -1;
	if (note_facts(&run, f) < 0 || keep_source(&run, whole, f) < 0) {
		journal_close(&run.journal, false);
		return -1;
	}
	return run_series(&run, &part_ops, split.total, f);
}

static int send_each(struct runner *run, struct fault *f)
{
	const struct series_job *job = run->job;
	struct each each;
	int r = each_open(&each, job->arena, job->request, job->account,
			  job->spool, f);

	run->each = &each;
	if (r == 0)
		r = keep_input(run, &each.inputs, f);
	if (r == 0)
		r = run_series(run, &each_ops,
			       (unsigned)job->request->series.count, f);
	each_close(&each);
	return r;
}

static int send_messages(struct runner *run, struct fault *f)
{
	const struct series_job *job = run->job;
	struct mailbox_login login = { .user = NULL };
	struct batch batch;
	int r;

	if (batch_open(&batch, job->arena, job->request, job->account,
		       job->spool, &login, f) < 0)
		return -1;
	run->batch = &batch;
	r = run_series(run, &message_ops, batch.total, f);
	batch_close(&batch);
	return r;
}

int series_many(const struct series_job *job, struct fault *f)
{
	struct runner run = { .job = job, .journal = { .fd = -1 } };
	char id[SPLIT_ID_SIZE];

	choose_id(job, id);
	if (open_journal(&run, id, f) < 0)
		return -1;
	return job->request->series.kind == REQUEST_EACH
		       ? send_each(&run, f)
		       : send_messages(&run, f);
}

/* ---- going on ---- */

int series_recall(struct arena *a, const char *id,
		  struct journal_command *command, struct fault *f)
{
	const char *parent = parent_folder(a);
	struct journal journal;
	int input;

	if (!parent)
		return fault_set(f, FAULT_NOINPUT,
				 "there is no home folder, and no journal of a "
				 "series in it");
	if (strlen(id) == SPLIT_ID_SIZE - 1)
		id = arena_format(a, "%.30s00", id);
	if (journal_open(&journal, a, parent, id, command, f) < 0)
		return -1;
	input = journal_has(&journal, "=format partial")
			? -1
			: journal_input(&journal, f);
	journal_close(&journal, false);
	if (fault_is_set(f))
		return -1;
	if (chdir(command->folder) < 0)
		return fault_errno(f, FAULT_NOINPUT, errno,
				   "the series was begun in %s",
				   command->folder);
	if (input >= 0 && dup2(input, STDIN_FILENO) < 0)
		return fault_errno(f, FAULT_OS, errno,
				   "no standard input for the series");
	if (input >= 0)
		close(input);
	return 0;
}
