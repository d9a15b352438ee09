/* tempfile.c - a list that a signal handler may read at any moment.
 *
 * It is changed only while signals are blocked; a forked child has its parent's
 * files in it, which are not its own. */
#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"

#define NAME_SIZE 256 /* of a name, NUL included */
#define NODE_MAX  64  /* octets of a host's name */
#define RANDOM	  6   /* mkstemp's letters */

/* ---- the list ----------------------------------------------------------- */

static struct tempfile *volatile first;

static void hold_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, before);
}

/* Only calls that a handler may make. */
static bool is_still_ours(const struct tempfile *t)
{
	struct stat one, other;

	return t->fd < 0 ||
	       (fstat(t->fd, &one) == 0 && lstat(t->path, &other) == 0 &&
		one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

void tempfile_clean(void)
{
	pid_t self = (pid_t)sysenv_pid();

	for (struct tempfile *t = first; t; t = t->next)
		if (t->owner == self && t->path && is_still_ours(t))
			unlink(t->path); /* else the next run removes it */
}

static void end_by(int number)
{
	int error = errno;

	tempfile_clean();
	signal(number, SIG_DFL);
	raise(number); /* has its effect when we return */
	errno = error;
}

/* A signal that is ignored, or handled by the program, stays so. */
static void catch_endings(void)
{
	static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				       SIGXFSZ };
	struct sigaction action = { .sa_handler = end_by }, before;
	size_t n = sizeof(endings) / sizeof(*endings);

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < n; i++)
		sigaddset(&action.sa_mask, endings[i]);
	for (size_t i = 0; i < n; i++)
		if (sigaction(endings[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			sigaction(endings[i], &action, NULL);
}

static void enlist(struct tempfile *t)
{
	t->owner = (pid_t)sysenv_pid();
	t->next = first;
	first = t;
	catch_endings();
}

static void strike(struct tempfile *t)
{
	for (struct tempfile *x = first, *last = NULL; x;
	     last = x, x = x->next) {
		if (x != t)
			continue;
		if (last)
			last->next = x->next;
		else
			first = x->next;
		return;
	}
}

/* It has a name that is to stay, or none. */
static void forget(struct tempfile *t)
{
	char *path = t->path;
	sigset_t before;

	hold_signals(&before);
	strike(t);
	t->path = NULL;
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(path);
}

/* ---- names -------------------------------------------------------------- */

/* "PID.HOST", without what a file's name cannot have. */
static void put_process(char *out, size_t size)
{
	char *p;

	snprintf(out, size, "%u.%.*s", sysenv_pid(), NODE_MAX, sysenv_node());
	for (p = out; *p; p++)
		if (*p == '/')
			*p = '_';
}

bool tempfile_is_dead(long pid, const char *host)
{
	char node[NODE_MAX + 1];

	snprintf(node, sizeof(node), "%.*s", NODE_MAX, sysenv_node());
	for (char *p = node; *p; p++)
		if (*p == '/')
			*p = '_';
	return pid > 0 && pid == (long)(pid_t)pid && !strcmp(host, node) &&
	       kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* Is it "PREFIX.PID.HOST.XXXXXX"?  Other names are not ours. */
static bool read_name(const char *name, const char *prefix, long *pid,
		      char host[NAME_SIZE])
{
	size_t n = strlen(prefix), length = strlen(name);
	char *end;

	if (length >= NAME_SIZE || strncmp(name, prefix, n) != 0 ||
	    name[n] != '.' || !ascii_is_digit(name[n + 1]))
		return false;
	*pid = strtol(name + n + 1, &end, 10);
	if (*end != '.' || (size_t)(end - name) + 2 + RANDOM >= length ||
	    name[length - RANDOM - 1] != '.')
		return false;
	snprintf(host, NAME_SIZE, "%.*s",
		 (int)(length - RANDOM - 1 - (size_t)(end + 1 - name)),
		 end + 1);
	return true;
}

/* ---- one file ----------------------------------------------------------- */

int tempfile_open(struct tempfile *t, const char *directory, const char *prefix,
		  struct error *f)
{
	char process[NODE_MAX + 32];
	sigset_t before;
	size_t size;
	char *path;
	int error;

	put_process(process, sizeof(process));
	size = strlen(directory) + strlen(prefix) + strlen(process) + RANDOM +
	       4;
	path = memory_alloc(size);
	snprintf(path, size, "%s/%s.%s.XXXXXX", directory, prefix, process);
	*t = (struct tempfile){ .fd = -1 };
	hold_signals(&before);
	t->fd = mkostemp(path, O_CLOEXEC);
	error = errno;
	if (t->fd >= 0) {
		t->path = path;
		enlist(t);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (t->fd < 0) {
		free(path);
		return error_errno(f, ERROR_CANTCREAT, error,
				   "cannot create a file in %s", directory);
	}
	flock(t->fd, LOCK_EX | LOCK_NB); /* else only the process id counts */
	return 0;
}

void tempfile_adopt(struct tempfile *t, int fd, const char *path)
{
	size_t size = strlen(path) + 1;
	sigset_t before;

	*t = (struct tempfile){ .fd = fd, .path = memory_alloc(size) };
	memcpy(t->path, path, size);
	flock(fd, LOCK_EX | LOCK_NB); /* else only the process id counts */
	hold_signals(&before);
	enlist(t);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int tempfile_close(struct tempfile *t, struct error *f)
{
	int fd = t->fd;

	t->fd = -1;
	return fd < 0 ? 0 : disk_close(fd, t->path, f);
}

/* No other process can create the name any more. */
static int reserve(const char *path, struct error *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return 1;
	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	close(fd); /* nothing was written */
	return 0;
}

static bool has_no_links(int error)
{
	return error == EPERM || error == EOPNOTSUPP || error == ENOSYS ||
	       error == EMLINK;
}

int tempfile_place(struct tempfile *t, const char *path, struct error *f)
{
	int r;

	if (link(t->path, path) == 0) {
		unlink(t->path); /* a second name: else the next run's */
		forget(t);
		return 0;
	}
	if (errno == EEXIST)
		return 1;
	if (!has_no_links(errno))
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	r = reserve(path, f);
	if (r == 0 && tempfile_replace(t, path, f) < 0) {
		unlink(path); /* the empty one */
		r = -1;
	}
	return r;
}

int tempfile_replace(struct tempfile *t, const char *path, struct error *f)
{
	if (rename(t->path, path) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	forget(t);
	return 0;
}

int tempfile_rename(struct tempfile *t, const char *path)
{
	size_t size = strlen(path) + 1;
	char *now = memory_alloc(size), *old = t->path;
	sigset_t before;
	int error = 0;

	memcpy(now, path, size);
	hold_signals(&before);
	if (link(old, now) == 0)
		t->path = now;
	else
		error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (error) {
		free(now);
		errno = error;
		return -1;
	}
	unlink(old); /* a second name: else the next run's */
	free(old);
	return 0;
}

void tempfile_drop(struct tempfile *t)
{
	if (t->path && is_still_ours(t))
		unlink(t->path); /* else the next run removes it */
	if (t->fd >= 0)
		close(t->fd); /* given up, or nothing was written since */
	t->fd = -1;
	if (t->path)
		forget(t);
}

/* ---- what others left --------------------------------------------------- */

static bool is_old(const struct stat *st)
{
	return sysenv_now() - (int64_t)st->st_mtime > TEMPFILE_OLD;
}

/* Its lock is ours, so no process has it open. */
static void tidy_one(const char *path, long pid, const char *host)
{
	struct error unsure = ERROR_INIT;
	struct stat st;
	int fd = open(path,
		      O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) &&
	    (tempfile_is_dead(pid, host) || is_old(&st)) &&
	    disk_is_same(fd, path, &unsure) > 0)
		unlink(path);
	close(fd); /* nothing was written */
}

void tempfile_tidy(const char *directory, const char *prefix)
{
	struct error unsure = ERROR_INIT;
	struct directory d;
	const char *name;

	directory_open(&d, directory, &unsure);
	while ((name = directory_next(&d, &unsure))) {
		struct arena a = ARENA_INIT;
		char host[NAME_SIZE];
		long pid;

		if (read_name(name, prefix, &pid, host))
			tidy_one(arena_format(&a, "%s/%s", directory, name),
				 pid, host);
		arena_free(&a);
	}
	directory_close(&d);
}
