/* place.c - link, since rename would go over what is there.
 *
 * Where a file system has no links, an empty file is made for the name first,
 * which nobody else can then make, and renamed over. */
#include "fetch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"

int place_begin(struct place *p, struct arena *a, const char *folder,
		bool is_private, struct fault *f)
{
	*p = (struct place){
		.arena = a, .folder = folder, .fd = -1, .is_private = is_private
	};
	p->temporary = arena_format(a, "%s/.mailget.XXXXXX", folder);
	p->fd = mkostemp(p->temporary, O_CLOEXEC);
	if (p->fd < 0) {
		p->temporary = NULL;
		return fault_errno(f, FAULT_CANTCREAT, errno,
				   "cannot make a file in %s", folder);
	}
	sink_fd_init(&p->out, p->fd, p->temporary, f);
	return 0;
}

/* As other programs make files, by the person's umask. */
static int set_mode(struct place *p, struct fault *f)
{
	mode_t mask;

	if (p->is_private)
		return 0; /* as mkostemp made it */
	mask = umask(077);
	umask(mask);
	if (fchmod(p->fd, 0666 & ~mask) < 0)
		return fault_errno(f, FAULT_CANTCREAT, errno,
				   "cannot prepare %s", p->temporary);
	return 0;
}

static int finish(struct place *p, struct fault *f)
{
	int fd = p->fd;
	int r = sink_close(&p->out.sink);

	if (r == 0)
		r = set_mode(p, f);
	if (r == 0)
		r = disk_sync(fd, p->temporary, f);
	p->fd = -1;
	if (disk_close(fd, p->temporary, f) < 0)
		r = -1;
	return r;
}

static int reserve(const char *path, struct fault *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return 1;
	if (fd < 0)
		return fault_errno(f, FAULT_CANTCREAT, errno, "cannot make %s",
				   path);
	close(fd); /* nothing was written */
	return 0;
}

static int give_name(struct place *p, const char *path, bool replace,
		     struct fault *f)
{
	int r;

	if (!replace) {
		if (link(p->temporary, path) == 0)
			return 0;
		if (errno == EEXIST)
			return 1;
		if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS &&
		    errno != EMLINK)
			return fault_errno(f, FAULT_CANTCREAT, errno,
					   "cannot make %s", path);
		r = reserve(path, f);
		if (r)
			return r;
	}
	if (rename(p->temporary, path) < 0)
		return fault_errno(f, FAULT_CANTCREAT, errno, "cannot make %s",
				   path);
	p->temporary = NULL;
	return 0;
}

int place_commit(struct place *p, const char *name, bool replace,
		 struct fault *f)
{
	const char *path = arena_format(p->arena, "%s/%s", p->folder, name);
	int r;

	if (p->fd >= 0 && finish(p, f) < 0)
		return -1;
	r = give_name(p, path, replace, f);
	if (r)
		return r;
	return disk_sync_folder(p->folder, f);
}

void place_free(struct place *p)
{
	sink_fd_free(&p->out);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	if (p->temporary)
		unlink(p->temporary);
	p->temporary = NULL;
}

const char *place_folder(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/"
			     : arena_dup_n(a, path, (size_t)(slash - path));
}

const char *place_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
