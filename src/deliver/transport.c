/* transport.c - which transport is used, its verdict for the recipients, and
 * the user's own command. */
#include "deliver/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/command.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/smarthost.h"
#include "flow/crlf.h"
#include "net/http.h"

#define COMMAND "command "

bool transport_is_set(const struct account *account)
{
	return account->transport != NULL;
}

bool transport_leads_out(const struct account *account)
{
	return transport_is_set(account) || smarthost_is_set(account);
}

/* NULL: the account has none. */
static const char *command_of(const struct account *account)
{
	return ascii_begins(account->transport, COMMAND)
		       ? account->transport + strlen(COMMAND)
		       : NULL;
}

const char *transport_name(struct arena *a, const struct account *account)
{
	char host[256];

	if (!transport_is_set(account))
		return smarthost_name(a, account);
	if (command_of(account))
		return arena_format(a, "the command of account %s",
				    account->name);
	http_host(graph_url(a, account), host, sizeof(host));
	return arena_dup(a, host);
}

uint64_t transport_size(const struct account *account)
{
	return command_of(account) ? 0 : GRAPH_SIZE_MAX;
}

/* ---- a command ---- */

/* The message on its stdin, the recipients as arguments, the sender in its
 * environment.  The message is an unnamed file with this system's line ends: a
 * program that does not read all of it blocks nothing. */

#define OUTPUT_MAX 512
/* $1 is the sender, then "--" and the recipients. */
#define LINE "MAILSEND_SENDER=$1; export MAILSEND_SENDER; shift; %s \"$@\""

static int copy(const struct slice *message, int fd, struct error *f)
{
	struct sink_fd out;
	struct lf lf;
	int r;

	sink_fd_init(&out, fd, "the message for the command", f);
	lf_init(&lf, &out.sink);
	r = pump_slice(message, &lf.sink);
	if (r == 0)
		r = sink_close(&lf.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r == 0 && lseek(fd, 0, SEEK_SET) != 0)
		r = error_errno(f, ERROR_IO, errno,
				"cannot go back to the "
				"start of the message");
	return r;
}

/* Writes the file to the first directory with enough space; -1 with the
 * error. */
static int stage(const struct slice *message, struct error *f)
{
	for (size_t i = 0; sysenv_spare()[i]; i++) {
		int fd;

		error_clear(f);
		fd = disk_open_unnamed(sysenv_spare()[i], f);
		if (fd >= 0 && copy(message, fd, f) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static const char *const *make_argv(struct arena *a, const char *command,
				    const struct envelope *e)
{
	const char **argv = arena_array(a, e->count + 7, sizeof(*argv));
	size_t n = 0;

	argv[n++] = "/bin/sh";
	argv[n++] = "-c";
	argv[n++] = arena_format(a, LINE, command);
	argv[n++] = "mailsend";
	argv[n++] = e->reverse_path;
	argv[n++] = "--";
	for (size_t i = 0; i < e->count; i++)
		if (!e->recipients[i].decided)
			argv[n++] = e->recipients[i].address;
	return argv;
}

/* The exit status is one of sysexits.h; for any other the meaning is unknown,
 * and the mail stays queued. */
static int judge(int status, const char *said, struct error *f)
{
	const char *colon = *said ? ": " : "";
	int exit = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (!WIFEXITED(status))
		return error_set(f, ERROR_TEMPORARY,
				 "signal %d ended the command of transport%s%s",
				 WTERMSIG(status), colon, said);
	if (exit == 0)
		return 0;
	if (exit == 126 || exit == 127)
		return error_set(f, ERROR_CONFIG,
				 "the command of transport cannot be run "
				 "(status %d)%s%s",
				 exit, colon, said);
	for (int cause = ERROR_NONE + 1; error_rows[cause].name; cause++)
		if (error_rows[cause].exit == exit && exit >= EX__BASE)
			return error_set(f, (enum error_cause)cause,
					 "the command of transport failed with "
					 "status %d%s%s",
					 exit, colon, said);
	return error_set(f, ERROR_TEMPORARY,
			 "the command of transport failed with status "
			 "%d, which does not mean that the mail is "
			 "refused%s%s",
			 exit, colon, said);
}

/* 0 when it was accepted. */
static int run_command(struct arena *a, const struct account *account,
		       const char *command, const struct envelope *e,
		       const struct slice *message, struct outcome *out,
		       bool *is_asked, struct error *f)
{
	struct command c = {
		.what = "the command of transport",
		.setting = "command_timeout",
		.seconds = (unsigned)account->command_timeout,
	};
	struct buf said = BUF_INIT(OUTPUT_MAX);
	int fd = stage(message, f), status = 0, r;

	if (fd < 0)
		return -1;
	r = command_capture(&c, make_argv(a, command, e), fd, &said, &status,
			    f);
	close(fd);
	buf_truncate(&said, strcspn(said.data, "\r\n"));
	text_sanitize(said.data);
	if (r == 0) {
		r = judge(status, said.data, f);
		*is_asked = f->cause != ERROR_CONFIG;
	}
	if (r == 0)
		snprintf(out->reply, sizeof(out->reply), "%s",
			 *said.data ? said.data : "accepted by the command");
	buf_free(&said);
	return r;
}

/* ---- all transports ---- */

static void accept_all(struct envelope *e, const char *reply)
{
	const struct error none = ERROR_INIT;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];

		if (r->decided)
			continue;
		r->decided = true;
		envelope_judge(e, r, &none);
		envelope_quote(e, r, reply);
	}
}

int transport_send(struct arena *a, const struct account *account,
		   struct envelope *e, const struct slice *message,
		   struct outcome *out, struct error *f)
{
	const char *command = command_of(account);
	bool is_asked = false;
	int r = command ? run_command(a, account, command, e, message, out,
				      &is_asked, f)
			: graph_send(a, account, e, message, out, &is_asked, f);

	if (r == 0)
		accept_all(e, out->reply);
	else if (is_asked)
		envelope_decide_rest(e, f);
	return r == 0 || is_asked ? 0 : -1;
}
