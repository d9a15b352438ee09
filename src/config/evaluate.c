/* evaluate.c - runs a command by the shell and reads its output.
 *
 * The output may stay open after the command has ended: an agent that it
 * started in the background keeps it.  So the end of the child is the end, too.
 */
#include "config/evaluate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/io.h"

struct reading {
	struct command command;
	int output;
	bool line_done;
};

static int start(struct reading *r, const char *text, struct error *f)
{
	const char *const argv[] = { "/bin/sh", "-c", text, NULL };
	int ends[2], started;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "%s: no pipe for the command",
				   r->command.what);
	started = command_start(&r->command, argv, -1, ends[1], -1, f);
	close(ends[1]);
	r->output = ends[0];
	if (started < 0)
		close(ends[0]);
	return started;
}

/* The rest after the first line is read and discarded, so that the command can
 * end normally. */
static int take(struct reading *r, const char *piece, size_t n, struct buf *out,
		struct error *f)
{
	const char *end = memchr(piece, '\n', n);

	if (r->line_done)
		return 0;
	if (buf_put(out, piece, end ? (size_t)(end - piece) : n) < 0)
		return error_set(f, ERROR_CONFIG,
				 "%s: the command printed a line of more than "
				 "%zu octets",
				 r->command.what, out->max);
	r->line_done = end != NULL;
	return 0;
}

/* 1 at the end of the output. */
static int read_some(struct reading *r, struct buf *out, struct error *f)
{
	char piece[1024];
	ssize_t n = io_read(r->output, piece, sizeof(piece));
	int result = 0;

	if (n < 0)
		result = error_errno(f, ERROR_OS, errno,
				     "%s: cannot read what the command prints",
				     r->command.what);
	else if (n > 0)
		result = take(r, piece, (size_t)n, out, f);
	explicit_bzero(piece, sizeof(piece));
	return n == 0 ? 1 : result;
}

static void read_output(struct reading *r, struct buf *out, struct error *f)
{
	while (command_wait(&r->command, r->output, f) > 0 &&
	       read_some(r, out, f) == 0)
		;
}

static int judge(const char *what, int status, struct buf *out, struct error *f)
{
	while (out->len && out->data[out->len - 1] == '\r')
		buf_truncate(out, out->len - 1);
	if (WIFSIGNALED(status))
		return error_set(f, ERROR_CONFIG,
				 "%s: signal %d ended the command", what,
				 WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(f, ERROR_CONFIG,
				 "%s: the command failed with status %d; try "
				 "it in a shell",
				 what, WEXITSTATUS(status));
	if (!out->len)
		return error_set(f, ERROR_CONFIG,
				 "%s: the command printed nothing in its first "
				 "line; try it in a shell",
				 what);
	if (strlen(out->data) != out->len)
		return error_set(f, ERROR_CONFIG,
				 "%s: the command printed a NUL", what);
	return 0;
}

int evaluate_first_line(const char *command, const char *what, unsigned seconds,
			struct buf *out, struct error *f)
{
	struct reading r = {
		.command = { .what = what,
			     .setting = "command_timeout",
			     .seconds = seconds },
	};
	int status = 0;

	if (start(&r, command, f) < 0)
		return -1;
	read_output(&r, out, f);
	close(r.output); /* close first: a command that still writes gets
			    SIGPIPE */
	if (command_finish(&r.command, &status, f) < 0)
		return -1;
	return judge(what, status, out, f);
}

/* ---- credentials: two lines in, a status out ---- */

#define LINES_MAX 32768

int evaluate_credentials(const char *command, unsigned seconds,
			 const char *user, const char *password,
			 struct error *f)
{
	struct command c = { .what = "serve_auth_command",
			     .setting = "command_timeout",
			     .seconds = seconds };
	struct buf lines = BUF_INIT(LINES_MAX);
	int status = 0, r;

	buf_printf(&lines, "%s\n%s\n", user, password);
	r = command_exchange(&c, command, lines.data,
			     lines.overflow ? 0 : lines.len, NULL, &status, f);
	buf_wipe(&lines);
	if (r < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 75 ||
	    WEXITSTATUS(status) == 111)
		return error_set(f, ERROR_TEMPORARY,
				 "serve_auth_command failed (%s %d)",
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status)
						   : WTERMSIG(status));
	return 0;
}
