/* credentials.c - two lines in, a status out. */
#include "config/credentials.h"

#include <sys/wait.h>

#include "base/buf.h"
#include "base/command.h"

#define LINES_MAX 32768

int credentials_check(const char *command, unsigned seconds, const char *user,
		      const char *password, struct error *f)
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
				 "serve_auth_command gave no answer (%s %d)",
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status)
						   : WTERMSIG(status));
	return 0;
}
