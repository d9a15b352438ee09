/* run.c - the sequence: lock, store, run, store, decide, mail, store.
 *
 * The state is only locked to read and write it, and it is written before the
 * mail is sent, as if none were: if we are killed in between, one mail too many
 * is sent later, not one too few. */
#include "run/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "run/mail.h"
#include "run/phrase.h"
#include "run/report.h"
#include "run/unit.h"

void run_options_init(struct run_options *o)
{
	o->decide.on = DECIDE_FAILURE | DECIDE_RECOVERY;
	o->decide.after = 1;
	o->tail = RUN_TAIL;
	o->ok[0] = true;
}

void run_note(struct run_record *run, const char *format, ...)
{
	const char *note;
	va_list ap;

	va_start(ap, format);
	note = arena_vformat(run->arena, format, ap);
	va_end(ap);
	for (size_t i = 0; i < run->note_count; i++)
		if (strcmp(run->notes[i], note) == 0)
			return;
	log_warning("%s", note);
	if (run->note_count < RUN_NOTES_MAX)
		run->notes[run->note_count++] = note;
}

bool run_has_failed(const struct run_record *run)
{
	const struct process *j = &run->job;

	if (run->is_blocked || run->unit_result || j->error ||
	    j->is_timed_out || job_signal(j))
		return true;
	return !run->input->options->ok[job_exit(j)];
}

/* ---- the state ---- */

/* Locks and reads the state; errors do not stop the run. */
static bool begin_state(struct run_record *run, struct state *s)
{
	struct error f = ERROR_INIT;

	*s = (struct state){ .is_known = false };
	if (!run->entry.path)
		return false;
	if (state_lock(&run->entry, &f) == 0 &&
	    state_read(run->entry.path, s, &f) == 0)
		return true;
	run_note(run, "%s", f.text);
	return false;
}

static bool end_state(struct run_record *run, const struct state *s)
{
	struct error f = ERROR_INIT;
	bool is_written = false;

	if (run->entry.lock >= 0) {
		is_written = state_write(&run->entry, run->arena, s, &f) == 0;
		state_unlock(&run->entry);
	}
	if (error_is_set(&f))
		run_note(run, "the record of this run cannot be written: %s",
			 f.text);
	return is_written;
}

/* Its process stays in the state until the mail is sent. */
static void find_loss(struct run_record *run, struct state *s)
{
	if (!s->pid || state_is_running(s))
		return;
	run->lost = s->ended ? DECIDE_LOST_MAIL : DECIDE_LOST_RUN;
	if (run->lost == DECIDE_LOST_MAIL) {
		run_note(run,
			 "the mail about the run of %s may be lost: mailsend "
			 "was killed, or the machine went down",
			 phrase_time_of(run, s->started));
		return;
	}
	run_note(run,
		 "the run of %s was killed, or the machine went down: it never "
		 "came to its end",
		 phrase_time_of(run, s->started));
	if (!s->failures++)
		s->failed_since = s->started;
}

static void remember_start(struct run_record *run)
{
	struct state s;

	begin_state(run, &s);
	run->before = s;
	find_loss(run, &s);
	s.started = sysenv_now();
	s.ended = 0;
	s.pid = (long)sysenv_pid();
	snprintf(s.host, sizeof(s.host), "%.*s", STATE_STATUS_SIZE - 1,
		 sysenv_node());
	end_state(run, &s);
}

static void fill_state(const struct run_record *run, struct state *s)
{
	const struct process *j = &run->job;

	if (run->is_blocked)
		return;
	if (!s->pid || s->pid == (long)sysenv_pid()) { /* else a later run's */
		s->started = j->started;
		s->ended = j->ended;
		if (!run->decision.is_sent)
			s->pid = 0;
	}
	s->exit = job_exit(j);
	s->milliseconds = j->milliseconds;
	snprintf(s->status, sizeof(s->status), "%.*s", STATE_STATUS_SIZE - 1,
		 phrase_status(run));
	memcpy(s->digest, run->digest, sizeof(s->digest));
}

/* The decision also depends on whether the state can be written: a count that
 * is not stored would never reach its limit. */
static void decide_run(struct run_record *run, struct decide_run *how)
{
	const struct decide_options *o = &run->input->options->decide;
	struct state s;

	how->is_unknown = !begin_state(run, &s);
	if (!run->is_blocked && !run->before.is_known)
		how->is_unknown = true; /* it was reset at the start */
	run->now = s;
	run->decision = decide(o, how, &run->now);
	fill_state(run, &run->now);
	if (end_state(run, &run->now) || how->is_unknown)
		return;
	how->is_unknown = true;
	run->now = s;
	run->decision = decide(o, how, &run->now);
}

static void remember_mail(struct run_record *run, const struct decide_run *how,
			  bool is_mailed)
{
	struct state s;

	if (!begin_state(run, &s))
		s = run->now;
	if (s.pid == (long)sysenv_pid())
		s.pid = 0;
	if (is_mailed)
		decide_mailed(&run->decision, how, &s);
	else
		decide_not_mailed(how, &s);
	if (end_state(run, &s))
		run->now = s;
}

/* ---- the job ---- */

/* 1: run the job; 0: do not. */
static int take_lock(struct run_record *run)
{
	enum run_lock lock = run->input->options->lock;
	struct error f = ERROR_INIT;
	uint64_t start = sysenv_ticks();
	struct state s;
	int r;

	if (lock == RUN_LOCK_NONE)
		return 1;
	if (!run->entry.path) {
		run_note(run, "the job was run without its lock");
		return 1;
	}
	r = state_lock_run(&run->entry, false, &f);
	if (r == 0 && lock == RUN_LOCK_WAIT) {
		r = state_lock_run(&run->entry, true, &f);
		run->waited = sysenv_ticks() - start;
	}
	if (r < 0 && f.cause == ERROR_INTERRUPTED)
		return 0;
	if (r < 0)
		run_note(run, "the job was run without its lock: %s", f.text);
	if (r)
		return 1;
	run->is_blocked = true;
	error_clear(&f);
	if (state_read(run->entry.path, &s, &f) == 0)
		run->blocker = s.started;
	return 0;
}

static void said(void *context, enum job_stream stream, const void *data,
		 size_t n)
{
	struct run_record *run = context;

	capture_put(&run->output, stream, data, n);
	if (run->job.is_shown)
		run->job.is_shown =
			io_write_all(stream == JOB_STDERR ? STDERR_FILENO
							  : STDOUT_FILENO,
				     data, n) == 0;
}

/* Reads all of the output again, so only if it is needed. */
static void find_digest(struct run_record *run)
{
	const struct run_options *o = run->input->options;
	const struct slice all = capture_slice(&run->output);
	struct error f = ERROR_INIT;

	if (!o->decide.every && !(o->decide.on & DECIDE_CHANGE))
		return;
	if (patterns_digest(&o->ignore, &all, run->digest, &f) < 0) {
		run->digest[0] = '\0';
		run_note(run, "the output cannot be compared: %s", f.text);
	}
}

/* A unit's status cannot be our exit status. */
static int status_of(const struct run_record *run)
{
	if (run->input->options->unit)
		return error_is_set(&run->mail_error)
			       ? error_exit(&run->mail_error)
			       : 0;
	if (!run->is_blocked)
		return job_exit(&run->job);
	return run->input->options->lock == RUN_LOCK_NOTIFY ? EX_TEMPFAIL : 0;
}

/* If we have to end from now on, this is the exit status. */
static void set_ending(const struct run_record *run)
{
	static struct ending ending = { 0, "its mail may be lost" };

	ending.status = status_of(run);
	ending_set(&ending);
}

static void run_it(struct run_record *run)
{
	const struct run_options *o = run->input->options;
	struct error f = ERROR_INIT;

	run->job = (struct process){
		.argv = o->command,
		.passes_input = o->passes_input,
		.steps = o->steps,
		.step_count = o->step_count,
		.said = said,
		.context = run,
		.is_shown = run->input->shows_output,
	};
	ping_start(&run->ping, o->ping);
	if (job_run(&run->job, &f) < 0)
		log_error("%s", f.text);
	set_ending(run);
	ping_tell(&run->ping, run_has_failed(run));
	capture_finish(&run->output);
	if (error_is_set(&run->output.error))
		run_note(run,
			 "not all of the output could be saved, its middle is "
			 "missing: %s",
			 run->output.error.text);
	find_digest(run);
}

/* ---- the whole run ---- */

static void tell(struct run_record *run, const struct decide_run *how)
{
	struct report report;
	bool is_mailed;

	report_make(&report, run);
	is_mailed = mail_send(run, &report) == 0;
	report_free(&report);
	remember_mail(run, how, is_mailed);
}

static void decide_and_tell(struct run_record *run)
{
	struct decide_run how = {
		.now = sysenv_now(),
		.has_failed = run_has_failed(run),
		.has_output = run->output.size > 0,
		.has_errors = run->output.of[JOB_STDERR] > 0,
		.is_blocked = run->is_blocked,
		.lost = run->lost,
		.status = phrase_status(run),
		.digest = run->digest,
	};

	decide_run(run, &how);
	if (run->decision.is_sent)
		tell(run, &how);
}

static const char *find_name(struct run_record *run)
{
	const struct run_options *o = run->input->options;
	const char *command, *slash;
	char *name;

	if (o->name)
		return o->name;
	command = o->unit ? o->unit : o->command[0];
	slash = strrchr(command, '/');
	name = arena_dup(run->arena, slash && slash[1] ? slash + 1 : command);
	text_sanitize(name);
	name[text_cut(name, strnlen(name, STATE_NAME_MAX))] = '\0';
	return name;
}

int run_job(struct run_record *run, struct arena *a,
	    const struct run_input *input)
{
	struct error f = ERROR_INIT;

	*run = (struct run_record){ .arena = a,
				    .input = input,
				    .ping = { .fd = -1 } };
	run->name = find_name(run);
	run->job.started = run->job.ended = sysenv_now();
	capture_init(&run->output, input->spool);
	if (state_open(&run->entry, a, run->name, &f) < 0)
		run_note(run, "%s", f.text);
	if (take_lock(run)) {
		remember_start(run);
		if (input->options->unit)
			unit_read(run);
		else
			run_it(run);
	} else if (!run->is_blocked) {
		run->job.error = EINTR; /* ended while waiting for the lock */
		return JOB_EXIT_SIGNAL + interrupt_signal();
	}
	set_ending(run);
	if (!run->is_blocked || input->options->lock == RUN_LOCK_NOTIFY)
		decide_and_tell(run);
	ping_finish(&run->ping);
	return status_of(run);
}

void run_free(struct run_record *run)
{
	state_close(&run->entry);
	capture_free(&run->output);
}
