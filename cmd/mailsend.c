/* mailsend.c - argv[0] -> persona -> request -> run -> exit status. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistant.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "check.h"
#include "compose/compose.h"
#include "config/config.h"
#include "deliver/spool.h"
#include "explain.h"
#include "finish.h"
#include "flow/progress.h"
#include "output.h"
#include "persona/personas.h"
#include "queue.h"
#include "queue/queue.h"
#include "roundtrip.h"
#include "series.h"
#include "server/serve.h"
#include "start.h"
#include "submit/enqueue.h"
#include "submit/report.h"
#include "submit/submit.h"
#include "submit/transcript.h"
#include "submit/verify.h"
#include "talk.h"
#include "version.h"

struct run {
	struct arena arena;
	const struct persona *persona;
	struct request request;
	struct config config;
	struct account *account;
	const char *spool[SYSENV_SPARE + 4];
	struct journal_command command; /* as it was called */
	struct progress progress;
	struct transcript transcript;
	bool is_parsed; /* the request is whole */
	bool has_begun; /* to serve: the client was greeted */
};

/* One that was made on the way; what main has still to do is not its own. */
static void end_process(void)
{
	_exit(0);
}

static void sent(void *context, uint64_t done, uint64_t total)
{
	struct progress *p = context;

	p->total = total;
	progress_step(p, done);
}

static int say_config(struct run *run, struct error *f)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	int r = config_show(&run->config, run->account, &text);

	r = r < 0 ? -1 : output_put(&text, f);
	buf_free(&text);
	return r;
}

/* Where an address goes, whether the aliases are in order. */
static int say_verdict(struct run *run, struct error *f)
{
	const struct request *r = &run->request;
	struct buf text = BUF_INIT(REPORT_MAX);
	struct error trouble = ERROR_INIT;
	int verdict =
		r->action == REQUEST_VERIFY
			? verify_recipients(&run->arena, r, run->account, &text,
					    f)
			: verify_aliases(&run->arena, run->account, &text, f);
	int written = output_put(&text, verdict < 0 ? &trouble : f);

	buf_free(&text);
	return verdict < 0 ? verdict : written;
}

/* The folder from which a large message gets into the queue by a link; NULL
 * where there is no queue yet, or none is wanted. */
static const char *queue_spool(struct run *run)
{
	struct error ignored = ERROR_INIT;
	const char *queue;

	if (enqueue_mode(&run->request, run->account) == ENQUEUE_NEVER)
		return NULL;
	queue = spool_queue(&run->arena, run->account, &ignored);
	if (queue)
		queue = queue_stage_folder(&run->arena, queue);
	return queue && access(queue, W_OK | X_OK) == 0 ? queue : NULL;
}

static bool is_split(const struct request *r)
{
	return (r->action == REQUEST_SEND || r->action == REQUEST_DRY_RUN) &&
	       (r->series.limit || r->series.asks);
}

static bool is_series(const struct request *r)
{
	return is_split(r) || r->series.kind != REQUEST_ONE;
}

/* $TMPDIR is the user's word; /var/tmp is disk where /tmp may be memory.  There
 * may be no account yet. */
static void choose_spool(struct run *run)
{
	const char *wish = sysenv_env("TMPDIR");
	const char *queue = run->account ? queue_spool(run) : NULL;
	const char *series = run->account && is_series(&run->request)
				     ? series_folder(&run->arena)
				     : NULL;
	int n = 0;

	if (series)
		run->spool[n++] = series;
	if (queue)
		run->spool[n++] = queue;
	if (wish)
		run->spool[n++] = wish;
	for (size_t i = 0; sysenv_spare()[i]; i++)
		run->spool[n++] = sysenv_spare()[i];
	run->spool[n] = NULL;
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
	if (run->request.json &&
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
	struct error trouble = ERROR_INIT;
	int r;

	progress_init(&run->progress, "sending", 0);
	ending_await(true);
	r = submit_send(&s, out, f);
	progress_end(&run->progress);
	if (transcript_close(&run->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return r;
}

/* ---- many mails ---- */

static struct series_job series_job(struct run *run)
{
	return (struct series_job){
		.arena = &run->arena,
		.command = &run->command,
		.request = &run->request,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};
}

static int end_series(struct run *run, int status)
{
	struct error trouble = ERROR_INIT;

	progress_end(&run->progress);
	if (transcript_close(&run->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return status;
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

	return r == SERIES_IS_ONE ? r : end_series(run, r);
}

static int send_many(struct run *run, struct error *f)
{
	struct series_job job = series_job(run);

	ending_rescue(NULL, NULL); /* the journal has what was read */
	ending_set(&in_series);
	return end_series(run, series_many(&job, f));
}

/* The command of a series that was begun, in place of the one at hand; what is
 * told about it and the way are as this one wants them.  1: nothing is left. */
static int recall(struct run *run, struct error *f)
{
	struct request now = run->request;
	struct request *r = &run->request;
	struct series_memory memory;
	int status = series_recall(&run->arena, &now, &memory, f);

	if (status != 0)
		return status;
	run->command = memory.command;
	run->persona = persona_of(run->command.argv[0]);
	request_init(r);
	if (options_parse(run->persona, run->command.argc, run->command.argv, r,
			  &run->arena, f) < 0)
		return -1;
	request_recall(&run->arena, r, &now);
	r->series.tag = memory.tag;
	if (!r->date)
		r->date = memory.date;
	if (!r->message_id)
		r->message_id = memory.message_id;
	return 0;
}

/* Said here: nobody else knows of it. */
static void keep(struct composition *c, struct outcome *out,
		 const struct error *why)
{
	submit_keep(c, out, why);
	if (out->dead_letter)
		log_error("the message was kept in %s", out->dead_letter);
}

/* Memory is out, or a library failed: the same, by the way (ending.h). */
static void rescue(void *context, const char *why)
{
	struct outcome out = { .dead_letter = NULL };
	struct error f = ERROR_INIT;

	error_set(&f, ERROR_TEMPORARY, "%s", why);
	keep(context, &out, &f);
}

/* What goes wrong before the mail was begun: whoever pipes it into us can go
 * on, and what they wrote is kept.  A session that others hold with us is no
 * mail, and what was begun before is in its journal. */
static void keep_input(struct run *run, struct outcome *out,
		       const struct error *why)
{
	enum request_action action = run->request.action;
	struct composition c;

	if ((action != REQUEST_SEND && action != REQUEST_PRINT &&
	     action != REQUEST_DRY_RUN && action != REQUEST_EXPLAIN) ||
	    run->request.series.id)
		return;
	choose_spool(run);
	composition_init(&c, &run->arena, &run->request, run->account,
			 run->spool);
	keep(&c, out, why);
	composition_free(&c);
}

/* Whoever asked for JSON gets an object, whatever the end: that of a mail where
 * it was one mail that was to be sent. */
static void end_json(const struct run *run, const struct outcome *out,
		     const struct error *f)
{
	struct error trouble = ERROR_INIT;
	struct buf text = BUF_INIT(REPORT_MAX);

	if (run->request.action != REQUEST_SEND || run->request.series.id ||
	    is_series(&run->request))
		finish_json(f);
	else if (report_json(out, f, &text) < 0 ||
		 output_put(&text, &trouble) < 0)
		log_error("the report could not be written: %s", trouble.text);
	buf_free(&text);
}

/* The same, before there is a mail. */
static void rescue_input(void *context, const char *why)
{
	struct outcome out = { .dead_letter = NULL };
	struct error f = ERROR_INIT;
	struct run *run = context;

	error_set(&f, ERROR_TEMPORARY, "%s", why);
	if (!run->is_parsed) /* what is there is a text, as far as we know */
		run->request.body_path = "-";
	keep_input(run, &out, &f);
}

static int send_mail(struct run *run, struct error *f)
{
	struct outcome out = { .account = run->account->name };
	struct composition c;
	int r, status = 0;

	composition_init(&c, &run->arena, &run->request, run->account,
			 run->spool);
	ending_rescue(rescue, &c);
	r = composition_build(&c, f);
	if (r == 0 && !c.is_empty && is_split(&run->request)) {
		r = send_parts(run, &c, f);
		if (r < 0 && r != SERIES_IS_ONE &&
		    run->request.action == REQUEST_SEND)
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
		; /* nothing is said of an empty one: cron would mail it */
	else if (run->request.action == REQUEST_PRINT)
		r = print_message(&c, f);
	else if (run->request.action == REQUEST_DRY_RUN)
		r = dry_run(&c, f);
	else
		r = deliver(run, &c, &out, f);
	if (r < 0 && run->request.action != REQUEST_SEND)
		finish_with_reader(f);
	if (r < 0 || (run->request.action == REQUEST_SEND &&
		      (!c.is_empty || run->request.json)))
		say_outcome(run, &out, f);
	if (r == 0 && interrupt_signal() && !out.queue_id &&
	    run->request.action == REQUEST_SEND && !c.is_empty)
		log_warning("ended by %s when the mail had gone",
			    interrupt_name());
	if (r < 0 && !(run->request.is_status_zero && out.has_notice))
		status = outcome_exit(&out, f);
	ending_rescue(NULL, NULL);
	composition_free(&c);
	return status;
}

static int serve(struct run *run, struct error *f)
{
	struct serve s = {
		.arena = &run->arena,
		.request = &run->request,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};
	struct error trouble = ERROR_INIT;
	int r;

	run->has_begun = true;
	if (run->request.action == REQUEST_SERVE) {
		r = serve_listen(&s, f);
		interrupt_forget(); /* it is how serving ends, and no failure */
	} else {
		r = serve_stdio(&s, f);
	}

	if (transcript_close(&run->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return r;
}

static int explain(struct run *run, struct error *f)
{
	const char *called = run->command.argv[0];
	const char *slash = strrchr(called, '/');
	const struct explain_job job = {
		.arena = &run->arena,
		.called = slash ? slash + 1 : called,
		.face = run->persona->name,
		.request = &run->request,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
	};

	return explain_command(&job, f);
}

static int send_around(struct run *run, struct error *f)
{
	const struct roundtrip_wish wish = {
		.request = &run->request,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};
	struct error trouble = ERROR_INIT;
	int r = roundtrip_command(&run->arena, &wish, f);

	if (transcript_close(&run->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return r;
}

/* The exit status; an error that is still to be told is in f. */
static int act(struct run *run, struct error *f)
{
	struct config_wish wish;

	switch (run->request.action) {
	case REQUEST_HELP:
		return output_help(run->persona, false, f);
	case REQUEST_HELP_ALL:
		return output_help(run->persona, true, f);
	case REQUEST_VERSION:
		return version_print(run->persona->name, f);
	case REQUEST_LIST_QUEUE:
	case REQUEST_RUN_QUEUE:
	case REQUEST_CHECK_QUEUE:
	case REQUEST_CHANGE_QUEUE:
	case REQUEST_PRINT_QUEUED:
	case REQUEST_SETUP_QUEUE:
		return queue_command(&run->arena, &run->request, f);
	case REQUEST_SETUP:
		return assistant_command(&run->arena, &run->request, f);
	case REQUEST_TALK:
		return talk_with_server(&run->arena, &run->request, f);
	case REQUEST_CHECK:
		return check_command(&run->arena, &run->request, f);
	default:
		break;
	}
	if (run->request.series.id) {
		int status = recall(run, f);

		if (status != 0)
			return status < 0 ? -1 : 0;
	}
	wish = request_config(&run->request);
	if (config_load(&run->config, &run->arena, &wish, f) < 0 ||
	    config_choose(&run->config, &wish, &run->account, f) < 0)
		return -1;
	choose_spool(run);
	switch (run->request.action) {
	case REQUEST_SHOW_CONFIG:
		return say_config(run, f);
	case REQUEST_VERIFY:
	case REQUEST_CHECK_ALIASES:
		return say_verdict(run, f);
	default:
		break;
	}
	if (transcript_open(&run->transcript, run->request.transcript,
			    run->request.transcript_path, f) < 0)
		return -1;
	if (run->request.action == REQUEST_SERVE ||
	    run->request.action == REQUEST_SERVE_STDIO)
		return serve(run, f);
	if (run->request.action == REQUEST_ROUNDTRIP)
		return send_around(run, f);
	if (run->request.action == REQUEST_EXPLAIN)
		return explain(run, f);
	if (run->request.series.kind != REQUEST_ONE)
		return send_many(run, f);
	return send_mail(run, f);
}

/* "" where that cannot be told: nothing goes on from there. */
static const char *here(struct arena *a)
{
	char path[4096];

	return arena_dup(a, getcwd(path, sizeof(path)) ? path : "");
}

/* Do its mails have to be kept when a signal ends us? */
static bool has_mail(const struct request *r)
{
	return r->action == REQUEST_SEND || r->action == REQUEST_SERVE ||
	       r->action == REQUEST_SERVE_STDIO ||
	       r->action == REQUEST_RUN_QUEUE || r->queue.runs_first;
}

/* Does somebody wait for it, who is to be told where it was cut? */
static bool is_awaited(const struct request *r)
{
	return r->action == REQUEST_CHECK || r->action == REQUEST_ROUNDTRIP ||
	       r->action == REQUEST_SETUP || r->action == REQUEST_TALK;
}

/* What else there is ends as any program does. */
static void heed_signals(const struct request *r)
{
	if (is_awaited(r))
		interrupt_tell();
	else if (!has_mail(r))
		interrupt_release();
}

static int run_command(struct run *run)
{
	static const struct ending other = { 75, "it was not finished" };
	struct error f = ERROR_INIT, ignored = ERROR_INIT;
	struct outcome out = { .account = NULL };
	int status;

	log_quiet(run->request.quiet);
	if (run->request.silent)
		log_silence();
	if (run->request.action != REQUEST_SEND)
		ending_set(&other);
	heed_signals(&run->request);
	status = act(run, &f);
	if (status >= 0)
		return status;
	if (run->request.action != REQUEST_SEND)
		finish_with_reader(&f);
	log_error("%s", f.text);
	if (run->request.action == REQUEST_SERVE_STDIO && !run->has_begun)
		output_puts(
			"421 4.3.5 no mail is taken here: the configuration is "
			"wrong\r\n",
			&ignored);
	keep_input(run, &out, &f);
	if (run->request.json)
		end_json(run, &out, &f);
	return error_exit(&f);
}

static int run_program(int argc, char **argv)
{
	struct run run = { .arena = ARENA_INIT };
	struct outcome out = { .account = NULL };
	struct error f = ERROR_INIT;
	int status;

	process_on_end(end_process);
	request_init(&run.request);
	ending_rescue(rescue_input, &run);
	run.persona = persona_choose(&argc, &argv);
	run.command = (struct journal_command){ .folder = here(&run.arena),
						.argc = argc,
						.argv = argv };
	if (options_parse(run.persona, argc, argv, &run.request, &run.arena,
			  &f) < 0) {
		log_error("%s", f.text);
		if (!run.persona->is_terse)
			output_usage(run.persona);
		keep_input(&run, &out, &f);
		if (options_have(run.persona, argc, argv, "json"))
			end_json(&run, &out, &f);
		status = error_exit(&f);
	} else {
		run.is_parsed = true;
		status = run_command(&run);
	}
	arena_free(&run.arena);
	return finish_process(status);
}

int main(int argc, char **argv)
{
	const struct program program = {
		.name = persona_of(argv[0])->name,
		.first = { 75, "nothing was sent" },
		.run = run_program,
	};

	return start_program(&program, argc, argv);
}
