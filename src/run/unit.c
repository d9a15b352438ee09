/* unit.c - parses the output of systemctl(1) and journalctl(1). */
#include "run/unit.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/sysenv.h"
#include "base/text.h"

#define SHOW_SECONDS	20
#define SHOW_MAX	65536
#define JOURNAL_SECONDS 60

struct unit {
	struct run_record *run;
	const char *load, *result, *code, *status, *invocation;
	const char *started, *ended, *cpu, *memory;
	bool is_user; /* of the user's service manager */
};

static const struct {
	const char *name;
	size_t at;
} properties[] = {
	{ "LoadState", offsetof(struct unit, load) },
	{ "Result", offsetof(struct unit, result) },
	{ "ExecMainCode", offsetof(struct unit, code) },
	{ "ExecMainStatus", offsetof(struct unit, status) },
	{ "InvocationID", offsetof(struct unit, invocation) },
	{ "ExecMainStartTimestampMonotonic", offsetof(struct unit, started) },
	{ "ExecMainExitTimestampMonotonic", offsetof(struct unit, ended) },
	{ "CPUUsageNSec", offsetof(struct unit, cpu) },
	{ "MemoryPeak", offsetof(struct unit, memory) },
};
#define PROPERTIES (sizeof(properties) / sizeof(*properties))

static void take_line(struct unit *u, const char *line, size_t n)
{
	for (size_t i = 0; i < PROPERTIES; i++) {
		size_t name = strlen(properties[i].name);
		const char *value;

		if (n <= name || line[name] != '=' ||
		    strncmp(line, properties[i].name, name) != 0)
			continue;
		value = text_dup_safe(u->run->arena, line + name + 1,
				      n - name - 1);
		memcpy((char *)u + properties[i].at, &value, sizeof(value));
	}
}

static void take_lines(struct unit *u, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		take_line(u, text, n);
	}
}

static const char *list_properties(struct arena *a)
{
	const char *list = "--property=";

	for (size_t i = 0; i < PROPERTIES; i++)
		list = arena_format(a, "%s%s%s", list, i ? "," : "",
				    properties[i].name);
	return list;
}

static int show(struct unit *u, struct error *f)
{
	struct command c = { .what = "systemctl", .seconds = SHOW_SECONDS };
	const char *const argv[] = {
		"systemctl",
		u->is_user ? "--user" : "--system",
		"show",
		"--no-pager",
		list_properties(u->run->arena),
		"--",
		u->run->input->options->unit,
		NULL,
	};
	struct buf text = BUF_INIT(SHOW_MAX);
	int status = 0, r;

	r = command_capture(&c, argv, -1, &text, &status, f);
	if (r == 0 && status)
		r = error_set(f, ERROR_UNAVAILABLE, "systemctl show %s failed",
			      argv[6]);
	if (r == 0)
		take_lines(u, text.data);
	buf_free(&text);
	return r;
}

/* A unit that does not exist in the system may be the user's. */
static void find(struct unit *u)
{
	struct error f = ERROR_INIT, other = ERROR_INIT;
	struct unit mine = { .run = u->run, .is_user = true };
	int r = show(u, &f);

	if (r == 0 && u->load && strcmp(u->load, "not-found") != 0)
		return;
	if (show(&mine, &other) == 0 && mine.load &&
	    strcmp(mine.load, "not-found") != 0)
		*u = mine;
	else if (r < 0)
		run_note(u->run, "nothing can be said of the unit: %s", f.text);
	else
		run_note(u->run, "there is no unit %s",
			 u->run->input->options->unit);
}

/* ---- the result ---- */

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	/* for "[not set]", or all ones */
	return text && text_number(text, INT64_MAX, &n) ? n : 0;
}

/* As ExecMainCode has it. */
static const char *code_of(const char *word)
{
	return strcmp(word, "killed") == 0   ? "2"
	       : strcmp(word, "dumped") == 0 ? "3"
					     : "1";
}

/* Uses the manager's variables about the run that failed: there may be another
 * one by now. */
static void read_monitor_variables(struct unit *u)
{
	const char *id = sysenv_env("MONITOR_INVOCATION_ID");
	const char *name = sysenv_env("MONITOR_UNIT");

	if (!id || !text_is_hex(id, 32) ||
	    (name && strcmp(name, u->run->input->options->unit) != 0))
		return;
	if (!u->invocation || strcmp(u->invocation, id) != 0)
		u->started = u->ended = u->cpu = u->memory = NULL;
	u->invocation = id;
	if (sysenv_env("MONITOR_SERVICE_RESULT"))
		u->result = sysenv_env("MONITOR_SERVICE_RESULT");
	if (sysenv_env("MONITOR_EXIT_CODE"))
		u->code = code_of(sysenv_env("MONITOR_EXIT_CODE"));
	if (sysenv_env("MONITOR_EXIT_STATUS"))
		u->status = sysenv_env("MONITOR_EXIT_STATUS");
}

static void fill_status(struct unit *u)
{
	struct run_record *run = u->run;
	struct process *j = &run->job;
	const char *result = u->result ? u->result : "unknown";
	int status = (int)(number(u->status) & 255);
	bool is_killed = u->code && (number(u->code) == CLD_KILLED ||
				     number(u->code) == CLD_DUMPED);

	/* as from waitpid; a signal may be given by name */
	if (strcmp(result, "success") == 0)
		return;
	if (strcmp(result, "exit-code") == 0 && status) {
		j->status = status << 8;
		return;
	}
	if ((strcmp(result, "signal") == 0 ||
	     strcmp(result, "core-dump") == 0) &&
	    u->status && job_signal_number(u->status)) {
		j->status = job_signal_number(u->status);
		return;
	}
	if (strcmp(result, "timeout") != 0) {
		run->unit_result = arena_dup(run->arena, result);
		return;
	}
	j->is_timed_out = true;
	if (is_killed)
		j->status = job_signal_number(u->status);
}

/* The manager's monotonic clock never jumps. */
static void fill_times(const struct unit *u)
{
	struct process *j = &u->run->job;
	uint64_t started = number(u->started) / 1000;
	uint64_t ended = number(u->ended) / 1000;
	uint64_t now = sysenv_ticks();

	j->ended = j->started = sysenv_now();
	if (ended && ended <= now)
		j->ended -= (int64_t)((now - ended) / 1000);
	if (started && started <= now)
		j->started -= (int64_t)((now - started) / 1000);
	if (started && ended >= started)
		j->milliseconds = ended - started;
	j->user = number(u->cpu) / 1000000;
	j->peak = number(u->memory);
}

/* ---- the output ---- */

static void said(void *context, enum job_stream stream, const void *data,
		 size_t n)
{
	struct run_record *run = context;

	(void)stream;
	capture_put(&run->output, JOB_STDOUT, data, n);
}

static const struct job_step journal_limit[] = { { JOURNAL_SECONDS, SIGTERM },
						 { 5, SIGKILL } };
#define JOURNAL_STEPS (sizeof(journal_limit) / sizeof(*journal_limit))

static void ignore(void *context, enum job_stream stream, const void *data,
		   size_t n)
{
	(void)context;
	(void)stream;
	(void)data;
	(void)n;
}

/* The last messages may not be stored yet.  Only root may request that. */
static void sync_journal(void)
{
	static const char *const argv[] = { "journalctl", "--sync", NULL };
	struct process j = {
		.argv = argv,
		.steps = journal_limit,
		.step_count = JOURNAL_STEPS,
		.said = ignore,
	};
	struct error f = ERROR_INIT;

	job_run(&j, &f);
}

static void read_lines(struct run_record *run, const char *const *argv)
{
	struct process j = {
		.argv = argv,
		.steps = journal_limit,
		.step_count = JOURNAL_STEPS,
		.said = said,
		.context = run,
	};
	struct error f = ERROR_INIT;

	if (job_run(&j, &f) < 0)
		run_note(run, "there is no journal: %s", f.text);
	else if (job_exit(&j))
		run_note(run, "journalctl failed with exit status %d",
			 job_exit(&j));
}

static void read_invocation(const struct unit *u)
{
	struct arena *a = u->run->arena;
	const char *const argv[] = {
		"journalctl",
		"--quiet",
		"--no-pager",
		"--no-hostname",
		arena_format(a, "_SYSTEMD_INVOCATION_ID=%s", u->invocation),
		"+",
		arena_format(a, "%s=%s",
			     u->is_user ? "USER_INVOCATION_ID"
					: "INVOCATION_ID",
			     u->invocation),
		NULL,
	};

	read_lines(u->run, argv);
}

/* From its start, or a second earlier: it is known in seconds only. */
static void read_unit(const struct unit *u)
{
	struct run_record *run = u->run;
	int64_t since = run->job.started - 1;
	const char *const argv[] = {
		"journalctl",
		"--quiet",
		"--no-pager",
		"--no-hostname",
		"--boot",
		"--lines=1000",
		arena_format(run->arena, "--%sunit=%s",
			     u->is_user ? "user-" : "",
			     run->input->options->unit),
		u->started
			? arena_format(run->arena, "--since=@%" PRId64, since)
			: NULL,
		NULL,
	};

	read_lines(run, argv);
}

/* For a process that ended at once, the journal may know the unit, but not the
 * invocation. */
static void read_journal(const struct unit *u)
{
	sync_journal();
	if (u->invocation && text_is_hex(u->invocation, 32))
		read_invocation(u);
	if (!u->run->output.size)
		read_unit(u);
}

void unit_read(struct run_record *run)
{
	struct unit u = { .run = run };

	find(&u);
	read_monitor_variables(&u);
	fill_status(&u);
	fill_times(&u);
	read_journal(&u);
	capture_finish(&run->output);
}
