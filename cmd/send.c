/* send.c - sending one mail or a series: from the request to the exit status.
 */
#include "send.h"

#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "compose/compose.h"
#include "config/config.h"
#include "output.h"
#include "program.h"
#include "queue/queue.h"
#include "series.h"
#include "submit/enqueue.h"
#include "submit/report.h"
#include "submit/submit.h"

/* The queue's staging directory, from which a large message is linked into the
 * queue; NULL if there is no queue. */
static const char *queue_spool(struct run *run)
{
	struct error ignored = ERROR_INIT;
	const char *queue;

	if (enqueue_mode(&run->cmdline.request, run->account) == ENQUEUE_NEVER)
		return NULL;
	queue = config_queue(&run->arena, run->account, &ignored);
	if (queue)
		queue = queue_stage_folder(&run->arena, queue);
	return queue && access(queue, W_OK | X_OK) == 0 ? queue : NULL;
}

static bool is_split(const struct cmdline *c)
{
	return (c->kind == COMMAND_SEND || c->kind == COMMAND_DRY_RUN) &&
	       split_is_wanted(&c->split);
}

bool send_is_series(const struct cmdline *c)
{
	return is_split(c) || c->series.source != SERIES_ONE;
}

void send_choose_spool(struct run *run)
{
	const char *tmpdir = sysenv_env("TMPDIR");
	const char *queue = run->account ? queue_spool(run) : NULL;
	const char *series = run->account && send_is_series(&run->cmdline)
				     ? series_folder(&run->arena)
				     : NULL;
	int n = 0;

	if (series)
		run->spool[n++] = series;
	if (queue)
		run->spool[n++] = queue;
	if (tmpdir)
		run->spool[n++] = tmpdir;
	for (size_t i = 0; sysenv_spare()[i]; i++)
		run->spool[n++] = sysenv_spare()[i];
	run->spool[n] = NULL;
}

/* ---- one mail ---- */

static void sent(void *context, uint64_t done, uint64_t total)
{
	struct progress *p = context;

	p->total = total;
	progress_step(p, done);
}

static int print_message(const struct composition *c, struct error *f)
{
	struct slice message = stage_slice(&c->stage);
	struct sink_fd out;
	int r;

	sink_fd_init(&out, STDOUT_FILENO, "standard output", f);
	r = pump_slice(&message, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return r;
}

static int dry_run(const struct composition *c, struct error *f)
{
	struct buf text = BUF_INIT(REPORT_MAX);
	int r;

	report_dry_run(c, &text);
	r = output_put(&text, f);
	buf_free(&text);
	return r;
}

static void say_outcome(const struct run *run, const struct outcome *out,
			const struct error *failure)
{
	struct buf text = BUF_INIT(REPORT_MAX);
	struct error f = ERROR_INIT;

	report_outcome(out, failure);
	if (run->cmdline.request.json &&
	    (report_json(out, failure, &text) < 0 || output_put(&text, &f) < 0))
		log_error("the report could not be written: %s", f.text);
	buf_free(&text);
}

static int deliver(struct run *run, struct composition *c, struct outcome *out,
		   struct error *f)
{
	struct session_progress progress = { .sent = sent,
					     .context = &run->progress };
	const struct submission s = {
		.composition = c,
		.config = &run->config,
		.trace = transcript_trace(&run->transcript),
		.progress = &progress,
		.keeping = SUBMIT_KEEP,
	};
	int r;

	progress_init(&run->progress, "sending", 0);
	ending_await(true);
	r = submit_send(&s, out, f);
	progress_end(&run->progress);
	return r;
}

/* ---- many mails ---- */

static struct series_job series_job(struct run *run)
{
	return (struct series_job){
		.arena = &run->arena,
		.command = &run->typed,
		.request = &run->cmdline.request,
		.options = &run->cmdline.series,
		.split = &run->cmdline.split,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};
}

static const struct ending in_series = { 75, "the series was not finished" };

static int send_parts(struct run *run, struct composition *c, struct error *f)
{
	struct series_job job = series_job(run);
	const struct ending *before = ending_now();
	int r;

	ending_set(&in_series);
	r = series_split(&job, c, f);
	if (r == SERIES_IS_ONE)
		ending_set(before);
	else
		progress_end(&run->progress);
	return r;
}

static int send_many(struct run *run, struct error *f)
{
	struct series_job job = series_job(run);
	int r;

	ending_rescue(NULL, NULL); /* the journal keeps the input */
	ending_set(&in_series);
	r = series_many(&job, f);
	progress_end(&run->progress);
	return r;
}

/* ---- what is kept ---- */

/* Reports it, as no caller does. */
static void keep(struct composition *c, struct outcome *out,
		 const struct error *why)
{
	submit_keep(c, out, why);
	if (out->dead_letter)
		log_error("the message was saved in %s", out->dead_letter);
}

/* Called when memory runs out or a library crashes (base/interrupt.h). */
static void rescue(void *context, const char *why)
{
	struct outcome out = { .dead_letter = NULL };
	struct error f = ERROR_INIT;

	error_set(&f, ERROR_TEMPORARY, "%s", why);
	keep(context, &out, &f);
}

void send_keep_input(struct run *run, struct outcome *out,
		     const struct error *why)
{
	enum request_action action = run->cmdline.request.action;
	struct composition c;

	if (action == REQUEST_NO_MAIL || run->cmdline.series.resume)
		return;
	send_choose_spool(run);
	composition_init(&c, &run->arena, &run->cmdline.request, run->account,
			 run->spool);
	keep(&c, out, why);
	composition_free(&c);
}

/* ---- all of it ---- */

static int send_mail(struct run *run, struct error *f)
{
	struct outcome out = { .account = run->account->name };
	struct composition c;
	int r, status = 0;

	composition_init(&c, &run->arena, &run->cmdline.request, run->account,
			 run->spool);
	ending_rescue(rescue, &c);
	r = composition_build(&c, f);
	if (r == 0 && !c.is_empty && is_split(&run->cmdline)) {
		r = send_parts(run, &c, f);
		if (r < 0 && r != SERIES_IS_ONE &&
		    run->cmdline.request.action == REQUEST_SEND)
			keep(&c, &out, f);
		if (r != SERIES_IS_ONE) {
			ending_rescue(NULL, NULL);
			composition_free(&c);
			return r;
		}
		r = 0;
	} else if (r == 0 && !c.is_empty) {
		r = composition_render(&c, true, f);
	}
	if (r < 0)
		submit_keep(&c, &out, f);
	if (r < 0 || c.is_empty)
		; /* nothing is printed for an empty mail: cron would mail it */
	else if (run->cmdline.request.action == REQUEST_PRINT)
		r = print_message(&c, f);
	else if (run->cmdline.request.action == REQUEST_DRY_RUN)
		r = dry_run(&c, f);
	else
		r = deliver(run, &c, &out, f);
	if (r < 0 && run->cmdline.request.action != REQUEST_SEND)
		program_end_by_pipe(f);
	if (r < 0 || (run->cmdline.request.action == REQUEST_SEND &&
		      (!c.is_empty || run->cmdline.request.json)))
		say_outcome(run, &out, f);
	if (r == 0 && interrupt_signal() && !out.queue_id &&
	    run->cmdline.request.action == REQUEST_SEND && !c.is_empty)
		log_warning("ended by %s after the mail was sent",
			    interrupt_name());
	if (r < 0 &&
	    !(run->cmdline.request.exits_zero_if_mailed && out.has_notice))
		status = outcome_exit(&out, f);
	ending_rescue(NULL, NULL);
	composition_free(&c);
	return status;
}

/* Only at a terminal: the user may be able to log in. */
static void remind_of_login(struct run *run)
{
	struct error ignored = ERROR_INIT;
	const char *path;
	struct queue q;

	if (!log_has_progress() ||
	    enqueue_mode(&run->cmdline.request, run->account) == ENQUEUE_NEVER)
		return;
	path = config_queue(&run->arena, run->account, &ignored);
	if (path && queue_open(&q, &run->arena, path, false, &ignored) == 0 &&
	    queue_stamp(&q, "login") > 0)
		log_note("mail waits in the queue for a login: mailq shows "
			 "which, and why");
}

int send_command(struct run *run, struct error *f)
{
	remind_of_login(run);
	return run->cmdline.series.source != SERIES_ONE ? send_many(run, f)
							: send_mail(run, f);
}
