/* disk.c - file operations, with every return checked. */
#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"

int disk_write_all(int fd, const void *data, size_t n, const char *name,
		   struct error *f)
{
	if (fd == STDOUT_FILENO)
		log_output(data, n);
	return io_write_all(fd, data, n) < 0
		       ? io_write_error(fd, errno, name, f)
		       : 0;
}

ssize_t disk_read_full(int fd, void *data, size_t n, const char *name,
		       struct error *f)
{
	ssize_t r = io_read_full(fd, data, n);

	return r < 0 ? io_read_error(fd, errno, name, f) : r;
}

ssize_t disk_pread_full(int fd, void *data, size_t n, uint64_t offset,
			const char *name, struct error *f)
{
	ssize_t r = io_pread_full(fd, data, n, offset);

	return r < 0 ? io_read_error(fd, errno, name, f) : r;
}

static int read_into(int fd, const char *path, struct buf *out, struct error *f)
{
	char piece[4096];
	ssize_t n;

	while ((n = disk_read_full(fd, piece, sizeof(piece), path, f)) > 0)
		if (buf_put(out, piece, (size_t)n) < 0)
			return error_set(
				f, ERROR_DATA,
				"%s is larger than the limit of %zu octets",
				path, out->max);
	explicit_bzero(piece, sizeof(piece)); /* it may have been a secret */
	return n < 0 ? -1 : 0;
}

int disk_read_file(const char *path, struct buf *out, bool missing_ok,
		   struct error *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0) {
		if (missing_ok && (errno == ENOENT || errno == ENOTDIR)) {
			errno = ENOENT;
			return -1;
		}
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   path);
	}
	r = read_into(fd, path, out, f);
	close(fd); /* only read from: nothing can be lost */
	return r;
}

/* ---- what is there ------------------------------------------------------ */

static int found(int r, const char *path, struct error *f)
{
	int error = errno;

	if (r == 0)
		return 1;
	if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG)
		return 0;
	return error_errno(f,
			   error == EACCES || error == EPERM ? ERROR_NOINPUT
							     : ERROR_IO,
			   error, "cannot stat %s", path);
}

int disk_stat(const char *path, struct stat *st, struct error *f)
{
	return found(stat(path, st), path, f);
}

bool disk_is_null(const char *path)
{
	struct stat st, null;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	       stat("/dev/null", &null) == 0 && S_ISCHR(null.st_mode) &&
	       st.st_rdev == null.st_rdev;
}

int disk_lstat(const char *path, struct stat *st, struct error *f)
{
	return found(lstat(path, st), path, f);
}

int disk_exists(const char *path, struct error *f)
{
	struct stat st;

	return disk_lstat(path, &st, f);
}

int disk_is_same(int fd, const char *path, struct error *f)
{
	struct stat one, other;
	int r;

	if (fstat(fd, &one) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s", path);
	r = disk_lstat(path, &other, f);
	if (r <= 0)
		return r;
	return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool disk_is_same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

int disk_may_follow(const char *path, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct stat link, directory;
	int r = disk_lstat(path, &link, f);

	if (r > 0 && !S_ISLNK(link.st_mode))
		r = 0;
	if (r > 0)
		r = disk_stat(disk_dirname(&a, path), &directory, f);
	arena_free(&a);
	if (r <= 0 || !(directory.st_mode & S_IWOTH) || link.st_uid == 0 ||
	    link.st_uid == sysenv_file_uid() || link.st_uid == directory.st_uid)
		return r;
	return error_set(f, ERROR_CANTCREAT,
			 "%s is a link that another user made in a directory "
			 "that is writable by all; name the file itself",
			 path);
}

/* O_NONBLOCK, since a FIFO without a reader would be waited for. */
int disk_open_append(const char *path, struct error *f)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
		    O_NONBLOCK;
	int r = disk_may_follow(path, f);
	int fd;

	if (r < 0)
		return -1;
	fd = open(path, r ? flags : flags | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == ENXIO)
		return error_set(f, ERROR_CANTCREAT,
				 "no process reads from %s, so it cannot be "
				 "written to",
				 path);
	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot open %s",
				   path);
	r = fcntl(fd, F_GETFL);
	if (r >= 0)
		fcntl(fd, F_SETFL,
		      r & ~O_NONBLOCK); /* else EAGAIN is waited for */
	return fd;
}

/* ---- directories ------------------------------------------------------------
 */

int disk_make_directory(const char *path, struct error *f)
{
	struct arena a = ARENA_INIT;
	char *copy = arena_dup(&a, path);
	int r = 0, error;

	for (char *p = copy + 1; r == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		error = mkdir(copy, 0700) < 0 ? errno : 0;
		if (error && error != EEXIST &&
		    (c == '\0' || access(copy, F_OK) < 0))
			r = error_errno(f, ERROR_CANTCREAT, error,
					"cannot create the directory %s", copy);
		*p = c;
		if (c == '\0')
			break;
	}
	arena_free(&a);
	return r;
}

int disk_sync(int fd, const char *name, struct error *f)
{
	while (fsync(fd) < 0) {
		if (errno == EINTR)
			continue;
		return error_errno(f, ERROR_IO, errno, "cannot sync %s", name);
	}
	return 0;
}

int disk_sync_directory(const char *path, struct error *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(f, ERROR_IO, errno,
				   "cannot open the "
				   "directory %s",
				   path);
	do
		r = fsync(fd);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno != EINVAL)
		error_errno(f, ERROR_IO, errno,
			    "cannot sync the directory "
			    "%s",
			    path);
	else
		r = 0;
	close(fd);
	return r;
}

bool disk_sync_or_warn(const char *path, const char *what)
{
	struct error f = ERROR_INIT;

	if (disk_sync_directory(path, &f) == 0)
		return true;
	log_warning("%s; %s", f.text, what);
	return false;
}

int disk_close(int fd, const char *name, struct error *f)
{
	/* After EINTR the descriptor is gone on Linux: never close twice. */
	if (close(fd) < 0 && errno != EINTR)
		return error_errno(f, ERROR_IO, errno, "cannot close %s", name);
	return 0;
}

int disk_finish_new(int fd, const char *path, int r, struct error *f)
{
	if (r == 0)
		r = disk_sync(fd, path, f);
	if (disk_close(fd, path, f) < 0)
		r = -1;
	if (r < 0)
		unlink(path);
	return r;
}

/* Between two looks: longer each time, as somebody may have it for hours. */
#define LOCK_LOOK_MS	  5
#define LOCK_LOOK_MOST_MS 200

int disk_lock(int fd, uint64_t milliseconds, const char *name, struct error *f)
{
	int how = milliseconds == DISK_LOCK_WAIT ? LOCK_EX : LOCK_EX | LOCK_NB;
	uint64_t start = sysenv_ticks();
	unsigned pause = LOCK_LOOK_MS;

	while (flock(fd, how) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_errno(f, ERROR_OS, errno, "cannot lock %s",
					   name);
		if (sysenv_ticks() - start >= milliseconds)
			return 0;
		if (interrupt_sleep(pause) < 0)
			return interrupt_error(f);
		pause = pause * 2 < LOCK_LOOK_MOST_MS ? pause * 2
						      : LOCK_LOOK_MOST_MS;
	}
	return 1;
}

int disk_open_unnamed(const char *directory, struct error *f)
{
	struct arena a = ARENA_INIT;
	char *path;
	int fd = -1;

#ifdef O_TMPFILE
	fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create a temporary file in %s",
				   directory);
#endif
	path = arena_format(&a, "%s/mailsend.XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		error_errno(f, ERROR_CANTCREAT, errno,
			    "cannot create a temporary file in %s", directory);
	else if (unlink(path) < 0) {
		/* or a secret would stay there under that name */
		error_errno(f, ERROR_IO, errno, "cannot remove %s", path);
		close(fd);
		fd = -1;
	}
	arena_free(&a);
	return fd;
}

int disk_link_unnamed(int fd, const char *path)
{
#ifdef O_TMPFILE
	char name[32];

	/* AT_EMPTY_PATH would want a capability. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
#else
	(void)fd, (void)path;
	errno = EOPNOTSUPP;
	return -1;
#endif
}

const char *disk_dirname(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/"
			     : arena_dup_n(a, path, (size_t)(slash - path));
}

const char *disk_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *disk_expand_home(struct arena *a, const char *path)
{
	const char *home = sysenv_home();

	if (path[0] != '~' || (path[1] && path[1] != '/') || !home)
		return path;
	return arena_format(a, "%s%s", home, path + 1);
}

/* ---- the names in a directory ---- */

/* After readdir() only errno distinguishes the end from a failure. */

int directory_open(struct directory *d, const char *path, struct error *f)
{
	int error;

	*d = (struct directory){ .path = path, .dir = opendir(path) };
	error = errno;
	if (d->dir)
		return 1;
	if (error == ENOENT)
		return 0;
	return error_errno(f,
			   error == EACCES || error == EPERM || error == ENOTDIR
				   ? ERROR_NOINPUT
				   : ERROR_IO,
			   error, "cannot read the directory %s", path);
}

const char *directory_next(struct directory *d, struct error *f)
{
	struct dirent *entry;

	if (!d->dir)
		return NULL;
	do {
		errno = 0;
		entry = readdir(d->dir);
	} while (entry &&
		 (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	if (!entry && errno)
		error_errno(f, ERROR_IO, errno, "cannot read the directory %s",
			    d->path);
	return entry ? entry->d_name : NULL;
}

int directory_stat(const struct directory *d, const char *name,
		   bool follow_link, struct stat *st, struct error *f)
{
	if (fstatat(dirfd(d->dir), name, st,
		    follow_link ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	return error_errno(f,
			   errno == EACCES || errno == EPERM ? ERROR_NOINPUT
							     : ERROR_IO,
			   errno, "cannot stat %s/%s", d->path, name);
}

void directory_close(struct directory *d)
{
	if (d->dir)
		closedir(d->dir); /* only read from */
	d->dir = NULL;
}
