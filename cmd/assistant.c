/* assistant.c - --setup: standard input and output, and running other programs
 * and this one.
 *
 * Input for a program that we run is read by it from the terminal.  A password
 * is given to a password manager through a pipe; it is far smaller than a
 * pipe's buffer. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/secret.h"
#include "install/steps.h"
#include "setup/setup.h"
#include "submit/transcript.h"

#define ERRORS_MAX     65536
#define PASSWORD_TRIES 3

struct assistant {
	struct arena *arena;
	const struct cmdline *cmdline;
	bool is_terminal;
};

/* ---- words ---- */

static int say(void *context, const char *text, struct error *f)
{
	(void)context;
	return disk_write_all(STDOUT_FILENO, text, strlen(text),
			      "standard output", f);
}

static int read_line(void *context, struct buf *out, struct error *f)
{
	int r = io_read_line(STDIN_FILENO, out);

	(void)context;
	return r < 0 ? io_read_error(STDIN_FILENO, errno, "standard input", f)
		     : r;
}

static int read_password(void *context, const char *question, struct buf *out,
			 struct error *f)
{
	const struct assistant *a = context;
	int r = -1;

	for (int i = 0; a->is_terminal && r < 0 && i < PASSWORD_TRIES; i++) {
		error_clear(f); /* Enter alone, perhaps */
		r = secret_prompt(question, out, f);
	}
	if (a->is_terminal)
		return r < 0 ? -1 : 1;
	if (say(context, question, f) < 0 || say(context, "\n", f) < 0)
		return -1;
	r = read_line(context, out, f);
	if (out->len && out->data[out->len - 1] == '\r')
		buf_truncate(out, out->len - 1);
	return r;
}

/* ---- other programs ---- */

static bool has_program(void *context, const char *name)
{
	const struct assistant *a = context;
	const char *path = sysenv_env("PATH");

	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (n && access(arena_format(a->arena, "%.*s/%s", (int)n, path,
					     name),
				X_OK) == 0)
			return true;
		path += path[n] ? n + 1 : n;
	}
	return false;
}

/* Its output is discarded: an existing entry would be printed. */
static int run_fed(struct command *c, const char *const *argv,
		   const int ends[2], const struct buf *input, struct error *f)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	if (nowhere < 0)
		return error_errno(f, ERROR_OS, errno, "cannot open /dev/null");
	r = command_start(c, argv, ends[0], nowhere, -1, f);
	close(nowhere);
	if (r == 0) /* it may end without reading */
		io_write_all(ends[1], input->data, input->len);
	return r;
}

static int feed(void *context, const char *const *argv, const struct buf *input,
		int *status, struct error *f)
{
	struct command c = { .what = argv[0], .seconds = COMMAND_LIMIT };
	int ends[2], r, how = 0;

	(void)context;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(f, ERROR_OS, errno, "no pipe for %s",
				   argv[0]);
	r = run_fed(&c, argv, ends, input, f);
	close(ends[0]);
	close(ends[1]);
	if (r == 0)
		r = command_finish(&c, &how, f);
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return r;
}

/* ---- ourselves ---- */

static int tell_errors(const struct buf *errors, struct error *f)
{
	return disk_write_all(STDERR_FILENO, errors->data, errors->len,
			      "standard error", f);
}

/* Sends a test mail with the file that was written, as a script would, but
 * without the queue, which would hide a failure. */
static int send_test(void *context, const struct setup_result *result,
		     struct error *f)
{
	const struct assistant *a = context;
	const char *program = sysenv_program();
	const char *const argv[] = {
		program ? program : "mailsend",
		"--config",
		result->path,
		"--account",
		result->account,
		"--set",
		"queue=never",
		"--set",
		"dead_letter=off",
		"--from",
		result->address,
		"--subject",
		"mailsend is set up",
		result->address,
		NULL,
	};
	struct buf text = BUF_INIT(1024), errors = BUF_INIT(ERRORS_MAX);
	int status = 0, r;

	buf_printf(&text,
		   "This mail was sent by `mailsend --setup` on %s, by the\n"
		   "account %s of %s.\n",
		   sysenv_host(), result->account, result->path);
	r = steps_run(argv, 0, &text, NULL, &errors, &status, f);
	if (r == 0)
		r = tell_errors(&errors, f);
	buf_free(&errors);
	buf_free(&text);
	if (r < 0)
		return -1;
	if (say(context,
		arena_format(a->arena,
			     status ? "The test mail was not accepted; the "
				      "configuration was saved, and you can "
				      "edit it.\n"
				    : "The server accepted it: check the "
				      "mailbox of %s.\n",
			     result->address),
		f) < 0)
		return -1;
	return status;
}

static int log_in(void *context, const struct setup_result *result,
		  struct error *f)
{
	const struct assistant *a = context;
	const struct config_query query = { .path = result->path,
					    .account = result->account };
	struct config config = { .accounts = NULL };
	struct account *account;
	struct cmdline c;

	cmdline_init(&c);
	cmdline_become(&c, COMMAND_LOGIN);
	if (config_load(&config, a->arena, &query, f) < 0 ||
	    config_choose(&config, &query, &account, f) < 0)
		return -1;
	return login_command(a->arena, &c, account, f);
}

static int setup_the_queue(void *context, struct error *f)
{
	const struct assistant *a = context;
	struct cmdline c;

	cmdline_init(&c);
	c.request = *request_copy(a->arena, &a->cmdline->request);
	cmdline_become(&c, COMMAND_SETUP_QUEUE);
	c.install = INSTALL_DO;
	return queue_command(a->arena, &c, f);
}

int assistant_command(struct arena *arena, const struct cmdline *c,
		      struct error *f)
{
	const struct request *r = &c->request;
	struct assistant a = { .arena = arena,
			       .cmdline = c,
			       .is_terminal =
				       sysenv_is_terminal(STDIN_FILENO) };
	struct setup_hands hands = {
		.context = &a,
		.is_interactive = a.is_terminal,
		.say = say,
		.answer = read_line,
		.password = read_password,
		.has_program = has_program,
		.feed = feed,
		.send = send_test,
		.login = log_in,
		.queue = setup_the_queue,
	};
	struct transcript transcript;
	struct error trouble = ERROR_INIT;
	int status;

	if (transcript_open(&transcript, r->transcript, r->transcript_path, f) <
	    0)
		return -1;
	hands.trace = transcript_trace(&transcript);
	status = setup_account(arena, r, &hands, f);
	if (transcript_close(&transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return status;
}
