/* job.c - one loop for output, signals and time limits.
 *
 * The signals are blocked except in ppoll, so that one that arrives between the
 * check of the flags and the wait ends the wait.  The end of the job is noticed
 * by the end of its pipes, or within LOOK_MS if another process holds them
 * open. */
#include "run/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/command.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "base/text.h"

#define LOOK_MS	  100
#define PIPE_SIZE (1024 * 1024) /* so that the job need not wait for us */
#define READ_SIZE (256 * 1024)

/* ---- signals ---- */

static const int passed[] = { SIGHUP,  SIGINT,	SIGTERM, SIGQUIT,
			      SIGUSR1, SIGUSR2, SIGTSTP };
#define PASSED (sizeof(passed) / sizeof(*passed))

static volatile sig_atomic_t came[PASSED];

static void note(int number)
{
	for (size_t i = 0; i < PASSED; i++)
		if (passed[i] == number)
			came[i] = 1;
}

struct watch {
	struct process *job;
	struct command command;
	int pipes[JOB_STREAMS]; /* -1: at end of file */
	char *room;
	struct sigaction former[PASSED];
	sigset_t outside; /* the original signal mask */
	size_t step;	  /* the next one */
	uint64_t start, step_at, gone_at, linger_until;
	uint64_t stuck_at; /* the reader, since then; 0 */
	unsigned pause;	   /* milliseconds, after its pipes were closed */
};

/* SIGTTOU as well: the job has the terminal, and we may print its output.
 * SIGTSTP is sent to us if the job does not have the terminal: after it was
 * continued in the background and brought to the foreground, or by kill(1).  We
 * stop after the job has stopped (base/command.c).  The job also gets signals
 * that arrived before it was started. */
static void hold_signals(struct watch *w)
{
	struct sigaction action = { .sa_handler = note };
	sigset_t held;
	int first;

	sigemptyset(&action.sa_mask);
	sigemptyset(&held);
	sigaddset(&held, SIGTTOU);
	for (size_t i = 0; i < PASSED; i++)
		sigaddset(&held, passed[i]);
	sigprocmask(SIG_BLOCK, &held, &w->outside);
	first = interrupt_take();
	for (size_t i = 0; i < PASSED; i++)
		came[i] = passed[i] == first;
	for (size_t i = 0; i < PASSED; i++)
		if (sigaction(passed[i], NULL, &w->former[i]) == 0 &&
		    w->former[i].sa_handler != SIG_IGN)
			sigaction(passed[i], &action, NULL);
}

static void release_signals(struct watch *w)
{
	for (size_t i = 0; i < PASSED; i++)
		sigaction(passed[i], &w->former[i], NULL);
	sigprocmask(SIG_SETMASK, &w->outside, NULL);
}

static void pass_on(struct watch *w)
{
	for (size_t i = 0; i < PASSED; i++) {
		if (!came[i])
			continue;
		came[i] = 0;
		if (passed[i] != SIGTSTP)
			w->linger_until = 0;
		if (w->command.is_gone)
			continue;
		kill(-w->command.pid, passed[i]);
		if (passed[i] != SIGTSTP) /* the job may be stopped */
			kill(-w->command.pid, SIGCONT);
	}
}

/* ---- time limits ---- */

/* Sends the signal that is due to the process group.  A job that has ended in
 * time did so whatever it left behind. */
static void send_due_signals(struct watch *w)
{
	struct process *j = w->job;
	uint64_t now = sysenv_ticks();

	if (w->command.is_gone && !j->is_timed_out)
		return;
	while (w->step < j->step_count && now >= w->step_at) {
		kill(-w->command.pid, j->steps[w->step].signal);
		kill(-w->command.pid, SIGCONT);
		j->is_timed_out = true;
		if (++w->step < j->step_count)
			w->step_at = now +
				     (uint64_t)j->steps[w->step].seconds * 1000;
	}
}

static bool is_silent(const struct watch *w)
{
	for (int i = 0; i < JOB_STREAMS; i++)
		if (w->pipes[i] >= 0)
			return false;
	return true;
}

/* After a timeout, waits for the rest of the process group until the last
 * signal was sent. */
static bool is_over(const struct watch *w)
{
	const struct process *j = w->job;

	if (!w->command.is_gone)
		return false;
	if (is_silent(w))
		return true;
	if (j->is_timed_out && w->step < j->step_count)
		return false;
	return sysenv_ticks() >= w->linger_until;
}

/* ---- output ---- */

static int ours(int stream)
{
	return stream == JOB_STDERR ? STDERR_FILENO : STDOUT_FILENO;
}

/* Would what is read have to wait for the reader of ours? */
static bool is_stuck(const struct watch *w, int stream)
{
	struct pollfd p = { .fd = ours(stream), .events = POLLOUT };

	return w->pipes[stream] >= 0 && w->job->is_shown && poll(&p, 1, 0) == 0;
}

static void take(struct watch *w, int stream)
{
	/* a pipe that takes anything takes so much without waiting */
	size_t room = w->job->is_shown ? PIPE_BUF : READ_SIZE;
	ssize_t n = read(w->pipes[stream], w->room, room);

	if (n > 0) {
		w->job->said(w->job->context, (enum job_stream)stream, w->room,
			     (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(w->pipes[stream]);
		w->pipes[stream] = -1;
	}
}

static void wait_for_something(struct watch *w)
{
	struct pollfd p[JOB_STREAMS];
	struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	bool stuck[JOB_STREAMS];

	/* usually it ends right after its pipes */
	if (is_silent(w) && w->pause < LOOK_MS) {
		w->pause = 2 * w->pause + 1;
		look.tv_nsec = w->pause * 1000000L;
	}
	for (int i = 0; i < JOB_STREAMS; i++) {
		stuck[i] = is_stuck(w, i);
		p[i] = (struct pollfd){
			.fd = stuck[i] ? ours(i) : w->pipes[i],
			.events = stuck[i] ? POLLOUT : POLLIN,
		};
	}
	if (ppoll(p, JOB_STREAMS, &look, &w->outside) <= 0)
		return;
	for (int i = 0; i < JOB_STREAMS; i++)
		if (p[i].revents && !stuck[i])
			take(w, i);
}

/* After the job's end.  Its mail does not wait for a reader for ever. */
static void wait_for_reader(struct watch *w)
{
	uint64_t now = sysenv_ticks();

	if (!w->linger_until)
		return;
	if (!is_stuck(w, JOB_STDOUT) && !is_stuck(w, JOB_STDERR)) {
		w->stuck_at = 0;
		return;
	}
	if (!w->stuck_at)
		w->stuck_at = now;
	if (now - w->stuck_at >= JOB_READER_SECONDS * 1000)
		w->job->is_shown = false;
	w->linger_until = now + JOB_LINGER_MS;
}

/* Has it ended?  Time during which it was stopped does not count. */
static bool look(struct watch *w)
{
	uint64_t before = w->command.start;
	bool is_gone = command_look(&w->command);

	w->step_at += w->command.start - before;
	return is_gone;
}

static void watch(struct watch *w)
{
	pass_on(w);
	while (!is_over(w)) {
		wait_for_something(w);
		pass_on(w);
		/* first, since we may have been stopped meanwhile */
		if (!w->command.is_gone && look(w)) {
			w->gone_at = sysenv_ticks();
			w->linger_until = w->gone_at + JOB_LINGER_MS;
		}
		if (w->command.is_gone)
			wait_for_reader(w);
		send_due_signals(w);
	}
}

/* ---- start and end ---- */

static int open_pipes(struct watch *w, int ends[JOB_STREAMS], struct error *f)
{
	for (int i = 0; i < JOB_STREAMS; i++) {
		int both[2];

		if (pipe2(both, O_CLOEXEC) < 0) {
			w->job->error = errno;
			return error_errno(f, ERROR_OS, errno,
					   "no pipe for the job");
		}
		w->pipes[i] = both[0];
		ends[i] = both[1];
		fcntl(both[0], F_SETFL, O_NONBLOCK);
#ifdef F_SETPIPE_SZ
		fcntl(both[1], F_SETPIPE_SZ, PIPE_SIZE); /* may be refused */
#endif
	}
	return 0;
}

static void close_all(int fds[JOB_STREAMS])
{
	for (int i = 0; i < JOB_STREAMS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static uint64_t milliseconds_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000;
}

static void take_result(struct watch *w)
{
	struct process *j = w->job;
	const struct rusage *used = &w->command.usage;

	j->status = w->command.status;
	if (w->command.is_lost)
		j->error = ECHILD;
	j->ended = sysenv_now();
	j->milliseconds = w->gone_at - w->start;
	j->user = milliseconds_of(&used->ru_utime);
	j->system = milliseconds_of(&used->ru_stime);
	j->peak = (uint64_t)used->ru_maxrss * 1024;
}

/* exec says the same about a file and about what it needs. */
static void find_interpreter(struct process *j, struct error *f)
{
	struct error unknown = ERROR_INIT;
	struct stat st;

	if (j->error != ENOENT || !strchr(j->argv[0], '/') ||
	    disk_stat(j->argv[0], &st, &unknown) <= 0)
		return;
	j->lacks_interpreter = true;
	error_clear(f);
	error_set(f, ERROR_OS, "the job: cannot run %s: " JOB_NO_INTERPRETER,
		  j->argv[0]);
}

static int start(struct watch *w, struct error *f)
{
	int ends[JOB_STREAMS] = { -1, -1 };
	struct process *j = w->job;
	int r = open_pipes(w, ends, f);

	w->start = sysenv_ticks();
	if (r == 0)
		r = command_start(&w->command, j->argv,
				  j->passes_input ? STDIN_FILENO : -1,
				  ends[JOB_STDOUT], ends[JOB_STDERR], f);
	close_all(ends);
	if (r < 0) {
		if (!j->error)
			j->error = w->command.error ? w->command.error : EAGAIN;
		find_interpreter(j, f);
	} else if (j->step_count)
		w->step_at =
			w->command.start + (uint64_t)j->steps[0].seconds * 1000;
	return r;
}

int job_run(struct process *j, struct error *f)
{
	struct watch w = {
		.job = j,
		.command = { .what = "the job", .orphan_signal = SIGTERM },
		.pipes = { -1, -1 },
		.room = memory_alloc(READ_SIZE),
	};
	int r;

	j->started = j->ended = sysenv_now();
	hold_signals(&w);
	r = start(&w, f);
	if (r == 0) {
		watch(&w);
		take_result(&w);
		command_release(&w.command);
	}
	release_signals(&w);
	close_all(w.pipes);
	free(w.room);
	return r;
}

int job_signal(const struct process *j)
{
	return !j->error && WIFSIGNALED(j->status) ? WTERMSIG(j->status) : 0;
}

int job_exit(const struct process *j)
{
	if (j->error)
		return j->error == ENOENT && !j->lacks_interpreter
			       ? JOB_EXIT_NOT_FOUND
			       : JOB_EXIT_CANNOT_RUN;
	if (j->is_timed_out)
		return JOB_EXIT_TIMEOUT;
	if (WIFSIGNALED(j->status))
		return JOB_EXIT_SIGNAL + WTERMSIG(j->status);
	return WEXITSTATUS(j->status);
}

/* ---- names of signals ---- */

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },	    { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },   { "TRAP", SIGTRAP },   { "ABRT", SIGABRT },
	{ "BUS", SIGBUS },   { "FPE", SIGFPE },	    { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 }, { "SEGV", SIGSEGV },   { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM },   { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT },   { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },   { "TTOU", SIGTTOU },
	{ "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },   { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "SYS", SIGSYS },
};
#define NAMES (sizeof(names) / sizeof(*names))

int job_signal_number(const char *name)
{
	uint64_t number;

	if (text_number(name, 64, &number))
		return (int)number;
	if (ascii_begins(name, "SIG"))
		name += 3;
	for (size_t i = 0; i < NAMES; i++)
		if (ascii_equal(name, names[i].name))
			return names[i].number;
	return 0;
}

void job_signal_name(int number, char out[JOB_SIGNAL_SIZE])
{
	snprintf(out, JOB_SIGNAL_SIZE, "signal %d", number);
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].number == number)
			snprintf(out, JOB_SIGNAL_SIZE, "SIG%s", names[i].name);
}
