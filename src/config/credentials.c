/* credentials.c - two lines in, a status out.
 *
 * The command's output goes into a pipe that is read and forgotten: its end
 * tells without delay that the command is gone, and a command that leaves
 * something running behind it is looked for besides. */
#include "config/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/io.h"

#define LINES_MAX 32768 /* less than a pipe holds */

struct checker {
	struct command command;
	int input, output; /* our ends */
};

static void close_both(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static int make_pipe(int ends[2], struct error *f)
{
	if (pipe(ends) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "no pipe for serve_auth_command");
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static int start(struct checker *c, const char *command, struct error *f)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	int in[2], out[2], started;

	if (make_pipe(in, f) < 0)
		return -1;
	if (make_pipe(out, f) < 0) {
		close_both(in);
		return -1;
	}
	started = command_start(&c->command, argv, in[0], out[1], -1, f);
	close(in[0]);
	close(out[1]);
	c->input = in[1];
	c->output = out[0];
	if (started == 0)
		return 0;
	close(c->input);
	close(c->output);
	return -1;
}

/* A command that does not read them has its own reasons; the pipe holds them
 * all the same. */
static void tell(struct checker *c, const char *user, const char *password)
{
	struct buf lines = BUF_INIT(LINES_MAX);

	buf_printf(&lines, "%s\n%s\n", user, password);
	if (!lines.overflow)
		io_write_all(c->input, lines.data, lines.len);
	buf_wipe(&lines);
	close(c->input);
}

/* Its output is of no use, but a full pipe would hold it up. */
static void drain(struct checker *c, struct error *f)
{
	char piece[512];

	while (command_wait(&c->command, c->output, f) > 0 &&
	       io_read(c->output, piece, sizeof(piece)) > 0)
		;
	close(c->output);
}

int credentials_check(const char *command, unsigned seconds, const char *user,
		      const char *password, struct error *f)
{
	struct checker c = {
		.command = { .what = "serve_auth_command",
			     .setting = "command_timeout",
			     .seconds = seconds },
	};
	int status = 0;

	if (start(&c, command, f) < 0)
		return -1;
	tell(&c, user, password);
	drain(&c, f);
	if (command_finish(&c.command, &status, f) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 75 ||
	    WEXITSTATUS(status) == 111)
		return error_set(f, ERROR_TEMPORARY,
				 "serve_auth_command gave no answer (%s %d)",
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status)
						   : WTERMSIG(status));
	return 0;
}
