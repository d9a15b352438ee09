/* mbox_reader.c - one pass finds the offsets; a message is then a slice.
 * Messages are deleted under a lock. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "base/tempfile.h"
#include "flow/source.h"
#include "store/kinds.h"
#include "store/mbox.h"

/* ---- locking an mbox ---- */

/* Uses all three methods, since mail programs differ: a file PATH.lock, then
 * flock and fcntl on the mbox, as Postfix and mutt do. Waits for up to
 * LOCK_PATIENCE, then ERROR_TEMPORARY.
 *
 * PATH.lock has "PID:HOST" in it, as Dovecot writes it and liblockfile reads
 * it.  One whose owner is gone is removed:
 *
 *	another process holds a flock on it	never
 *	PID is of this host and gone		at once
 *	PID is of this host and alive		after LOCK_OLDEST, since
 *						numbers come again
 *	PID is of another host, or none	after LOCK_OLD without a
 *						change, by the clock of the file
 *						system (procmail's 1024 s)
 *
 * PATH.lock is written under another name and linked, so it is never there
 * without its owner, and that is exclusive on NFS of any age.  Two processes
 * that find the same stale lock cannot both remove it: the one that unlinks
 * it holds a flock on it, and has verified under that lock that the name
 * still refers to this file.  Signals that end us remove the file
 * (base/tempfile.h). */

#define LOCK_PATIENCE 5000  /* milliseconds */
#define LOCK_OLD      1024  /* seconds */
#define LOCK_OLDEST   86400 /* seconds */
#define LOOK_EVERY    100   /* milliseconds */
#define OWNER_SIZE    320   /* of "PID:HOST" */
#define NAME_MOST     100   /* octets of the mbox's name in a temporary name */

struct mbox_lock {
	struct tempfile dot;
	int fd;
};

struct waiting {
	const char *path, *dot;
	uint64_t until;
};

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

/* An existing lock. */
struct owner {
	long pid; /* 0: unknown */
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

/* `now` is a file just written in the same directory, for its time. */
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
		return age > LOCK_OLDEST;
	return age > LOCK_OLD;
}

/* Removes the lock if its owner is gone. */
static void remove_abandoned(const char *dot, int now)
{
	struct error unsure = ERROR_INIT;
	struct stat st;
	int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(dot, O_RDWR | flags);

	if (fd < 0 && errno == EACCES) /* mutt_dotlock's are read-only */
		fd = open(dot, O_RDONLY | flags);
	if (fd < 0)
		return; /* another user's: only they or root can remove it */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && is_abandoned(fd, &st, now) &&
	    disk_is_same(fd, dot, &unsure) > 0)
		unlink(dot);
	close(fd); /* nothing was written */
}

/* On a file system without links: O_EXCL, then the owner is written. */
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

/* For temporary files in the directory of the mbox, and for tempfile_tidy. */
static const char *prefix_beside(struct arena *a, const char *path)
{
	return arena_format(a, ".%.*s", NAME_MOST, disk_basename(path));
}

static int take_dot(struct mbox_lock *l, struct arena *a,
		    const struct waiting *w, struct error *f)
{
	const char *directory = disk_dirname(a, w->path);

	if (tempfile_open(&l->dot, directory, prefix_beside(a, w->path), f) <
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
			break; /* unsupported by the file system */
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

static void unlock_mbox(struct mbox_lock *l)
{
	tempfile_drop(&l->dot);
}

/* `fd` is the mbox, open for writing too; closing it releases flock and fcntl.
 * The struct must not be moved until it is dropped. */
static int lock_mbox(struct mbox_lock *l, struct arena *a, const char *path,
		     int fd, struct error *f)
{
	struct waiting w = { .path = path,
			     .dot = arena_format(a, "%s.lock", path),
			     .until = sysenv_ticks() + LOCK_PATIENCE };

	*l = (struct mbox_lock){ .dot = { .fd = -1 }, .fd = fd };
	if (take_dot(l, a, &w, f) == 0 && take_descriptor(l, &w, f) == 0)
		return 0;
	unlock_mbox(l);
	return -1;
}

/* ---- a mailbox ---- */

struct mbox_reader {
	int fd;
	struct mbox_part *parts; /* one for each message */
	struct mbox_doubt doubt;
	uint64_t size;
};

/* ---- rewriting the file without the marked messages ---- */

/* Lock, check, write a temporary file, sync, rename.
 *
 *	a crash after     leaves
 *	the lock          PATH.lock, and the mbox as it was
 *	writing           PATH.lock, ".NAME.PID.HOST.XXXXXX", the mbox as it was
 *	rename            PATH.lock, the new mbox
 *
 * The next process that locks it removes both, since their owner is gone.
 *
 * Changes by other programs since it was opened are checked under the lock:
 * mail that was appended is kept; if the messages no longer begin at the same
 * offsets, nothing is changed. */

struct rewriting {
	struct mailbox *m;
	struct mbox_reader *own;
	const char *path, *directory; /* the file itself, not a link to it */
	int fd;
	struct stat st; /* under the lock */
};

static int changed(const struct rewriting *w, struct error *f)
{
	return error_set(f, ERROR_TEMPORARY,
			 "%s was changed by another program; nothing was "
			 "deleted, try again",
			 w->m->name);
}

/* ---- was it changed? ---- */

struct comparing {
	const struct mbox_reader *own;
	size_t count, at;
	uint64_t next; /* start of the first appended message, or the end */
	bool is_other;
};

static int compare(void *context, const struct mbox_part *part, struct error *f)
{
	struct comparing *c = context;

	(void)f;
	if (c->at < c->count)
		c->is_other |= c->own->parts[c->at].offset != part->offset;
	else if (c->at == c->count)
		c->next = part->offset;
	c->at++;
	return 0;
}

/* A wrong message boundary would delete half a message. */
static int in_doubt(const struct rewriting *w, const struct mbox_doubt *doubt,
		    struct error *f)
{
	return error_set(f, ERROR_DATA,
			 "nothing was deleted from %s: the \"From \" line at "
			 "octet %" PRIu64 " may begin a message or be text; "
			 "delete with the program that wrote the file, or move "
			 "its messages into a Maildir",
			 w->m->name, doubt->offset);
}

static int look(const struct rewriting *w, struct error *f)
{
	struct comparing c = { .own = w->own,
			       .count = w->m->count,
			       .next = (uint64_t)w->st.st_size };
	struct slice all = { .fd = w->fd,
			     .length = (uint64_t)w->st.st_size,
			     .name = w->m->name };
	struct mbox_doubt doubt;
	struct stat seen;

	if (fstat(w->own->fd, &seen) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s",
				   w->m->name);
	if (seen.st_dev != w->st.st_dev || seen.st_ino != w->st.st_ino ||
	    w->st.st_nlink != 1 || (uint64_t)w->st.st_size < w->own->size)
		return changed(w, f);
	/* even if untouched: both scans must agree on what is deleted */
	if (mbox_scan(&all, compare, &c, &doubt, f) < 0)
		return -1;
	if (doubt.is_set)
		return in_doubt(w, &doubt, f);
	if (c.is_other || c.at < c.count)
		return changed(w, f);
	/* the last one, which is marked, got longer */
	if (w->m->messages[c.count - 1].is_deleted && c.next != w->own->size)
		return changed(w, f);
	return 0;
}

/* ---- the new file ---- */

static int copy_run(const struct rewriting *w, struct sink *to, uint64_t from,
		    uint64_t until)
{
	struct slice run = { .fd = w->fd,
			     .offset = from,
			     .length = until - from,
			     .name = w->m->name };

	return until > from ? pump_slice(&run, to) : 0;
}

/* Copies everything except marked messages, in as few runs as possible. */
static int copy_kept(const struct rewriting *w, struct sink *to)
{
	const struct mbox_part *parts = w->own->parts;
	uint64_t from = 0;

	for (size_t i = 0; i < w->m->count; i++) {
		if (!w->m->messages[i].is_deleted)
			continue;
		if (copy_run(w, to, from, parts[i].offset) < 0)
			return -1;
		from = parts[i].offset + parts[i].length;
	}
	return copy_run(w, to, from, (uint64_t)w->st.st_size);
}

/* Keeps owner, group and permissions. */
static int give_away(const struct rewriting *w, int fd, const char *name,
		     struct error *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s", name);
	if ((st.st_uid != w->st.st_uid || st.st_gid != w->st.st_gid) &&
	    fchown(fd, w->st.st_uid, w->st.st_gid) < 0)
		return error_errno(f, ERROR_PERMISSION, errno,
				   "%s cannot be replaced by a file of the "
				   "same owner and group",
				   w->m->name);
	if (fchmod(fd, w->st.st_mode & 07777) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot prepare %s",
				   name);
	return 0;
}

static int write_new(const struct rewriting *w, int fd, const char *name,
		     struct error *f)
{
	struct sink_fd out;
	struct stat now;
	int r;

	if (give_away(w, fd, name, f) < 0)
		return -1;
	sink_fd_init(&out, fd, name, f);
	r = copy_kept(w, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r == 0)
		r = disk_sync(fd, name, f);
	if (r == 0 && fstat(w->fd, &now) < 0)
		r = error_errno(f, ERROR_IO, errno, "cannot stat %s", w->path);
	/* a program that does not lock */
	if (r == 0 && (now.st_size != w->st.st_size ||
		       !disk_is_same_time(&now.st_mtim, &w->st.st_mtim)))
		r = changed(w, f);
	return r;
}

static int replace(const struct rewriting *w, struct error *f)
{
	const char *prefix = prefix_beside(w->m->arena, w->path);
	struct tempfile new;
	int r;

	tempfile_tidy(w->directory, prefix);
	if (tempfile_open(&new, w->directory, prefix, f) < 0)
		return -1;
	r = write_new(w, new.fd, new.path, f);
	if (tempfile_close(&new, f) < 0)
		r = -1;
	if (r == 0)
		r = tempfile_replace(&new, w->path, f);
	tempfile_drop(&new);
	if (r == 0)
		disk_sync_or_warn(w->directory,
				  "after a power failure the deleted messages "
				  "may reappear");
	return r;
}

/* ---- all of it ---- */

static int under_lock(struct rewriting *w, struct error *f)
{
	int is_same;

	/* The previous lock holder may have replaced the file. */
	if (fstat(w->fd, &w->st) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s",
				   w->path);
	is_same = disk_is_same(w->fd, w->path, f);
	if (is_same <= 0)
		return is_same < 0 ? -1 : changed(w, f);
	if (look(w, f) < 0)
		return -1;
	return replace(w, f);
}

static int mbox_rewrite(struct mailbox *m, struct error *f)
{
	struct rewriting w = { .m = m, .own = m->own };
	char *real = realpath(m->name, NULL);
	struct mbox_lock lock;
	int r;

	if (!real)
		return error_errno(f, ERROR_TEMPORARY, errno,
				   "%s is not there any more", m->name);
	w.path = arena_dup(m->arena, real);
	free(real);
	w.directory = disk_dirname(m->arena, w.path);
	w.fd = open(w.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (w.fd < 0)
		return error_errno(f, ERROR_PERMISSION, errno,
				   "cannot change %s", m->name);
	r = lock_mbox(&lock, m->arena, w.path, w.fd, f);
	if (r == 0) {
		r = under_lock(&w, f);
		unlock_mbox(&lock);
	}
	close(w.fd); /* only read from: nothing can be lost */
	return r;
}

/* ---- the mailbox ---- */

struct finding {
	struct mailbox *m;
	size_t room;
	struct mbox_part *parts; /* `room` elements */
};

static int found(void *context, const struct mbox_part *part, struct error *f)
{
	struct finding *list = context;
	size_t before = list->room;

	if (!mailbox_add(list->m, &list->room, f))
		return -1;
	if (list->room != before)
		list->parts = memory_resize(list->parts,
					    list->room * sizeof(*list->parts));
	list->parts[list->m->count - 1] = *part;
	return 0;
}

static int scan(struct mailbox *m, struct finding *list, struct error *f)
{
	struct mbox_reader *own = m->own;
	struct slice all = { .fd = own->fd,
			     .length = own->size,
			     .name = m->name };

	return mbox_scan(&all, found, list, &own->doubt, f);
}

static void keep_parts(struct mailbox *m, const struct finding *list)
{
	struct mbox_reader *own = m->own;

	own->parts = arena_array(m->arena, m->count + 1, sizeof(*own->parts));
	for (size_t i = 0; i < m->count; i++) {
		own->parts[i] = list->parts[i];
		m->messages[i].size = list->parts[i].length;
	}
}

static int mbox_read(struct mailbox *m, size_t number, struct sink *to,
		     struct error *f)
{
	struct mbox_reader *own = m->own;
	const struct mbox_part *part = &own->parts[number - 1];
	struct slice slice = {
		.fd = own->fd,
		.offset = part->offset,
		.length = part->length,
		.name = m->name,
	};
	struct mbox_message message;
	struct source source;

	mbox_message_init(&message, part->is_raw, to);
	source_of_slice(&source, &slice);
	source.is_over = m->enough;
	if (pump(&source, &message.sink) == 0 && sink_close(&message.sink) == 0)
		return 0;
	m->messages[number - 1].is_unreadable = source.failed;
	if (!error_is_set(f))
		*f = *to->error;
	return -1;
}

static void mbox_free(struct mailbox *m)
{
	struct mbox_reader *own = m->own;

	close(own->fd); /* only read from: nothing can be lost */
}

static const struct mailbox_ops file_ops = {
	.read = mbox_read,
	.commit = mbox_rewrite,
	.free = mbox_free,
};
static const struct mailbox_ops input_ops = {
	.read = mbox_read,
	.free = mbox_free,
};

int mbox_open(struct mailbox *m, int fd, struct error *f)
{
	struct mbox_reader *own = arena_alloc(m->arena, sizeof(*own));
	struct finding list = { .m = m };
	struct stat st;
	int r;

	own->fd = fd;
	m->own = own;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   m->name);
	}
	own->size = (uint64_t)st.st_size;
	r = scan(m, &list, f);
	keep_parts(m, &list);
	free(list.parts);
	if (r < 0) {
		close(fd);
		return -1;
	}
	m->ops = m->kind == MAILBOX_MBOX ? &file_ops : &input_ops;
	return 0;
}
