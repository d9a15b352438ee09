/* mailsend.c - argv[0] -> persona -> command line -> command -> exit status. */
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "commands.h"
#include "config/config.h"
#include "install/install.h"
#include "output.h"
#include "persona/personas.h"
#include "program.h"
#include "send.h"
#include "series.h"
#include "server/serve.h"
#include "submit/report.h"
#include "submit/transcript.h"
#include "submit/verify.h"

/* Ends a child process, without what main does at its end. */
static void end_process(void)
{
	_exit(0);
}

static int say_config(struct run *run, struct error *f)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	int r = config_show(&run->config, run->account, &text);

	r = r < 0 ? -1 : output_put(&text, f);
	buf_free(&text);
	return r;
}

/* Prints one name per line.  No password is read, and accounts with errors are
 * listed. */
static int say_accounts(struct run *run, struct error *f)
{
	struct config_query query = request_config(&run->cmdline.request);
	struct buf text = BUF_INIT(OUTPUT_MAX);
	int r = config_load(&run->config, &run->arena, &query, f);

	if (r == 0) {
		for (const struct account *account = run->config.accounts;
		     account; account = account->next)
			buf_printf(&text, "%s\n", account->name);
		r = output_put(&text, f);
	}
	buf_free(&text);
	return r;
}

/* -bv: where an address is delivered; newaliases: whether the aliases are
 * valid. */
static int say_verdict(struct run *run, struct error *f)
{
	const struct request *r = &run->cmdline.request;
	struct buf text = BUF_INIT(REPORT_MAX);
	struct error trouble = ERROR_INIT;
	int verdict =
		run->cmdline.kind == COMMAND_VERIFY
			? verify_recipients(&run->arena, r, run->account, &text,
					    f)
			: verify_aliases(&run->arena, run->account, &text, f);
	int written = output_put(&text, verdict < 0 ? &trouble : f);

	buf_free(&text);
	return verdict < 0 ? verdict : written;
}

/* Replaces the command line by that of the series to resume; options for the
 * series, the connection and the output are taken from the new one. 1: nothing
 * is left to do. */
static int recall(struct run *run, struct error *f)
{
	struct cmdline now = run->cmdline;
	struct request *r = &run->cmdline.request;
	struct series_memory memory;
	int status = series_recall(&run->arena, &now.series, &memory, f);

	if (status != 0)
		return status;
	run->typed = memory.command;
	run->persona = persona_of(run->typed.argv[0]);
	cmdline_init(&run->cmdline);
	if (options_parse(run->persona, run->typed.argc, run->typed.argv,
			  &run->cmdline, &run->arena, f) < 0)
		return -1;
	cmdline_resume(&run->cmdline, &run->arena, &now);
	r->boundary_tag = memory.tag;
	if (!r->date)
		r->date = memory.date;
	if (!r->message_id)
		r->message_id = memory.message_id;
	return 0;
}

/* With --json an object is printed on every exit: that of the mail, if one mail
 * was to be sent. */
static void end_json(const struct run *run, const struct outcome *out,
		     const struct error *f)
{
	struct error trouble = ERROR_INIT;
	struct buf text = BUF_INIT(REPORT_MAX);

	if (run->cmdline.request.action != REQUEST_SEND ||
	    run->cmdline.series.resume || send_is_series(&run->cmdline))
		output_failure(f);
	else if (json_prepare(&trouble) < 0 || report_json(out, f, &text) < 0 ||
		 output_put(&text, &trouble) < 0)
		log_error("the report could not be written: %s", trouble.text);
	buf_free(&text);
}

/* Parses again, to save a mail that cannot be sent. */
static void read_again(struct run *run)
{
	struct error f = ERROR_INIT;

	if (run->is_parsed)
		return;
	cmdline_init(&run->cmdline);
	if (run->persona &&
	    options_parse(run->persona, run->typed.argc, run->typed.argv,
			  &run->cmdline, &run->arena, &f) == 0)
		return;
	cmdline_init(&run->cmdline);
	run->cmdline.request.body_path = "-"; /* assume that it is the text */
}

/* Called when memory runs out before the mail is composed. */
static void rescue_input(void *context, const char *why)
{
	struct outcome out = { .dead_letter = NULL };
	struct error f = ERROR_INIT;
	struct run *run = context;

	error_set(&f, ERROR_TEMPORARY, "%s", why);
	read_again(run);
	send_keep_input(run, &out, &f);
}

static int find_account(struct run *run, struct error *f)
{
	struct config_query query = request_config(&run->cmdline.request);

	if (config_load(&run->config, &run->arena, &query, f) < 0 ||
	    config_choose(&run->config, &query, &run->account, f) < 0)
		return -1;
	send_choose_spool(run);
	return 0;
}

/* ---- commands that send no mail of their own ---- */

static int help(struct run *run, struct error *f)
{
	return output_help(run->persona, run->cmdline.kind == COMMAND_HELP_ALL,
			   f);
}

static int version(struct run *run, struct error *f)
{
	return output_version(run->persona->name, f);
}

static int queue(struct run *run, struct error *f)
{
	return queue_command(&run->arena, &run->cmdline, f);
}

static int set_up(struct run *run, struct error *f)
{
	return assistant_command(&run->arena, &run->cmdline, f);
}

static int set_up_service(struct run *run, struct error *f)
{
	return install_service(&run->arena, run->cmdline.install,
			       &run->cmdline.request, f);
}

static int talk(struct run *run, struct error *f)
{
	return talk_with_server(&run->arena, &run->cmdline, f);
}

static int check(struct run *run, struct error *f)
{
	return check_command(&run->arena, &run->cmdline, f);
}

static int login(struct run *run, struct error *f)
{
	return login_command(&run->arena, &run->cmdline, run->account, f);
}

static int serve(struct run *run, struct error *f)
{
	struct serve s = {
		.arena = &run->arena,
		.options = &run->cmdline.serve,
		.request = &run->cmdline.request,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};
	int r;

	run->has_begun = true;
	if (!s.options->address)
		return serve_stdio(&s, f);
	r = serve_open(&s, f);
	if (r > 0) {
		/* we are another user now, with other settings and directories
		 */
		r = find_account(run, f);
		s.account = run->account;
	}
	if (r == 0)
		r = serve_listen(&s, f);
	interrupt_forget(); /* a signal is the normal end of a server */
	return r;
}

static int explain(struct run *run, struct error *f)
{
	const char *called = run->typed.argv[0];
	const char *slash = strrchr(called, '/');
	const struct explain_job job = {
		.arena = &run->arena,
		.called = slash ? slash + 1 : called,
		.persona = run->persona->name,
		.request = &run->cmdline.request,
		.series = &run->cmdline.series,
		.split = &run->cmdline.split,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
	};

	return explain_command(&job, f);
}

static int watch_job(struct run *run, struct error *f)
{
	send_choose_spool(run);
	return run_command(&run->arena, &run->cmdline, run->spool, f);
}

static int send_around(struct run *run, struct error *f)
{
	const struct roundtrip_order order = {
		.options = &run->cmdline.roundtrip,
		.request = &run->cmdline.request,
		.is_monitored = run->cmdline.nagios,
		.config = &run->config,
		.account = run->account,
		.spool = run->spool,
		.trace = transcript_trace(&run->transcript),
	};

	return roundtrip_command(&run->arena, &order, f);
}

/* ---- which command it is ---- */

enum needs {
	NEEDS_NOTHING,	  /* it reads the configuration itself */
	NEEDS_ACCOUNT,	  /* the account, and directories for large input */
	NEEDS_TRANSCRIPT, /* the same, and an open transcript */
};

enum interrupted {
	INTERRUPTED_ENDS,  /* the default action of the signal */
	INTERRUPTED_TELLS, /* ends with an error message */
	INTERRUPTED_KEEPS, /* saves or queues the mail first */
};

/* Returns the exit status, or -1 with an error that is still to be reported. */
static const struct tool {
	int (*run)(struct run *run, struct error *f);
	enum needs needs;
	enum interrupted interrupted;
} tools[] = {
	[COMMAND_SEND] = { send_command, NEEDS_TRANSCRIPT, INTERRUPTED_KEEPS },
	[COMMAND_PRINT] = { send_command, NEEDS_TRANSCRIPT, INTERRUPTED_ENDS },
	[COMMAND_DRY_RUN] = { send_command, NEEDS_TRANSCRIPT,
			      INTERRUPTED_ENDS },
	[COMMAND_EXPLAIN] = { explain, NEEDS_TRANSCRIPT, INTERRUPTED_ENDS },
	[COMMAND_SHOW_CONFIG] = { say_config, NEEDS_ACCOUNT, INTERRUPTED_ENDS },
	[COMMAND_LIST_ACCOUNTS] = { say_accounts, NEEDS_NOTHING,
				    INTERRUPTED_ENDS },
	[COMMAND_VERIFY] = { say_verdict, NEEDS_ACCOUNT, INTERRUPTED_ENDS },
	[COMMAND_CHECK_ALIASES] = { say_verdict, NEEDS_ACCOUNT,
				    INTERRUPTED_ENDS },
	[COMMAND_LIST_QUEUE] = { queue, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_RUN_QUEUE] = { queue, NEEDS_NOTHING, INTERRUPTED_KEEPS },
	[COMMAND_CHECK_QUEUE] = { queue, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_CHANGE_QUEUE] = { queue, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_PRINT_QUEUED] = { queue, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_SETUP_QUEUE] = { queue, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_SETUP_SERVICE] = { set_up_service, NEEDS_NOTHING,
				    INTERRUPTED_TELLS },
	[COMMAND_SETUP] = { set_up, NEEDS_NOTHING, INTERRUPTED_TELLS },
	[COMMAND_LOGIN] = { login, NEEDS_ACCOUNT, INTERRUPTED_TELLS },
	[COMMAND_LOGOUT] = { login, NEEDS_ACCOUNT, INTERRUPTED_TELLS },
	[COMMAND_TOKEN] = { login, NEEDS_ACCOUNT, INTERRUPTED_TELLS },
	[COMMAND_TALK] = { talk, NEEDS_NOTHING, INTERRUPTED_TELLS },
	[COMMAND_CHECK] = { check, NEEDS_NOTHING, INTERRUPTED_TELLS },
	[COMMAND_ROUNDTRIP] = { send_around, NEEDS_TRANSCRIPT,
				INTERRUPTED_TELLS },
	[COMMAND_SERVE_STDIO] = { serve, NEEDS_TRANSCRIPT, INTERRUPTED_KEEPS },
	[COMMAND_SERVE] = { serve, NEEDS_TRANSCRIPT, INTERRUPTED_KEEPS },
	[COMMAND_RUN] = { watch_job, NEEDS_NOTHING, INTERRUPTED_KEEPS },
	[COMMAND_HELP] = { help, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_HELP_ALL] = { help, NEEDS_NOTHING, INTERRUPTED_ENDS },
	[COMMAND_VERSION] = { version, NEEDS_NOTHING, INTERRUPTED_ENDS },
};

/* A job is run even if its report cannot be made. */
static bool has_job(const struct cmdline *c)
{
	return c->kind == COMMAND_RUN && c->run.kind == RUN_COMMAND;
}

static int act(struct run *run, struct error *f)
{
	const struct request *r = &run->cmdline.request;
	const struct tool *tool;
	struct error trouble = ERROR_INIT;
	int status;

	if (r->json && !has_job(&run->cmdline) && json_prepare(f) < 0)
		return -1;
	if (r->action == REQUEST_SEND && run->cmdline.series.resume) {
		status = recall(run, f);
		if (status != 0)
			return status < 0 ? -1 : 0;
	}
	tool = &tools[run->cmdline.kind];
	if (tool->needs >= NEEDS_ACCOUNT && find_account(run, f) < 0)
		return -1;
	if (tool->needs < NEEDS_TRANSCRIPT)
		return tool->run(run, f);
	if (transcript_open(&run->transcript, r->transcript, r->transcript_path,
			    f) < 0)
		return -1;
	status = tool->run(run, f);
	if (transcript_close(&run->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return status;
}

/* "" if it is unknown: then a series cannot be resumed. */
static const char *here(struct arena *a)
{
	char path[4096];

	return arena_dup(a, getcwd(path, sizeof(path)) ? path : "");
}

/* Checks that print their object even if a signal ends them. */
static bool ends_with_object(const struct cmdline *c)
{
	return c->request.json &&
	       (c->kind == COMMAND_CHECK || c->kind == COMMAND_ROUNDTRIP);
}

static void set_interrupt_action(const struct cmdline *c)
{
	enum interrupted how = tools[c->kind].interrupted;

	if (ends_with_object(c))
		return;

	if (how == INTERRUPTED_TELLS)
		interrupt_tell();
	else if (how == INTERRUPTED_ENDS && !c->queue.runs_first)
		interrupt_release();
}

static int run_tool(struct run *run)
{
	static const struct ending other = { 75, "it was not finished" };
	struct error f = ERROR_INIT, ignored = ERROR_INIT;
	struct outcome out = { .account = NULL };
	int status;

	log_quiet(run->cmdline.request.quiet);
	if (run->cmdline.request.silent)
		log_silence();
	if (run->cmdline.request.action != REQUEST_SEND)
		ending_set(&other);
	set_interrupt_action(&run->cmdline);
	status = act(run, &f);
	if (status >= 0)
		return status;
	if (run->cmdline.request.action != REQUEST_SEND)
		program_end_by_pipe(&f);
	log_error("%s", f.text);
	if (run->cmdline.kind == COMMAND_SERVE_STDIO && !run->has_begun)
		output_puts(
			"421 4.3.5 no mail is accepted: the configuration is "
			"wrong\r\n",
			&ignored);
	send_keep_input(run, &out, &f);
	if (run->cmdline.request.json)
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
	cmdline_init(&run.cmdline);
	ending_rescue(rescue_input, &run);
	run.persona = persona_choose(&argc, &argv);
	run.typed = (struct journal_command){ .argc = argc, .argv = argv };
	run.typed.folder = here(&run.arena);
	if (options_parse(run.persona, argc, argv, &run.cmdline, &run.arena,
			  &f) < 0) {
		log_error("%s", f.text);
		if (!run.persona->is_terse && f.cause == ERROR_USAGE)
			output_usage(run.persona);
		send_keep_input(&run, &out, &f);
		if (options_have(run.persona, argc, argv, "json"))
			end_json(&run, &out, &f);
		status = error_exit(&f);
	} else {
		run.is_parsed = true;
		status = run_tool(&run);
	}
	arena_free(&run.arena);
	return program_finish(status);
}

int main(int argc, char **argv)
{
	const struct program program = {
		.name = persona_of(argv[0])->name,
		.first = { 75, "nothing was sent" },
		.run = run_program,
	};

	return program_main(&program, argc, argv);
}
