/* mailbox_files.c - one message in one file, and a directory of such files.
 *
 * The messages of a directory are its regular files in order of their names,
 * except hidden ones.  Each is opened when it is read: if it is no longer a
 * regular file (but a pipe, a directory) it is refused, without blocking. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "flow/source.h"
#include "store/kinds.h"

/* ---- one file ---- */

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
		error_errno(f, ERROR_IO, errno, "cannot stat %s", path);
	else if (S_ISREG(st.st_mode))
		return fd;
	else
		error_set(f, ERROR_NOINPUT, "%s is not a regular file any more",
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

/* ---- the stores ---- */

struct mailfile {
	int fd;
};

static int mailfile_read(struct mailbox *m, size_t number, struct sink *to,
			 struct error *f)
{
	struct mailfile *own = m->own;

	return regular_file_push(m, number, own->fd, m->name, to, f);
}

static void mailfile_free(struct mailbox *m)
{
	struct mailfile *own = m->own;

	close(own->fd); /* only read: nothing can be lost */
}

static const struct mailbox_ops mailfile_ops = {
	.read = mailfile_read,
	.free = mailfile_free,
};

/* An empty file is not a message. */
int mailfile_open(struct mailbox *m, int fd, struct error *f)
{
	struct mailbox_message *one;
	struct mailfile *own;
	struct stat st;
	size_t room = 0;

	if (fstat(fd, &st) < 0) {
		close(fd);
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   m->name);
	}
	own = arena_alloc(m->arena, sizeof(*own));
	own->fd = fd;
	m->own = own;
	m->ops = &mailfile_ops;
	if (st.st_size == 0)
		return 0;
	one = mailbox_add(m, &room, f);
	one->size = (uint64_t)st.st_size;
	return 0;
}

/* ---- a directory ---- */

static const char *path_of(const struct mailbox *m, size_t number)
{
	return arena_format(m->arena, "%s/%s", m->name,
			    m->messages[number - 1].id);
}

static int maildirectory_read(struct mailbox *m, size_t number, struct sink *to,
			      struct error *f)
{
	const char *path = path_of(m, number);
	int fd = regular_file_open(path, true, f);
	int r;

	struct mailbox_message *one = &m->messages[number - 1];

	one->is_gone = fd < 0 && errno == ENOENT;
	one->is_unreadable = fd < 0 && !one->is_gone;
	if (fd < 0)
		return -1;
	r = regular_file_push(m, number, fd, path, to, f);
	close(fd);
	return r;
}

static int maildirectory_commit(struct mailbox *m, struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		const char *path;

		if (!m->messages[i - 1].is_deleted)
			continue;
		path = path_of(m, i);
		if (unlink(path) < 0 && errno != ENOENT)
			error_errno(f, ERROR_CANTCREAT, errno,
				    "cannot delete %s", path);
	}
	disk_sync_or_warn(
		m->name,
		"after a power failure the deleted messages may reappear");
	return error_is_set(f) ? -1 : 0;
}

static const struct mailbox_ops maildirectory_ops = {
	.read = maildirectory_read,
	.commit = maildirectory_commit,
};

static int by_name(const void *one, const void *other)
{
	const struct mailbox_message *a = one, *b = other;

	return strcmp(a->id, b->id);
}

static int list(struct mailbox *m, struct directory *d, struct error *f)
{
	const char *name;
	size_t room = 0;

	while ((name = directory_next(d, f))) {
		struct mailbox_message *one;
		struct stat st;
		int r = *name == '.' ? 0
				     : directory_stat(d, name, true, &st, f);

		if (r == 0 ||
		    (r > 0 && (!S_ISREG(st.st_mode) || st.st_size == 0)))
			continue;
		one = r < 0 ? NULL : mailbox_add(m, &room, f);
		if (!one)
			return -1;
		one->id = arena_dup(m->arena, name);
		one->size = (uint64_t)st.st_size;
	}
	if (m->count)
		qsort(m->messages, m->count, sizeof(*m->messages), by_name);
	return error_is_set(f) ? -1 : 0;
}

int maildirectory_open(struct mailbox *m, struct error *f)
{
	struct directory d;
	int r = directory_open(&d, m->name, f);

	m->ops = &maildirectory_ops;
	if (r == 0)
		return error_set(f, ERROR_NOINPUT, "there is no directory %s",
				 m->name);
	if (r > 0)
		r = list(m, &d, f);
	directory_close(&d);
	return r;
}
