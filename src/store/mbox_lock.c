/* mbox_lock.c - the file first, then the descriptor, as Postfix and mutt do.
 *
 * PATH.lock is written under another name and linked, so it is never there
 * without its owner, and that is exclusive on NFS of any age.  Two who find the
 * same one abandoned cannot both take it away: whoever unlinks it holds a flock
 * on it, and has seen under that lock that the name is still this file's. */
#include "store/mbox_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"

#define LOOK_EVERY 100 /* milliseconds */
#define OWNER_SIZE 320 /* of "PID:HOST" */
#define NAME_MOST  100 /* octets of the mbox's name in another one's */

struct waiting {
	const char *path, *dot;
	uint64_t until;
};

/* ---- waiting ---- */

/* 0 to try again. */
static int wait_more(const struct waiting *w, const char *held_by,
		     struct error *f)
{
	if (sysenv_ticks() >= w->until)
		return error_set(
			f, ERROR_TEMPORARY,
			"%s is locked by another program (%s); nothing "
			"was changed, try again later",
			w->path, held_by);
	poll(NULL, 0, LOOK_EVERY);
	return 0;
}

/* ---- a lock that is there ---- */

struct owner {
	long pid; /* 0: not told */
	char host[OWNER_SIZE];
};

static void read_owner(int fd, struct owner *o)
{
	char text[OWNER_SIZE];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *end;

	*o = (struct owner){ .pid = 0 };
	if (n <= 0)
		return;
	text[n] = '\0';
	o->pid = strtol(text, &end, 10);
	if (end == text || o->pid < 0)
		o->pid = 0;
	if (*end == ':')
		snprintf(o->host, sizeof(o->host), "%.*s",
			 (int)strcspn(end + 1, "\r\n"), end + 1);
}

/* `now` is a file that was written just now, beside it. */
static bool is_abandoned(int fd, const struct stat *st, int now)
{
	struct owner owner;
	struct stat fresh;
	int64_t age;

	if (fstat(now, &fresh) < 0)
		return false;
	age = (int64_t)fresh.st_mtime - (int64_t)st->st_mtime;
	read_owner(fd, &owner);
	if (owner.pid && tempfile_is_dead(owner.pid, owner.host))
		return true;
	if (owner.pid && !strcmp(owner.host, sysenv_node()))
		return age > MBOX_LOCK_OLDEST;
	return age > MBOX_LOCK_OLD;
}

/* Removes the lock if nobody is behind it any more. */
static void remove_abandoned(const char *dot, int now)
{
	struct error unsure = ERROR_INIT;
	struct stat st;
	int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(dot, O_RDWR | flags);

	if (fd < 0 && errno == EACCES) /* mutt_dotlock's are read-only */
		fd = open(dot, O_RDONLY | flags);
	if (fd < 0)
		return; /* another user's: for him or for root to take away */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && is_abandoned(fd, &st, now) &&
	    disk_is_same(fd, dot, &unsure) > 0)
		unlink(dot);
	close(fd); /* nothing was written */
}

/* ---- our own ---- */

/* Where a file system has no links: O_EXCL, and the owner is written after. */
static int make_directly(struct mbox_lock *l, const char *dot)
{
	int fd = open(dot, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct error unsure = ERROR_INIT;
	char owner[OWNER_SIZE];
	ssize_t n;

	if (fd < 0)
		return -1;
	n = pread(l->dot.fd, owner, sizeof(owner), 0);
	if (n > 0)
		disk_write_all(fd, owner, (size_t)n, dot, &unsure);
	tempfile_drop(&l->dot);
	tempfile_adopt(&l->dot, fd, dot);
	return 0;
}

static int make_dot(struct mbox_lock *l, const char *dot)
{
	if (tempfile_rename(&l->dot, dot) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	return make_directly(l, dot);
}

static int write_owner(struct mbox_lock *l, struct error *f)
{
	char owner[OWNER_SIZE];
	int n = snprintf(owner, sizeof(owner), "%u:%s", sysenv_pid(),
			 sysenv_node());

	return disk_write_all(l->dot.fd, owner, (size_t)n, l->dot.path, f);
}

static int take_dot(struct mbox_lock *l, struct arena *a,
		    const struct waiting *w, struct error *f)
{
	const char *folder = disk_dirname(a, w->path);

	if (tempfile_open(&l->dot, folder, mbox_lock_prefix(a, w->path), f) <
		    0 ||
	    write_owner(l, f) < 0)
		return -1;
	while (make_dot(l, w->dot) < 0) {
		if (errno != EEXIST)
			return error_errno(f, ERROR_PERMISSION, errno,
					   "cannot make the lock %s", w->dot);
		remove_abandoned(w->dot, l->dot.fd);
		if (make_dot(l, w->dot) == 0)
			return 0;
		if (errno == EEXIST && wait_more(w, w->dot, f) < 0)
			return -1;
	}
	return 0;
}

static int take_descriptor(struct mbox_lock *l, const struct waiting *w,
			   struct error *f)
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
		   int fd, struct error *f)
{
	struct waiting w = { .path = path,
			     .dot = arena_format(a, "%s.lock", path),
			     .until = sysenv_ticks() + MBOX_PATIENCE };

	*l = (struct mbox_lock){ .dot = { .fd = -1 }, .fd = fd };
	if (take_dot(l, a, &w, f) == 0 && take_descriptor(l, &w, f) == 0)
		return 0;
	mbox_lock_drop(l);
	return -1;
}

void mbox_lock_drop(struct mbox_lock *l)
{
	tempfile_drop(&l->dot);
}

const char *mbox_lock_prefix(struct arena *a, const char *path)
{
	return arena_format(a, ".%.*s", NAME_MOST, disk_basename(path));
}
