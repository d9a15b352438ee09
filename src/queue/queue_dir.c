/* queue_dir.c - names, locks, and files that are whole before they have a name.
 *
 * flock and not fcntl: its lock belongs to the open file, so that closing
 * another descriptor of the same file does not give it away.  Descriptors are
 * opened for writing, since NFS makes an fcntl lock of it. */
#include "queue/queue_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"

#define NAME_TRIES 10000 /* frozen, it draws the same ones each time */

static size_t append(char *room, size_t at, const char *text)
{
	size_t n = strnlen(text, QUEUE_DIR_PATH_SIZE - 1 - at);

	memcpy(room + at, text, n);
	return at + n;
}

const char *queue_dir_path(char room[QUEUE_DIR_PATH_SIZE],
			   const struct queue *q, const char *part,
			   const char *name)
{
	size_t n = append(room, 0, q->folder);

	if (part)
		n = append(room, append(room, n, "/"), part);
	if (name)
		n = append(room, append(room, n, "/"), name);
	room[n] = '\0';
	return room;
}

const char *queue_dir_part(enum queue_place place)
{
	static const char *const parts[] = {
		[QUEUE_WAITING] = "env",
		[QUEUE_GIVEN_UP] = "failed",
		[QUEUE_BAD] = "bad",
	};

	return parts[place];
}

bool queue_dir_is_name(const char *name, size_t size)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (n + 1 >= size || (!ascii_is_digit(name[n]) &&
				      !(name[n] >= 'a' && name[n] <= 'z') &&
				      !(name[n] == '-' && n)))
			return false;
	return n > 0;
}

bool queue_is_id(const char *name)
{
	return queue_dir_is_name(name, QUEUE_ID_SIZE);
}

int queue_dir_sync(const struct queue *q, const char *part, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];

	return disk_sync_directory(queue_dir_path(path, q, part, NULL), f);
}

int queue_dir_has_entry(const struct queue *q, const char *id, struct error *f)
{
	static const enum queue_place places[] = { QUEUE_WAITING,
						   QUEUE_GIVEN_UP, QUEUE_BAD };
	char path[QUEUE_DIR_PATH_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(places[0]);
	     i++)
		r = disk_exists(queue_dir_path(path, q,
					       queue_dir_part(places[i]), id),
				f);
	return r;
}

/* An entry is a regular file; O_NONBLOCK, since opening a FIFO would wait. */
static int open_entry(const char *path, size_t *size, struct error *f)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				    O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return error_set(f, ERROR_DATA, "%s is no file", path);
	if (fd < 0)
		return errno == ENOENT ? -1
				       : error_errno(f, ERROR_IO, errno,
						     "cannot read %s", path);
	if (fstat(fd, &st) < 0)
		error_errno(f, ERROR_IO, errno, "cannot read %s", path);
	else if (!S_ISREG(st.st_mode))
		error_set(f, ERROR_DATA, "%s is no file", path);
	else if (st.st_size > ENTRY_MAX)
		error_set(f, ERROR_DATA, "%s is too large", path);
	else
		*size = (size_t)st.st_size;
	if (!error_is_set(f))
		return fd;
	close(fd);
	return -1;
}

int queue_dir_read_entry(const struct queue *q, struct arena *a,
			 const char *part, const char *id, struct entry *e,
			 struct error *f)
{
	struct error why = ERROR_INIT;
	char path[QUEUE_DIR_PATH_SIZE];
	size_t size = 0;
	ssize_t n;
	char *text;
	int fd = open_entry(queue_dir_path(path, q, part, id), &size, &why);

	if (fd < 0 && !error_is_set(&why))
		return 0;
	if (fd < 0)
		goto failed;
	text = memory_alloc(size);
	n = disk_read_full(fd, text, size, path, &why);
	close(fd); /* only read from: nothing can be lost */
	if (n >= 0 && entry_read(a, text, (size_t)n, e, &why) < 0) {
		struct error line = why;

		error_clear(&why);
		error_set(&why, line.cause, "%s, %s", path, line.text);
	}
	free(text);
	if (!error_is_set(&why)) {
		e->id = arena_dup(a, id);
		return 1;
	}
failed:
	if (!error_is_set(f))
		*f = why;
	return -1;
}

void queue_dir_unlock(int fd)
{
	flock(fd, LOCK_UN); /* fails for what is no descriptor alone */
}

int queue_dir_begin(const struct queue *q, struct queue_dir_new *n,
		    struct error *f)
{
	unsigned char random[8];
	char name[2 * sizeof(random) + 1];
	int locked;

	n->is_reserved = false;
	for (unsigned tries = 0;; tries++) {
		sysenv_random(random, sizeof(random));
		text_hex(name, random, sizeof(random));
		n->fd = open(queue_dir_path(n->path, q, "tmp", name),
			     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0600);
		if (n->fd >= 0 || errno != EEXIST || tries == NAME_TRIES)
			break;
	}
	if (n->fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", n->path);
	locked = disk_lock(n->fd, 0, n->path, f);
	if (locked > 0)
		return 0;
	if (locked == 0)
		error_set(f, ERROR_TEMPORARY, "%s was removed as garbage",
			  n->path);
	queue_dir_abandon(n);
	return -1;
}

/* By writing: whether fallocate(2) guarantees anything depends on the file
 * system. */
int queue_dir_reserve(struct queue_dir_new *n, size_t size, struct error *f)
{
	static const char nothing[4096];

	n->is_reserved = true;
	while (size) {
		size_t now = size < sizeof(nothing) ? size : sizeof(nothing);

		if (disk_write_all(n->fd, nothing, now, n->path, f) < 0)
			return -1;
		size -= now;
	}
	return 0;
}

int queue_dir_fill(struct queue_dir_new *n, const void *data, size_t size,
		   struct error *f)
{
	if (n->is_reserved && lseek(n->fd, 0, SEEK_SET) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot write %s",
				   n->path);
	if (disk_write_all(n->fd, data, size, n->path, f) < 0)
		return -1;
	if (n->is_reserved && ftruncate(n->fd, (off_t)size) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot shorten %s",
				   n->path);
	return disk_sync(n->fd, n->path, f);
}

int queue_dir_place(struct queue_dir_new *n, const struct queue *q,
		    const char *part, const char *name, struct error *f)
{
	char to[QUEUE_DIR_PATH_SIZE];

	if (rename(n->path, queue_dir_path(to, q, part, name)) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot create %s", to);
	close(n->fd); /* it was synced: nothing can be lost any more */
	n->fd = -1;
	return 0;
}

void queue_dir_unname(struct queue_dir_new *n)
{
	if (unlink(n->path) == 0)
		n->path[0] = '\0';
}

void queue_dir_abandon(struct queue_dir_new *n)
{
	if (n->fd < 0)
		return;
	if (n->path[0])
		unlink(n->path); /* else it is tidied away when it is old */
	close(n->fd);
	n->fd = -1;
}
