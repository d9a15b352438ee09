/* disk.h - files, written durably, and the names in a directory.
 *
 * Every return of a system call is checked.  Names are borrowed. */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* Goes on after short writes and EINTR; `name` is for the error. */
int disk_write_all(int fd, const void *data, size_t n, const char *name,
		   struct error *f);
/* Up to n bytes, fewer only at the end of file; -1 with the error. */
ssize_t disk_read_full(int fd, void *data, size_t n, const char *name,
		       struct error *f);
ssize_t disk_pread_full(int fd, void *data, size_t n, uint64_t offset,
			const char *name, struct error *f);
/* A small file whole; one larger than out->max is an error.  -1 without a
 * error and errno ENOENT when `missing_ok` and it is not there. */
int disk_read_file(const char *path, struct buf *out, bool missing_ok,
		   struct error *f);

/* What is there under a name?  1 and *st; 0: nothing, nor can there be (the
 * name is too long, or what precedes it is no directory); -1 with the
 * error: unknown, which is neither yes nor no.  ERROR_NOINPUT where
 * we may not look, else ERROR_IO.  disk_stat follows a symbolic link,
 * disk_lstat does not. */
int disk_stat(const char *path, struct stat *st, struct error *f);
/* Is it the null device, by whatever name? */
bool disk_is_null(const char *path);
int disk_lstat(const char *path, struct stat *st, struct error *f);
/* Does the name exist, even as a dangling link?  Three answers as above. */
int disk_exists(const char *path, struct error *f);
/* Is the path still the name of the descriptor's file?  Three answers. */
int disk_is_same(int fd, const char *path, struct error *f);
bool disk_is_same_time(const struct timespec *one,
		       const struct timespec *other);

/* Is it a symbolic link, and one that may be followed to write to what is
 * behind it?  1; 0 when it is no link, or there is nothing; -1 with the error:
 * another user made it in a directory where all may make names (the rule of
 * Linux's fs.protected_symlinks). */
int disk_may_follow(const char *path, struct error *f);
/* To append lines: a regular file, created 0600 where there is none, or an
 * existing device or FIFO with a reader; a link is followed where that is safe.
 * A descriptor, or -1 with the error (ERROR_CANTCREAT). */
int disk_open_append(const char *path, struct error *f);

/* Makes the directory and its parents, the last ones 0700. */
int disk_make_directory(const char *path, struct error *f);
int disk_sync(int fd, const char *name, struct error *f);
/* A file system that cannot sync a directory at all is no error. */
int disk_sync_directory(const char *path, struct error *f);
/* For a change in a directory that is complete: where it cannot be synced there
 * is a warning, with `what` may happen ("it may be gone after a power
 * failure").  False then. */
bool disk_sync_or_warn(const char *path, const char *what);
/* Finishes a new file that was written with the result `r`: syncs and closes
 * it, or unlinks it where that or the writing failed. */
int disk_finish_new(int fd, const char *path, int r, struct error *f);
/* close() that reports: a write error may show only here. */
int disk_close(int fd, const char *name, struct error *f);

/* flock(2), exclusive, until the descriptor is closed.  Waits that long for
 * another process; a signal that asks us to end cuts the wait short.  1; 0:
 * another process still has it; -1 with the error. */
int disk_lock(int fd, uint64_t milliseconds, const char *name, struct error *f);
#define DISK_LOCK_EVER UINT64_MAX	/* until it is free or a signal comes */
#define DISK_LOCK_WAIT (UINT64_MAX - 1) /* until it is free */

/* A file without a name in `directory`, gone with the descriptor; mode 0600.
 * O_TMPFILE where the file system has it, else made and unlinked. */
int disk_open_unnamed(const char *directory, struct error *f);

/* Gives a file without a name one, where the file system and the way that the
 * file was made allow it; -1 with errno (EEXIST: the name exists) and no
 * error, since the caller has an alternative. */
int disk_link_unnamed(int fd, const char *path);

/* What precedes the last slash ("." or "/" where nothing does), and behind
 * it. */
const char *disk_dirname(struct arena *a, const char *path);
const char *disk_basename(const char *path);
/* "~", "~/x" against the home directory; anything else as it is. */
const char *disk_expand_home(struct arena *a, const char *path);

/* ---- the names in a directory ---- */

/* All of them or an error.
 *
 * A read that fails half-way is not the end of the directory: a caller with
 * half of the names would assume that the others do not exist.  "." and ".."
 * are left out, other names that begin with a dot are not.  In no order; a name
 * that is made, moved or removed meanwhile may be seen or not, one that stays
 * is seen. */

struct directory {
	DIR *dir; /* NULL: closed, or it is not there */
	const char *path;
};

/* 1; 0 when there is none, and then there are no names in it; -1 with the
 * error: ERROR_NOINPUT where we may not read it or it is something else, else
 * ERROR_IO.  Borrows the path. */
int directory_open(struct directory *d, const char *path, struct error *f);
/* The next name, until the next call; NULL after the last, or with the
 * error. */
const char *directory_next(struct directory *d, struct error *f);
/* 1 and *st; 0 when the name is gone by now, or is a link to nowhere that was
 * to be followed; -1 with the error. */
int directory_stat(const struct directory *d, const char *name,
		   bool follow_link, struct stat *st, struct error *f);
/* Also after a failure, and again. */
void directory_close(struct directory *d);

#endif
