/* command.c - job control for one job.
 *
 * A program that stops (Ctrl-Z, or because it needs the terminal while we have
 * it) is seen by waitpid: in the foreground it is given the terminal, else we
 * stop as it did, and both go on together. */
#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"

#define LOOK_MS	 100 /* between checks of a program without output */
#define GRACE_MS 500 /* between SIGTERM and SIGKILL */

/* ---- the terminal ---- */

/* A process in the background that does it gets SIGTTOU. */
static void give_terminal(int terminal, pid_t group)
{
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	tcsetpgrp(terminal, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Of a process in the background it is another's. */
static int open_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetpgrp(fd) == getpgrp())
		return fd;
	close(fd);
	return -1;
}

static void take_terminal_back(struct command *c)
{
	if (c->terminal < 0)
		return;
	if (tcgetpgrp(c->terminal) == c->pid)
		give_terminal(c->terminal, getpgrp());
	close(c->terminal);
	c->terminal = -1;
}

static void lend_terminal(struct command *c)
{
	c->terminal = open_terminal();
	if (c->terminal >= 0)
		give_terminal(c->terminal, c->pid);
}

/* ---- stopped, and continued ---- */

/* Also where the caller catches or blocks that signal. */
static void stop_ourselves(int number)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, former;
	sigset_t it, before;

	sigemptyset(&it);
	sigaddset(&it, number);
	sigprocmask(SIG_BLOCK, &it, &before);
	sigaction(number, NULL, &former);
	if (former.sa_handler != SIG_IGN)
		sigaction(number, &usual, NULL);
	kill(0, number); /* others of the pipeline that we are in, too */
	sigprocmask(SIG_UNBLOCK, &it, NULL);
	sigaction(number, &former, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Stop as it did, unless it only needs the terminal that we have. */
static void stop_too(struct command *c, int number)
{
	uint64_t before = sysenv_ticks();

	if (number == SIGSTOP) /* sent on purpose */
		return;
	take_terminal_back(c);
	if (number != SIGTSTP)
		lend_terminal(c);
	if (c->terminal < 0) {
		stop_ourselves(number);
		lend_terminal(c);
	}
	c->start += sysenv_ticks() - before; /* that time is not its own */
	kill(-c->pid, SIGCONT);
}

/* Has it stopped?  Its end is left to command_look. */
static void check_stopped(struct command *c)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)c->pid, &info, WSTOPPED | WNOHANG) == 0 &&
	    info.si_pid == c->pid)
		stop_too(c, info.si_status);
}

/* ---- the start ---- */

static int move(int from, int to)
{
	if (from < 0)
		return 0;
	if (from == to) /* it may be ours alone otherwise */
		return fcntl(to, F_SETFD, 0);
	return dup2(from, to);
}

/* One that was blocked meanwhile goes to the program, not to a handler of
 * ours. */
static void reset_signals(void)
{
	struct sigaction action;
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		if (sigaction(n, NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			signal(n, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool take_identity(const struct command *c)
{
	struct error unused = ERROR_INIT;

	if (!c->as || identity_become(c->as, &unused) == 0)
		return true;
	errno = EPERM;
	return false;
}

/* In the new process; only what is safe after fork. */
static void become(const struct command *c, const char *const *argv,
		   const int streams[3], unsigned parent)
{
	setpgid(0, 0);
	if (c->terminal >= 0)
		give_terminal(c->terminal, getpgrp());
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG,
	      (unsigned long)(c->orphan_signal ? c->orphan_signal : SIGKILL));
	if ((unsigned)getppid() != parent)
		return;
#else
	(void)parent;
#endif
	for (int i = 0; i < 3; i++)
		if (move(streams[i], i) < 0)
			return;
	reset_signals();
	if (!take_identity(c))
		return;
	execvp(argv[0], (char *const *)(uintptr_t)argv);
}

/* What the new process reports before it becomes the program: 0 nothing.  It
 * has the terminal by then, and may be stopped. */
static int read_report(struct command *c, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int error = 0, ready;

	while ((ready = poll(&p, 1, LOOK_MS)) == 0 ||
	       (ready < 0 && errno == EINTR))
		check_stopped(c);
	if (io_read_full(fd, &error, sizeof(error)) < (ssize_t)sizeof(error))
		return 0;
	return error;
}

/* 0, or why it could not become the program; the process is gone then. */
static int start(struct command *c, const char *const *argv,
		 const int streams[3])
{
	unsigned parent = sysenv_pid();
	int report[2], error = 0;

	if (pipe2(report, O_CLOEXEC) < 0)
		return errno;
	c->pid = fork();
	if (c->pid == 0) {
		become(c, argv, streams, parent);
		error = errno;
		io_write_all(report[1], &error, sizeof(error));
		for (;;)
			raise(SIGKILL);
	}
	if (c->pid < 0)
		error = errno;
	close(report[1]);
	if (c->pid > 0) {
		setpgid(c->pid,
			c->pid); /* parent or child, whichever is first */
		error = read_report(c, report[0]);
	}
	close(report[0]);
	return error;
}

/* Where no caller catches the signals that ask us to end, we do so as
 * long as it runs. */
static void begin_signals(struct command *c)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };

	/* ignored, it would take the child's status away from us */
	sigemptyset(&usual.sa_mask);
	sigaction(SIGCHLD, &usual, &c->child_action);
	c->catches = interrupt_catch();
}

static void end_signals(const struct command *c)
{
	sigaction(SIGCHLD, &c->child_action, NULL);
	if (c->catches)
		interrupt_release();
}

int command_start(struct command *c, const char *const *argv, int input,
		  int output, int errors, struct error *f)
{
	int null = -1, error;

	if (input < 0) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (null < 0) {
			/* ENOENT would be about the program */
			c->error = errno == ENOENT ? ENODEV : errno;
			return error_errno(f, ERROR_OS, errno,
					   "%s: cannot open /dev/null",
					   c->what);
		}
	}
	begin_signals(c);
	c->is_gone = false;
	c->status = 0;
	c->start = sysenv_ticks();
	c->terminal = open_terminal();
	log_progress_end(); /* it may print or ask something */
	error = start(c, argv,
		      (int[]){ input < 0 ? null : input, output, errors });
	if (null >= 0)
		close(null);
	c->error = error;
	if (!error)
		return 0;
	if (c->pid > 0)
		io_reap(c->pid, NULL);
	take_terminal_back(c);
	end_signals(c);
	return error_errno(f, ERROR_OS, error, "%s: cannot run %s", c->what,
			   argv[0]);
}

/* ---- its life ---- */

bool command_look(struct command *c)
{
	int status = 0;
	pid_t r = wait4(c->pid, &status, WNOHANG | WUNTRACED, &c->usage);

	if (r == c->pid && WIFSTOPPED(status)) {
		stop_too(c, WSTOPSIG(status));
	} else if (r == c->pid) {
		c->status = status;
		c->is_gone = true;
	} else if (r < 0 && errno != EINTR && kill(c->pid, 0) < 0 &&
		   errno == ESRCH) {
		c->is_gone = c->is_lost = true; /* others waited for it */
	}
	return c->is_gone;
}

static int check_time(const struct command *c, struct error *f)
{
	if (interrupt_signal())
		return interrupt_error(f);
	if (!c->seconds ||
	    sysenv_ticks() - c->start < c->seconds * UINT64_C(1000))
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "%s: the command did not end within %u s; try it in a "
			 "shell%s%s",
			 c->what, c->seconds, c->setting ? ", or raise " : "",
			 c->setting ? c->setting : "");
}

int command_wait(struct command *c, int fd, struct error *f)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		bool was_gone = c->is_gone;
		int ready = interrupt_poll(&p, 1, was_gone ? 0 : LOOK_MS);

		if (ready > 0)
			return 1;
		if (ready < 0 && errno == EINTR)
			return interrupt_error(f);
		if (ready < 0)
			return error_errno(f, ERROR_OS, errno,
					   "%s: cannot wait for the command",
					   c->what);
		if (was_gone)
			return 0;
		command_look(c);
		if (check_time(c, f) < 0)
			return -1;
	}
}

/* ---- its end ---- */

/* All of the group; one of it that is a zombie counts as there. */
static bool is_there(const struct command *c)
{
	return kill(-c->pid, 0) == 0 || errno == EPERM;
}

static void kill_all(struct command *c)
{
	uint64_t until = sysenv_ticks() + GRACE_MS;

	kill(-c->pid, SIGTERM);
	kill(-c->pid, SIGCONT);
	while (sysenv_ticks() < until && (!c->is_gone || is_there(c))) {
		poll(NULL, 0, 1);
		if (!c->is_gone)
			command_look(c);
	}
	kill(-c->pid, SIGKILL);
	if (!c->is_gone && io_reap(c->pid, &c->status) == 0)
		c->is_gone = true;
}

/* Ctrl-C went to it alone, since it had the terminal. */
static bool is_broken_off(const struct command *c)
{
	return c->terminal >= 0 && WIFSIGNALED(c->status) &&
	       (WTERMSIG(c->status) == SIGINT ||
		WTERMSIG(c->status) == SIGQUIT);
}

void command_release(struct command *c)
{
	take_terminal_back(c);
	end_signals(c);
}

int command_finish(struct command *c, int *status, struct error *f)
{
	bool is_over = error_is_set(f), was_broken;
	int pause = 1;

	while (!is_over && !c->is_gone) {
		if (command_look(c))
			break;
		is_over = check_time(c, f) < 0;
		if (!is_over && interrupt_sleep((unsigned)pause) < 0)
			is_over = interrupt_error(f) < 0;
		if (pause < LOOK_MS)
			pause *= 2;
	}
	if (is_over)
		kill_all(c);
	was_broken = !is_over && is_broken_off(c);
	take_terminal_back(c);
	if (was_broken) {
		raise(WTERMSIG(c->status)); /* as if it had come to us */
		if (interrupt_signal())
			interrupt_error(f);
		else
			error_set(f, ERROR_TEMPORARY,
				  "%s: the command was aborted", c->what);
	}
	end_signals(c);
	*status = c->status;
	return error_is_set(f) ? -1 : 0;
}

/* ---- a line of the shell's, with its input and its output ---- */

static int make_pipe(const struct command *c, int ends[2], struct error *f)
{
	return pipe2(ends, O_CLOEXEC) == 0
		       ? 0
		       : error_errno(f, ERROR_OS, errno, "no pipe for %s",
				     c->what);
}

/* With its output in *output. */
static int start_piped(struct command *c, const char *const *argv, int input,
		       int *output, struct error *f)
{
	int out[2], started;

	if (make_pipe(c, out, f) < 0)
		return -1;
	started = command_start(c, argv, input, out[1], -1, f);
	close(out[1]);
	*output = out[0];
	if (started < 0)
		close(out[0]);
	return started;
}

/* The end of its output shows at once that it has ended; one that leaves
 * something running is polled. */
static int read_piped(struct command *c, int output, struct buf *out,
		      int *status, struct error *f)
{
	char piece[1024];
	ssize_t n;

	while (command_wait(c, output, f) > 0) {
		n = io_read(output, piece, sizeof(piece));
		if (n <= 0)
			break;
		if (out)
			buf_put(out, piece, (size_t)n);
	}
	explicit_bzero(piece, sizeof(piece));
	close(output);
	return command_finish(c, status, f);
}

int command_capture(struct command *c, const char *const *argv, int input,
		    struct buf *out, int *status, struct error *f)
{
	int output;

	if (start_piped(c, argv, input, &output, f) < 0)
		return -1;
	return read_piped(c, output, out, status, f);
}

/* One that does not read its input is no error; the pipe holds it all the
 * same. */
int command_exchange(struct command *c, const char *line, const void *input,
		     size_t n, struct buf *out, int *status, struct error *f)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	int in[2], output, started;

	if (n > COMMAND_INPUT_MAX)
		return error_set(f, ERROR_SOFTWARE,
				 "%s: the input is too large", c->what);
	if (make_pipe(c, in, f) < 0)
		return -1;
	started = start_piped(c, argv, in[0], &output, f);
	close(in[0]);
	if (started == 0)
		io_write_all(in[1], input, n);
	close(in[1]);
	return started < 0 ? -1 : read_piped(c, output, out, status, f);
}
