/* mbox_lock.c - the file first, then the descriptor, as Postfix and mutt do. */
#include "store/mbox_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/world.h"

#define LOOK_EVERY 100 /* milliseconds */

struct waiting {
	const char *path;
	uint64_t until;
};

/* 0 to try again. */
static int wait_more(const struct waiting *w, const char *held_by,
		     struct fault *f)
{
	if (world_ticks() >= w->until)
		return fault_set(
			f, FAULT_TEMPORARY,
			"%s is locked by another program (%s); nothing "
			"was changed, try again later",
			w->path, held_by);
	poll(NULL, 0, LOOK_EVERY);
	return 0;
}

static int take_dot(struct mbox_lock *l, const struct waiting *w,
		    const char *dot, struct fault *f)
{
	int fd;

	while ((fd = open(dot, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) <
	       0) {
		if (errno != EEXIST)
			return fault_errno(f, FAULT_PERMISSION, errno,
					   "cannot make the lock %s", dot);
		if (wait_more(w, dot, f) < 0)
			return -1;
	}
	close(fd); /* nothing was written */
	l->dot = dot;
	return 0;
}

static int take_descriptor(struct mbox_lock *l, const struct waiting *w,
			   struct fault *f)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (flock(l->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			break; /* a file system without it */
		if (wait_more(w, "flock", f) < 0)
			return -1;
	}
	while (fcntl(l->fd, F_SETLK, &all) < 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			break;
		if (wait_more(w, "fcntl", f) < 0)
			return -1;
	}
	return 0;
}

int mbox_lock_take(struct mbox_lock *l, struct arena *a, const char *path,
		   int fd, struct fault *f)
{
	struct waiting w = { .path = path,
			     .until = world_ticks() + MBOX_PATIENCE };

	*l = (struct mbox_lock){ .fd = fd };
	if (take_dot(l, &w, arena_format(a, "%s.lock", path), f) == 0 &&
	    take_descriptor(l, &w, f) == 0)
		return 0;
	mbox_lock_drop(l);
	return -1;
}

void mbox_lock_drop(struct mbox_lock *l)
{
	if (l->dot)
		unlink(l->dot);
	l->dot = NULL;
}
