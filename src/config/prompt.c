/* prompt.c - echo off, a line, echo on; signals wait until echo is on.
 *
 * A handler only notes the signal and makes read() return.  Then the terminal
 * and the old handlers are put back and the signal is raised again: one that
 * ends us does so with the terminal in order, and after one that stopped us we
 * ask anew. */
#include "config/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"

static const int watched[] = { SIGINT,	SIGTERM, SIGHUP,  SIGQUIT, SIGALRM,
			       SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

static void watch(struct sigaction before[WATCHED])
{
	struct sigaction action = { .sa_handler = note };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &action, &before[i]);
}

static void unwatch(const struct sigaction before[WATCHED])
{
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &before[i], NULL);
}

/* 1 with a whole line, 0 at the end or by a signal. */
static int read_line(int tty, struct buf *out, struct error *f)
{
	char c = '\0';
	int r = 0;

	while (r == 0 && !caught) {
		ssize_t n = read(tty, &c, 1);

		if (n == 0 || (n < 0 && errno == EINTR && caught))
			break;
		if (n < 0 && errno != EINTR)
			r = error_errno(f, ERROR_CONFIG, errno,
					"cannot read from /dev/tty");
		else if (n > 0 && (c == '\n' || c == '\r'))
			r = 1;
		else if (n > 0 && buf_putc(out, c) < 0)
			r = error_set(f, ERROR_CONFIG,
				      "a password is at most %zu octets",
				      out->max);
	}
	explicit_bzero(&c, sizeof(c));
	return r;
}

static int ask_once(int tty, const char *question, struct buf *out,
		    struct error *f)
{
	struct sigaction before[WATCHED];
	struct termios usual, silent;
	int r;

	caught = 0;
	if (tcgetattr(tty, &usual) < 0)
		return error_errno(f, ERROR_CONFIG, errno,
				   "cannot turn the echo of /dev/tty off");
	silent = usual;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	watch(before);
	r = 0;
	if (tcsetattr(tty, TCSAFLUSH, &silent) < 0 && !caught)
		r = error_errno(f, ERROR_CONFIG, errno,
				"cannot turn the echo of /dev/tty off");
	if (r == 0)
		r = disk_write_all(tty, question, strlen(question), "/dev/tty",
				   f);
	if (r == 0)
		r = read_line(tty, out, f);
	/* best effort from here: the answer is what counts */
	disk_write_all(tty, "\n", 1, "/dev/tty", &(struct error)ERROR_INIT);
	while (tcsetattr(tty, TCSAFLUSH, &usual) < 0 && errno == EINTR)
		;
	unwatch(before);
	return r;
}

int prompt_password(const char *question, struct buf *out, struct error *f)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t start = out->len;
	int r;

	if (tty < 0)
		return error_errno(f, ERROR_CONFIG, errno,
				   "cannot open /dev/tty");
	log_progress_end(); /* the question begins a line */
	do {
		buf_truncate(out, start);
		r = ask_once(tty, question, out, f);
		if (caught)
			raise(caught);
	} while (r == 0 && caught);
	close(tty);
	if (r >= 0 && out->len == start)
		r = error_set(f, ERROR_CONFIG, "no password was entered");
	return r < 0 ? -1 : 0;
}
