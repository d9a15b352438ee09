/* io.c - one loop round each call. */
#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/sysenv.h"

/* Is the wait to be cut short?  A process that was signalled before still
 * finishes its current work. */
static bool is_over(int fd, int noted)
{
	return fd <= STDERR_FILENO && !noted && interrupt_signal();
}

/* After a call that failed: is it to be retried?  `noted` is the signal that
 * was known before. */
static bool is_again(int fd, short event, int noted)
{
	struct pollfd p = { .fd = fd, .events = event };

	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		if (fd > STDERR_FILENO || noted)
			poll(&p, 1, -1);
		else
			interrupt_poll(&p, 1, -1);
		errno = EINTR;
	}
	return errno == EINTR && !is_over(fd, noted);
}

ssize_t io_read(int fd, void *data, size_t n)
{
	int noted = interrupt_signal();
	ssize_t r;

	do
		r = read(fd, data, n);
	while (r < 0 && is_again(fd, POLLIN, noted));
	return r;
}

static ssize_t pread_some(int fd, void *data, size_t n, uint64_t offset)
{
	int noted = interrupt_signal();
	ssize_t r;

	do
		r = pread(fd, data, n, (off_t)offset);
	while (r < 0 && is_again(fd, POLLIN, noted));
	return r;
}

static ssize_t write_some(int fd, const void *data, size_t n)
{
	int noted = interrupt_signal();
	ssize_t r;

	do
		r = write(fd, data, n);
	while (r < 0 && is_again(fd, POLLOUT, noted));
	return r;
}

int io_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t r = write_some(fd, p, n);

		if (r < 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

ssize_t io_read_full(int fd, void *data, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = io_read(fd, (char *)data + done, n - done);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

ssize_t io_pread_full(int fd, void *data, size_t n, uint64_t offset)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread_some(fd, (char *)data + done, n - done,
				       offset + done);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int io_read_line(int fd, struct buf *out)
{
	bool has_some = false;
	ssize_t n;
	char c = '\0';

	while ((n = io_read(fd, &c, 1)) > 0 && c != '\n') {
		buf_putc(out, c);
		has_some = true;
	}
	return n < 0 ? -1 : n > 0 || has_some;
}

int io_read_error(int fd, int error, const char *name, struct error *f)
{
	if (error == EINTR && interrupt_signal())
		return interrupt_error(f);
	if (error == EBADF && fd == STDIN_FILENO)
		return error_set(f, ERROR_NOINPUT,
				 "standard input is not open for reading; give "
				 "it a file with <FILE, or </dev/null");
	return error_errno(f, ERROR_IO, error, "cannot read %s", name);
}

int io_write_error(int fd, int error, const char *name, struct error *f)
{
	if (error == EINTR && interrupt_signal())
		return interrupt_error(f);
	if (error == EBADF && fd == STDOUT_FILENO)
		return error_set(f, ERROR_CANTCREAT,
				 "standard output is not open for writing; "
				 "give it a file with >FILE, or >/dev/null");
	return error_errno(f, ERROR_IO, error, "cannot write %s", name);
}

int io_reap(pid_t child, int *status)
{
	pid_t r;

	do
		r = waitpid(child, status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : 0;
}

bool io_reap_within(pid_t child, unsigned milliseconds, int *status)
{
	uint64_t until = sysenv_ticks() + milliseconds;
	pid_t r;

	*status = 0;
	while ((r = waitpid(child, status, WNOHANG)) == 0 &&
	       sysenv_ticks() < until)
		poll(NULL, 0, 2);
	return r != 0;
}
