/* regular_file.c - the length is asked first, so that a file that shrinks while
 * it is read is an error and no short message. */
#include "store/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/source.h"

int regular_file_open(const char *path, bool follow_link, struct error *f)
{
	int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, follow_link ? flags : flags | O_NOFOLLOW);
	struct stat st;
	int error = errno;

	if (fd < 0) {
		error_errno(f, error == EIO ? ERROR_IO : ERROR_NOINPUT, error,
			    "cannot read %s", path);
		errno = error;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		error_errno(f, ERROR_IO, errno, "cannot look at %s", path);
	else if (S_ISREG(st.st_mode))
		return fd;
	else
		error_set(f, ERROR_NOINPUT, "%s is no plain file any more",
			  path);
	close(fd);
	errno = 0;
	return -1;
}

int regular_file_push(struct mailbox *m, size_t number, int fd,
		      const char *path, struct sink *to, struct error *f)
{
	struct slice slice = { .fd = fd, .name = path };
	bool *is_unreadable = &m->messages[number - 1].is_unreadable;
	struct source source;
	struct stat st;

	*is_unreadable = fstat(fd, &st) < 0;
	if (*is_unreadable)
		return error_errno(f, ERROR_IO, errno, "cannot read %s", path);
	slice.length = (uint64_t)st.st_size;
	source_of_slice(&source, &slice);
	source.is_over = m->enough;
	if (pump(&source, to) == 0)
		return 0;
	*is_unreadable = source.failed;
	if (!error_is_set(f))
		*f = *to->error;
	return -1;
}
