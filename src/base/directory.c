/* directory.c - readdir() returns NULL at the end and on failure: only errno
 * distinguishes them. */
#include "base/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

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
