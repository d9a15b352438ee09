/* evaluate.c - run by the shell, read to the end of its output or its own.
 *
 * The output may stay open when the command is gone: an agent that it started
 * in the background holds it.  So the child's end is an end too, and is looked
 * for whenever the pipe is silent. */
#include "config/evaluate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/shell.h"

#define LOOK_EVERY 100 /* milliseconds */

struct command {
	const char *what;
	pid_t child;
	int output;
	bool gone;
	int status;
	bool line_done;
};

static int command_start(struct command *c, const char *text, struct fault *f)
{
	int ends[2], error;

	if (pipe(ends) < 0)
		return fault_errno(f, FAULT_OS, errno,
				   "%s: no pipe for the command", c->what);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	error = shell_spawn(&c->child, text, -1, ends[1]);
	close(ends[1]);
	c->output = ends[0];
	if (!error)
		return 0;
	close(ends[0]);
	return fault_errno(f, FAULT_OS, error, "%s: cannot start the shell",
			   c->what);
}

static void look_for_end(struct command *c, int options)
{
	pid_t r;

	do
		r = waitpid(c->child, &c->status, options);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		c->status = 0; /* someone else waits for our children */
	c->gone = r != 0;
}

/* What follows the first line is read, so that the command can end well, and
 * forgotten. */
static int take(struct command *c, const char *piece, size_t n, struct buf *out,
		struct fault *f)
{
	const char *end = memchr(piece, '\n', n);

	if (c->line_done)
		return 0;
	if (buf_put(out, piece, end ? (size_t)(end - piece) : n) < 0)
		return fault_set(f, FAULT_CONFIG,
				 "%s: the command printed a line of more than "
				 "%zu octets",
				 c->what, out->max);
	c->line_done = end != NULL;
	return 0;
}

/* 1 at the end of the output. */
static int read_some(struct command *c, struct buf *out, struct fault *f)
{
	char piece[1024];
	ssize_t n = read(c->output, piece, sizeof(piece));
	int r = 0;

	if (n < 0 && errno != EINTR)
		r = fault_errno(f, FAULT_OS, errno,
				"%s: cannot read what the command prints",
				c->what);
	else if (n > 0)
		r = take(c, piece, (size_t)n, out, f);
	explicit_bzero(piece, sizeof(piece));
	return n == 0 ? 1 : r;
}

static int read_output(struct command *c, struct buf *out, struct fault *f)
{
	struct pollfd p = { .fd = c->output, .events = POLLIN };
	int r = 0;

	while (r == 0) {
		int ready = poll(&p, 1, c->gone ? 0 : LOOK_EVERY);

		if (ready > 0)
			r = read_some(c, out, f);
		else if (ready < 0 && errno != EINTR)
			r = fault_errno(f, FAULT_OS, errno,
					"%s: cannot wait for the command",
					c->what);
		else if (c->gone)
			break;
		else
			look_for_end(c, WNOHANG);
	}
	return r < 0 ? -1 : 0;
}

static int judge(const struct command *c, struct buf *out, struct fault *f)
{
	while (out->len && out->data[out->len - 1] == '\r')
		buf_truncate(out, out->len - 1);
	if (WIFSIGNALED(c->status))
		return fault_set(f, FAULT_CONFIG,
				 "%s: signal %d ended the command", c->what,
				 WTERMSIG(c->status));
	if (WEXITSTATUS(c->status) != 0)
		return fault_set(f, FAULT_CONFIG,
				 "%s: the command failed with status %d; try "
				 "it in a shell",
				 c->what, WEXITSTATUS(c->status));
	if (!out->len)
		return fault_set(f, FAULT_CONFIG,
				 "%s: the command printed nothing in its first "
				 "line; try it in a shell",
				 c->what);
	if (strlen(out->data) != out->len)
		return fault_set(f, FAULT_CONFIG,
				 "%s: the command printed a NUL", c->what);
	return 0;
}

int evaluate_first_line(const char *command, const char *what, struct buf *out,
			struct fault *f)
{
	struct command c = { .what = what };
	struct sigaction usual = { .sa_handler = SIG_DFL }, before;
	int r;

	/* ignored, it would take the child's status away from us */
	sigemptyset(&usual.sa_mask);
	sigaction(SIGCHLD, &usual, &before);
	r = command_start(&c, command, f);
	if (r == 0) {
		r = read_output(&c, out, f);
		close(c.output); /* first: what still writes ends by SIGPIPE */
		if (!c.gone)
			look_for_end(&c, 0);
		if (r == 0)
			r = judge(&c, out, f);
	}
	sigaction(SIGCHLD, &before, NULL);
	return r;
}
