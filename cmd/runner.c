/* runner.c - which mails of a series are sent, and what is printed. */
#include "runner.h"

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
#include "flow/digest.h"
#include "output.h"
#include "submit/enqueue.h"
#include "submit/limit.h"
#include "submit/report.h"
#include "submit/split_frame.h"
#include "submit/submit.h"

/* ---- which of them ---- */

/* "4,7-9"; the syntax has been checked. */
static bool is_listed(const char *list, unsigned n)
{
	while (list && *list) {
		uint64_t from, to;
		size_t length = text_range(list, UINT64_MAX, &from, &to);

		if (!length)
			return false;
		if (n >= from && n <= to)
			return true;
		list += length;
		list += *list == ',';
	}
	return false;
}

/* The id of another set (of the second file, say) selects that set, and part
 * numbers count within it, as in mailjoin. */
bool runner_wanted(void *context, unsigned n)
{
	const struct runner *run = context;
	const struct series_options *o = run->job->options;
	unsigned set = 0;

	if (run->split)
		n = split_place(run->split, n, &set);
	if (o->resume &&
	    (o->parts || strcmp(o->resume + COMMON_DIGITS, "00") != 0) &&
	    set != strtoul(o->resume + COMMON_DIGITS, NULL, 16))
		return false;
	return !o->parts || is_listed(o->parts, n);
}

/* ---- what is told ---- */

static void tell_line(const struct series_verdict *v, struct buf *line)
{
	buf_printf(line, "%s ", series_word(v));
	text_puts_safe(line, v->name);
	if (v->message_id[0]) {
		buf_putc(line, ' ');
		text_puts_safe(line, v->message_id);
	}
	if (v->queue_id[0])
		buf_printf(line, " %s", v->queue_id);
	if (v->status == SERIES_FAILED) {
		buf_puts(line, ": ");
		text_puts_safe(line, v->text);
	}
	buf_putc(line, '\n');
}

/* For parts in octets, otherwise in mails. */
static void show_progress(struct runner *run, const struct series_verdict *v)
{
	run->done++;
	if (v->status != SERIES_FAILED)
		run->octets += v->size;
	progress_step(&run->progress, run->split ? run->octets : run->done);
}

void runner_progress(void *context, unsigned n, uint64_t done, uint64_t total)
{
	struct runner *run = context;

	(void)n;
	(void)total;
	if (run->split)
		progress_step(&run->progress, run->octets + done);
}

static void print_line(struct runner *run, const struct buf *line)
{
	struct error f = ERROR_INIT;

	if (!line->len || run->is_mute || output_put(line, &f) == 0)
		return;
	run->is_mute = true;
	log_error("the report cannot be written: %s", f.text);
}

/* Prints a line for each mail; for parts of one message only failures are
 * printed. */
void runner_verdict(void *context, const struct series_verdict *v)
{
	struct runner *run = context;
	struct buf line = BUF_INIT(REPORT_MAX);
	const struct request *r = run->job->request;

	show_progress(run, v);
	if (r->json)
		report_series_json(v, &line);
	else if (!run->split && !r->quiet)
		tell_line(v, &line);
	print_line(run, &line);
	if (v->status == SERIES_FAILED)
		log_error("%s: %s", v->name, v->text);
	if (v->refused[0])
		log_error("%s was refused and gets no further parts: %s",
			  v->refused, v->text);
	buf_free(&line);
}

/* The command to resume it; standard input has to be given again if it was not
 * kept. */
static const char *resume_words(const struct runner *run)
{
	const struct journal *j = &run->journal;
	struct error unsure = ERROR_INIT; /* resuming tells */
	bool needs_input =
		journal_value(j, "input") && journal_has_input(j, &unsure) == 0;

	return arena_format(run->job->arena, "mailsend --resume %s%s", j->id,
			    needs_input ? " < FILE" : "");
}

/* Has the queue a timer, or is it about to be run? */
static bool has_runner(const struct runner *run)
{
	const struct series_job *job = run->job;

	return enqueue_mode(job->request, job->account) == ENQUEUE_BACKGROUND ||
	       enqueue_has_runner(job->arena, job->account);
}

static void tell_sum(const struct runner *run, const struct series_result *r,
		     int status)
{
	const char *what = run->split ? "parts" : "mails";
	bool can_resume = journal_is_there(&run->journal);
	unsigned went = r->before + r->sent + r->queued;
	unsigned all = r->sent + r->queued + r->failed;

	if (r->held)
		log_warning("%u of %u %s held by the limits of account %s, "
			    "mailq shows until when",
			    r->held, all, what, run->job->account->name);
	if (r->queued && has_runner(run))
		log_note("%u of %u %s queued", r->queued, all, what);
	else if (r->queued)
		log_warning("%u of %u %s queued, and %s", r->queued, all, what,
			    report_no_runner);
	if (status < 0 || r->is_stopped)
		log_error(
			"%u of %u %s sent%s%s%s", went + r->unwritten,
			r->wanted, what,
			r->unwritten
				? arena_format(run->job->arena,
					       ", %u of them without a record",
					       r->unwritten)
			: r->is_stopped ? " before it was stopped"
					: "",
			can_resume ? "; continue with: " : "",
			can_resume ? resume_words(run) : "");
	else if (r->before == r->wanted)
		log_note("series %s: there is nothing left to do",
			 run->journal.id);
	else if (run->split && !r->held)
		log_note("sent as %u mails, series %s", run->split->total,
			 run->journal.id);
	if (r->refused)
		log_error("%u of %zu recipients did not get all of it",
			  r->refused, run->whole->envelope.count);
}

/* ---- a series ---- */

/* Approximate octets of all parts. */
static uint64_t expected_octets(const struct split *s)
{
	double octets = 0;

	for (size_t i = 0; i < s->count; i++)
		octets += (double)s->sets[i].content.length /
			  (double)s->sets[i].step * (double)s->limit;
	return (uint64_t)octets;
}

static void start_progress(struct runner *run)
{
	if (run->split) {
		progress_init(&run->progress, "sending",
			      expected_octets(run->split));
		return;
	}
	progress_init(&run->progress, "mails sent", run->total);
	run->progress.is_count = true;
}

/* The exit status, if errors have been reported. */
static int status_of(const struct series_result *result, int status,
		     struct error *f)
{
	if (status < 0 && result->failed) {
		error_clear(f);
		return result->exit ? result->exit : EXIT_SOME_REFUSED;
	}
	return status < 0 ? -1 : result->exit;
}

static int end_series(struct runner *run, const struct series_result *result,
		      int status, struct error *f)
{
	const struct series_job *job = run->job;
	struct error trouble = ERROR_INIT;

	tell_sum(run, result, status);
	if (status == 0 && !result->is_stopped &&
	    result->wanted == run->total &&
	    journal_complete(&run->journal, &trouble) < 0)
		log_warning("%s", trouble.text);
	journal_close(&run->journal);
	if (result->sent || result->queued)
		enqueue_flush_after(job->arena, job->request, job->account,
				    result->queued > 0);
	return status_of(result, status, f);
}

/* All parts count as one mail for the limits; a resumed series was counted
 * already. */
static void ask_limit(const struct runner *run, struct limit *limit)
{
	if (run->job->options->resume)
		*limit = (struct limit){ .set = NULL };
	else
		limit_ask(limit, run->whole, run->split->id);
}

int runner_run(struct runner *run, const struct series_ops *ops,
	       struct error *f)
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
		.total = run->total,
		.connections = run->batch ? 1 : job->options->connections,
		.journal = &run->journal,
		.envelope = run->split ? &run->whole->envelope : NULL,
		.again = job->options->again,
		.is_rest_lost = !run->split && request_reads_input(r) &&
				!journal_is_there(&run->journal),
	};
	struct series_result result;
	struct limit limit;
	int status;

	/* for those who interrupt it */
	if (run->total > 1 && journal_is_there(&run->journal) && !r->quiet &&
	    sysenv_is_terminal(STDERR_FILENO))
		log_note("%u mails; if this is interrupted, continue with: %s",
			 run->total, resume_words(run));
	if (run->split) {
		ask_limit(run, &limit);
		s.limit = &limit;
	}
	start_progress(run);
	status = series_run(&s, &result, f);
	if (run->split && status < 0 && !result.sent && !result.queued)
		limit_return(&limit);
	progress_end(&run->progress);
	status = end_series(run, &result, status, f);
	return status;
}

/* ---- standard input ---- */

int runner_keep_input(struct runner *run, const struct inputs *inputs,
		      struct error *f)
{
	char digest[DIGEST_HEX_SIZE] = "large";
	struct slice input;
	bool is_file;

	if (!inputs_read(inputs, &input, &is_file))
		return 0;
	if (!run->job->options->resume && !is_file &&
	    journal_keep_input(&run->journal, &input, f) < 0)
		return -1;
	if (input.length <= JOURNAL_INPUT_KEPT &&
	    digest_slice(&input, digest, f) < 0)
		return -1;
	return journal_fact(&run->journal, "input", digest, "standard input",
			    f);
}

int runner_take_input(int input, struct error *f)
{
	int r = input < 0 ? 0 : dup2(input, STDIN_FILENO);

	if (input >= 0)
		close(input);
	return r < 0 ? error_errno(f, ERROR_OS, errno,
				   "no standard input for the series")
		     : 0;
}

/* Copies what was read into an unnamed file; -1 if it has a name or on failure.
 */
static int unnamed_input(const struct series_job *job,
			 const struct inputs *inputs, struct error *f)
{
	struct slice input;
	struct sink_fd out;
	bool is_file;
	int fd = -1, r;

	if (!inputs_read(inputs, &input, &is_file) || is_file)
		return -1;
	for (const char *const *at = job->spool; *at && fd < 0; at++) {
		error_clear(f);
		fd = disk_open_unnamed(*at, f);
	}
	if (fd < 0)
		return -1;
	sink_fd_init(&out, fd, "the messages", f);
	r = pump_slice(&input, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_errno(f, ERROR_IO, errno, "cannot read the messages");
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

int runner_save_input(struct runner *run, struct error *f)
{
	const struct series_job *job = run->job;
	struct outcome out = { .dead_letter = NULL };
	struct composition c;
	struct slice content;
	struct input *in;
	int r, fd = -1;

	if (job->options->resume || !job->request->input_is_messages)
		return 0;
	composition_init(&c, job->arena, job->request, job->account,
			 job->spool);
	in = input_open(&c.inputs, "-", f);
	r = in ? input_slice(&c.inputs, in, true, &content, f) : -1;
	if (r == 0)
		r = runner_keep_input(run, &c.inputs, f);
	if (r == 0)
		fd = journal_is_there(&run->journal)
			     ? journal_input(&run->journal, f)
			     : unnamed_input(job, &c.inputs, f);
	if (r < 0 || error_is_set(f))
		submit_keep(&c, &out, f);
	if (out.dead_letter)
		log_error("the messages were saved in %s", out.dead_letter);
	composition_free(&c);
	return r < 0 ? -1 : runner_take_input(fd, f);
}
