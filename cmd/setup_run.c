/* setup_run.c - the three streams are files in memory: nobody waits for
 * anybody, however much there is to say, and no disk has a secret that is
 * given to another program. */
#include "setup_run.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"

enum { INPUT, OUTPUT, ERRORS, STREAMS };

static int open_streams(int fds[STREAMS], const struct buf *input,
			struct error *f)
{
	for (int i = 0; i < STREAMS; i++) {
		fds[i] = memfd_create("mailsend", MFD_CLOEXEC);
		if (fds[i] < 0)
			return error_errno(f, ERROR_OS, errno,
					   "cannot make a file in memory");
	}
	if (!input)
		return 0;
	if (disk_write_all(fds[INPUT], input->data, input->len,
			   "what a command is to read", f) < 0)
		return -1;
	if (lseek(fds[INPUT], 0, SEEK_SET) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot go back to the start of a file");
	return 0;
}

static void close_streams(const int fds[STREAMS])
{
	for (int i = 0; i < STREAMS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int take(int fd, struct buf *to, struct error *f)
{
	char piece[4096];
	uint64_t done = 0;
	ssize_t n;

	while (to && (n = disk_pread_full(fd, piece, sizeof(piece), done,
					  "what a command wrote", f)) != 0) {
		if (n < 0)
			return -1;
		done += (uint64_t)n;
		if (buf_put(to, piece, (size_t)n) < 0)
			return error_set(f, ERROR_DATA,
					 "a command wrote more than %zu octets",
					 to->max);
	}
	return 0;
}

static int run(const struct identity *who, const char *const *argv,
	       unsigned seconds, const int fds[STREAMS], int *status,
	       struct error *f)
{
	struct command c = { .what = argv[0], .seconds = seconds, .as = who };
	int how = 0;

	if (command_start(&c, argv, fds[INPUT], fds[OUTPUT], fds[ERRORS], f) <
	    0) {
		if (c.error != ENOENT)
			return -1;
		error_clear(f);
		*status = SETUP_NO_PROGRAM;
		return 0;
	}
	if (command_finish(&c, &how, f) < 0)
		return -1;
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return 0;
}

int setup_run_as(const struct identity *who, const char *const *argv,
		 unsigned seconds, const struct buf *input, struct buf *out,
		 struct buf *err, int *status, struct error *f)
{
	int fds[STREAMS] = { -1, -1, -1 };
	int r = open_streams(fds, input, f);

	if (r == 0)
		r = run(who, argv, seconds, fds, status, f);
	if (r == 0)
		r = take(fds[OUTPUT], out, f);
	if (r == 0)
		r = take(fds[ERRORS], err, f);
	close_streams(fds);
	return r;
}

int setup_run(const char *const *argv, unsigned seconds,
	      const struct buf *input, struct buf *out, struct buf *err,
	      int *status, struct error *f)
{
	return setup_run_as(NULL, argv, seconds, input, out, err, status, f);
}
