/* atomic_file.c - what the name leads to is examined first; then it is decided
 * how it is written. */
#include "flow/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"

/* ---- beginning ---- */

static int start(struct atomic_file *w, const char *prefix, struct error *f)
{
	if (tempfile_open(&w->file, w->directory, prefix, f) < 0)
		return -1;
	sink_fd_init(&w->out, w->file.fd, w->file.path, f);
	return 0;
}

int atomic_file_begin(struct atomic_file *w, struct arena *a,
		      const char *directory, const char *prefix,
		      enum atomic_file_mode mode, struct error *f)
{
	*w = (struct atomic_file){
		.arena = a,
		.directory = directory,
		.mode = mode,
		.fd = -1,
		.file = { .fd = -1 },
	};
	return start(w, prefix, f);
}

/* What of /proc and /dev is called a link leads to a descriptor, and not to a
 * name that could be replaced. */
bool atomic_file_is_descriptor(const char *path)
{
	static const char *const heads[] = { "/dev/std", "/dev/fd/", "/proc/" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (!strncmp(path, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* O_APPEND, so that a file behind /dev/stdout is written on where it ends. */
static int open_directly(struct atomic_file *w, const char *path,
			 struct error *f)
{
	struct stat st;

	w->fd = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
	if (w->fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot open %s",
				   path);
	if (fstat(w->fd, &st) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot stat %s",
				   path);
	if (S_ISREG(st.st_mode) && !atomic_file_is_descriptor(path))
		return error_set(f, ERROR_TEMPORARY,
				 "%s was replaced by another file; nothing was "
				 "written to it",
				 path);
	w->is_direct = true;
	sink_fd_init(&w->out, w->fd, path, f);
	return 0;
}

/* The name behind the links. */
static int follow(struct atomic_file *w, const char *path, struct error *f)
{
	char *real;
	int r = disk_may_follow(path, f);

	if (r <= 0) {
		w->path = path;
		return r;
	}
	real = realpath(path, NULL);
	if (!real)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot follow the link %s", path);
	w->path = arena_dup(w->arena, real);
	free(real);
	return 0;
}

/* Something is there. */
static int open_over(struct atomic_file *w, const char *path, bool replace,
		     struct error *f)
{
	if (S_ISDIR(w->old.st_mode))
		return error_set(f, ERROR_CANTCREAT, "%s is a directory", path);
	if (S_ISREG(w->old.st_mode) && !atomic_file_is_descriptor(path)) {
		w->is_replacing = true;
		return !replace ? 1 : follow(w, path, f);
	}
	if (S_ISBLK(w->old.st_mode) && !replace)
		return 1;
	return open_directly(w, path, f);
}

/* A kernel that protects links (fs.protected_symlinks) refuses one of another
 * user's before we do; why is known to us alone. */
static int look(struct atomic_file *w, const char *path, struct error *f)
{
	struct error link = ERROR_INIT;
	int r = disk_stat(path, &w->old, f);

	if (r < 0 && disk_may_follow(path, &link) < 0)
		*f = link;
	return r;
}

int atomic_file_open(struct atomic_file *w, struct arena *a, const char *path,
		     const char *prefix, bool replace,
		     enum atomic_file_mode mode, struct error *f)
{
	int r;

	*w = (struct atomic_file){
		.arena = a,
		.path = path,
		.mode = mode,
		.fd = -1,
		.file = { .fd = -1 },
	};
	r = look(w, path, f);
	if (r == 0 && disk_exists(path, f) > 0)
		return error_set(f, ERROR_CANTCREAT,
				 "%s is a dangling symbolic link; remove it, "
				 "or name the file itself",
				 path);
	if (r > 0)
		r = open_over(w, path, replace, f);
	if (r || error_is_set(f) || w->is_direct)
		return error_is_set(f) ? -1 : r;
	w->directory = disk_dirname(a, w->path);
	return start(w, prefix, f);
}

/* ---- the end ---- */

/* As the file that it replaces; else as other programs make files. */
static int set_mode(struct atomic_file *w, struct error *f)
{
	const struct stat *old = &w->old;
	mode_t mode = 0600;
	struct stat st;

	if (w->mode == ATOMIC_FILE_SHARED) {
		mode_t mask = umask(077);

		umask(mask);
		mode = 0666 & ~mask;
	}
	if (fstat(w->file.fd, &st) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s",
				   w->file.path);
	if (w->is_replacing &&
	    ((st.st_uid == old->st_uid && st.st_gid == old->st_gid) ||
	     fchown(w->file.fd, old->st_uid, old->st_gid) == 0))
		mode = old->st_mode & 0777;
	if ((st.st_mode & 07777) != mode && fchmod(w->file.fd, mode) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot set the mode of %s", w->file.path);
	return 0;
}

static int finish_direct(struct atomic_file *w, struct error *f)
{
	int fd = w->fd;

	if (sink_close(&w->out.sink) < 0)
		return -1;
	w->fd = -1;
	return disk_close(fd, w->path, f);
}

int atomic_file_finish(struct atomic_file *w, struct error *f)
{
	int r;

	if (w->is_finished)
		return 0;
	w->is_finished = true;
	if (w->is_direct)
		return finish_direct(w, f);
	r = sink_close(&w->out.sink);
	if (r == 0)
		r = set_mode(w, f);
	if (r == 0)
		r = disk_sync(w->file.fd, w->file.path, f);
	if (tempfile_close(&w->file, f) < 0)
		r = -1;
	return r;
}

int atomic_file_commit(struct atomic_file *w, struct error *f)
{
	int r = atomic_file_finish(w, f);

	if (r < 0 || w->is_direct)
		return r;
	r = w->is_replacing ? tempfile_replace(&w->file, w->path, f)
			    : tempfile_place(&w->file, w->path, f);
	if (r == 0)
		w->is_unsafe = !atomic_file_sync(w->directory);
	return r;
}

int atomic_file_commit_as(struct atomic_file *w, const char *name, bool replace,
			  struct error *f)
{
	const char *path = arena_format(w->arena, "%s/%s", w->directory, name);
	struct stat st = { 0 };
	int r = 0;

	if (replace)
		r = disk_lstat(path, &st, f);
	if (r > 0 && !S_ISREG(st.st_mode))
		return 1;
	w->is_replacing = r > 0;
	w->old = st;
	if (r < 0 || atomic_file_finish(w, f) < 0)
		return -1;
	return r > 0 ? tempfile_replace(&w->file, path, f)
		     : tempfile_place(&w->file, path, f);
}

bool atomic_file_sync(const char *directory)
{
	return disk_sync_or_warn(directory,
				 "what was written there is whole, and "
				 "may be gone after a power failure");
}

void atomic_file_free(struct atomic_file *w)
{
	sink_fd_free(&w->out);
	if (w->fd >= 0)
		close(w->fd); /* after a failure: that is reported already */
	w->fd = -1;
	tempfile_drop(&w->file);
}
