/* credentials.c - two lines in, a status out.
 *
 * The command's output goes into a pipe that is read and forgotten: its end
 * tells without delay that the command is gone, and a command that leaves
 * something running behind it is looked for besides. */
#include "config/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/world.h"
#include "config/shell.h"

#define LINES_MAX  32768
#define TIME_MAX   30000 /* milliseconds */
#define LOOK_EVERY 100

struct checker {
	pid_t child;
	int input, output; /* our ends */
	int status;
};

static void close_both(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static int make_pipe(int ends[2], struct fault *f)
{
	if (pipe(ends) < 0)
		return fault_errno(f, FAULT_OS, errno,
				   "no pipe for serve_auth_command");
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static int start(struct checker *c, const char *command, struct fault *f)
{
	int in[2], out[2], error;

	if (make_pipe(in, f) < 0)
		return -1;
	if (make_pipe(out, f) < 0) {
		close_both(in);
		return -1;
	}
	error = shell_spawn(&c->child, command, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	c->input = in[1];
	c->output = out[0];
	if (!error)
		return 0;
	close(c->input);
	close(c->output);
	return fault_errno(f, FAULT_OS, error,
			   "cannot start serve_auth_command");
}

/* A command that does not read them has its own reasons. */
static void tell(struct checker *c, const char *user, const char *password)
{
	struct buf lines = BUF_INIT(LINES_MAX);
	struct fault unheard = FAULT_INIT;

	buf_printf(&lines, "%s\n%s\n", user, password);
	if (!lines.overflow)
		disk_write_all(c->input, lines.data, lines.len,
			       "serve_auth_command", &unheard);
	buf_wipe(&lines);
	close(c->input);
}

/* Has it ended?  Waits for a moment. */
static bool has_ended(struct checker *c)
{
	struct pollfd p = { .fd = c->output, .events = POLLIN };
	char piece[512];
	int ready = poll(&p, 1, LOOK_EVERY);
	bool is_closed =
		ready > 0 && read(c->output, piece, sizeof(piece)) == 0;
	pid_t r;

	if (is_closed) /* it may live on for a moment */
		poll(NULL, 0, 1);
	r = waitpid(c->child, &c->status, WNOHANG);
	return r == c->child || (r < 0 && errno != EINTR);
}

static int await(struct checker *c, struct fault *f)
{
	uint64_t until = world_ticks() + TIME_MAX;

	c->status = -1;
	while (!has_ended(c)) {
		if (world_ticks() < until)
			continue;
		kill(c->child, SIGKILL);
		waitpid(c->child, &c->status, 0);
		return fault_set(f, FAULT_TEMPORARY,
				 "serve_auth_command did not end in time");
	}
	return 0;
}

int credentials_check(const char *command, const char *user,
		      const char *password, struct fault *f)
{
	struct checker c;
	int r;

	if (start(&c, command, f) < 0)
		return -1;
	tell(&c, user, password);
	r = await(&c, f);
	close(c.output);
	if (r < 0)
		return -1;
	if (WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0)
		return 1;
	if (!WIFEXITED(c.status) || WEXITSTATUS(c.status) == 75 ||
	    WEXITSTATUS(c.status) == 111)
		return fault_set(f, FAULT_TEMPORARY,
				 "serve_auth_command gave no answer (%s %d)",
				 WIFEXITED(c.status) ? "status" : "signal",
				 WIFEXITED(c.status) ? WEXITSTATUS(c.status)
						     : WTERMSIG(c.status));
	return 0;
}
