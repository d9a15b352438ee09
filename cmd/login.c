/* login.c - --login, --logout and --token.  Messages go to standard output,
 * except for --token, which prints the token alone. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/command.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "net/oauth.h"
#include "output.h"
#include "queue/queue.h"

#define BROWSER_SECONDS 20 /* until it has opened the URL */

struct view {
	struct arena *arena;
	struct error error; /* standard output cannot be written */
};

static void say(void *context, const char *text)
{
	struct view *v = context;

	if (!error_is_set(&v->error))
		output_puts(arena_format(v->arena, "%s\n", text), &v->error);
}

/* Opens the desktop's browser, which may keep running (setsid); the URL is
 * printed as well. */
static void open_browser(void *context, const char *url)
{
	const char *const argv[] = { "setsid", "-f", "xdg-open", url, NULL };
	struct command c = { .what = "xdg-open", .seconds = BROWSER_SECONDS };
	struct error unimportant = ERROR_INIT;
	int nowhere, status;

	say(context, url);
	if (!sysenv_env("DISPLAY") && !sysenv_env("WAYLAND_DISPLAY"))
		return;
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere < 0)
		return;
	if (command_start(&c, argv, -1, nowhere, nowhere, &unimportant) == 0)
		command_finish(&c, &status, &unimportant);
	close(nowhere);
}

static int ask(void *context, const char *question, struct buf *line,
	       struct error *f)
{
	struct view *v = context;
	int r;

	output_puts(arena_format(v->arena, "%s: ", question), f);
	r = io_read_line(STDIN_FILENO, line);
	if (r < 0)
		return io_read_error(STDIN_FILENO, errno, "standard input", f);
	return r > 0 ? 0
		     : error_set(f, ERROR_NOINPUT,
				 "the input ended before the answer");
}

static int print_token(struct arena *a, const struct account *account,
		       struct error *f)
{
	struct oauth_provider provider;
	struct oauth_token token;
	struct buf text = BUF_INIT(COMMAND_INPUT_MAX);
	int r;

	if (!account->oauth) /* the error says so */
		return oauth_provider_find(a, account, &provider, f);
	if (oauth_get(a, account, NULL, &token, f) < 0)
		return -1;
	buf_printf(&text, "%s\n", token.access);
	r = output_put(&text, f);
	buf_wipe(&text);
	return r;
}

/* After a login nobody need be reminded of waiting mail. */
static void forget_waiting(struct arena *a, const struct account *account)
{
	struct error ignored = ERROR_INIT;
	const char *path = config_queue(a, account, &ignored);
	struct queue q;

	if (path && queue_open(&q, a, path, false, &ignored) == 0 &&
	    queue_stamp(&q, "login") > 0)
		queue_set_stamp(&q, "login", 0, &ignored);
}

int login_command(struct arena *a, const struct cmdline *c,
		  const struct account *account, struct error *f)
{
	struct view view = { .arena = a };
	const struct login_person person = { &view, say, open_browser, ask };
	int r;

	if (c->kind == COMMAND_TOKEN)
		return print_token(a, account, f);
	if (c->kind == COMMAND_LOGIN) {
		r = login_in(a, account, c->login, &person, f);
		if (r == 0)
			forget_waiting(a, account);
	} else {
		r = login_out(a, account, &person, f);
		if (r >= 0)
			say(&view, r ? "Nobody was logged in."
				     : "Logged out: the tokens are removed.");
	}
	if (r >= 0 && error_is_set(&view.error))
		return error_copy(f, &view.error);
	return r < 0 ? -1 : 0;
}
