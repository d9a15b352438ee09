/* spool.c - a directory in which every user may make names, and root reads.
 *
 * All that root uses of a name there is its owner, by lstat.  The content is
 * read by a process of that user. */
#include "queue/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/config.h"
#include "queue/queue.h"

#define NAMES_MAX 1000000 /* of one directory */
#define LINES_MAX 64	  /* of a user's file in the register */
#define MODE	  01733
#define RUN_KNOWN ((int64_t)7 * 86400)

static const char *below(struct arena *a, const char *name)
{
	return arena_format(a, "%s/%s", sysenv_spool(), name);
}

static const char *user_file(struct arena *a)
{
	return arena_format(a, "%s/users/%u", sysenv_spool(),
			    sysenv_file_uid());
}

/* Root's directory?  1; 0: there is nothing; -1 with the error. */
static int check_root_s(const char *path, struct stat *st, struct error *f)
{
	int r = disk_lstat(path, st, f);

	if (r <= 0)
		return r;
	if (!S_ISDIR(st->st_mode))
		return error_set(f, ERROR_PERMISSION,
				 "%s is not a directory: move it away", path);
	if (st->st_uid != 0)
		return error_set(f, ERROR_PERMISSION,
				 "%s belongs to another user (uid %u) and not "
				 "to root: move it away",
				 path, (unsigned)st->st_uid);
	return 1;
}

/* ---- what root makes ---- */

/* A mode that an administrator chose is kept. */
static int make_directory(const char *path, mode_t mode, struct error *f)
{
	struct stat st;
	int r = check_root_s(path, &st, f);

	if (r < 0)
		return -1;
	if (r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create the directory %s", path);
	if (r == 0 && check_root_s(path, &st, f) <= 0)
		return -1;
	if ((st.st_mode & 07777) == 0700 && mode != 0700 &&
	    chmod(path, mode) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot change the mode of %s", path);
	return 0;
}

/* What another user created under a name of root's is moved away: this does no
 * harm to others. */
static int clear_name(struct arena *a, const char *path, struct error *f)
{
	struct stat st;
	const char *to;

	if (disk_lstat(path, &st, f) <= 0 || st.st_uid == 0)
		return error_is_set(f) ? -1 : 0;
	to = arena_format(a, "%s.uid-%u.%" PRIu64, path, (unsigned)st.st_uid,
			  (uint64_t)sysenv_now());
	if (rename(path, to) < 0)
		return error_errno(f, ERROR_PERMISSION, errno,
				   "%s belongs to another user (uid %u) and "
				   "cannot be moved away",
				   path, (unsigned)st.st_uid);
	log_warning("%s was made by another user (uid %u); it was moved to %s",
		    path, (unsigned)st.st_uid, to);
	return 0;
}

/* Root's queue was SPOOL itself.  Its directories belong to root, and cannot be
 * replaced by others. */
static int move_old_queue(struct arena *a, const char *spool, struct error *f)
{
	struct queue from = { .folder = spool, .arena = a }, to;
	struct stat st;
	int r = disk_lstat(below(a, "env"), &st, f);

	if (r <= 0 || st.st_uid != 0 || !S_ISDIR(st.st_mode))
		return r < 0 ? -1 : 0;
	if (queue_open(&to, a, below(a, "0"), true, f) < 0)
		return -1;
	return queue_move_all(&from, &to, f);
}

int spool_prepare(struct arena *a, bool make, struct error *f)
{
	const char *spool = sysenv_spool();
	struct stat st;
	int r;

	if (!spool || sysenv_file_uid() != 0)
		return 0;
	r = check_root_s(spool, &st, f);
	if (r < 0 || (r == 0 && !make))
		return r;
	/* the old queue moves before others may make names beside it */
	if ((r == 0 && make_directory(spool, 0700, f) < 0) ||
	    clear_name(a, below(a, "0"), f) < 0 ||
	    move_old_queue(a, spool, f) < 0)
		return -1;
	if (!make)
		return 0;
	if (clear_name(a, below(a, "users"), f) < 0 ||
	    make_directory(below(a, "0"), 0700, f) < 0 ||
	    make_directory(below(a, "users"), MODE, f) < 0)
		return -1;
	return make_directory(spool, MODE, f);
}

/* ---- the register ---- */

/* The user's own file, which nobody else can have created, with a single
 * name. */
static bool is_own_file(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == sysenv_file_uid() &&
	       st->st_nlink == 1 && st->st_size <= SPOOL_REGISTER_MAX;
}

static int open_register(const char *path, int flags)
{
	int fd = open(path,
		      flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		      0600);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !is_own_file(&st))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Only whole lines: one without an end was cut short. */
static const char **split_lines(struct arena *a, char *text)
{
	const char **lines = NULL;
	size_t count = 0, room = 0;
	char *end;

	for (; count < LINES_MAX && (end = strchr(text, '\n'));
	     text = end + 1) {
		*end = '\0';
		if (*text != '/' || text_has_control(text))
			continue;
		lines = arena_grow(a, lines, count, &room, sizeof(*lines));
		lines[count++] = arena_dup(a, text);
	}
	lines = arena_grow(a, lines, count, &room, sizeof(*lines));
	lines[count] = NULL;
	return lines;
}

const char **spool_registered(struct arena *a, struct error *f)
{
	char *text = arena_alloc(a, SPOOL_REGISTER_MAX + 1);
	const char *path;
	ssize_t n = 0;
	int fd = -1;

	if (sysenv_spool()) {
		path = user_file(a);
		fd = open_register(path, O_RDONLY);
		if (fd >= 0)
			n = disk_read_full(fd, text, SPOOL_REGISTER_MAX, path,
					   f);
	}
	if (fd >= 0)
		close(fd); /* only read from */
	text[n > 0 ? n : 0] = '\0';
	return split_lines(a, text);
}

void spool_register(struct arena *a, const char *folder)
{
	const char *own = config_spool_queue(a);
	struct error ignored = ERROR_INIT;
	struct stat st;
	char *line;
	int fd, r;

	if (!sysenv_spool() || sysenv_file_uid() == 0 || *folder != '/' ||
	    text_has_control(folder) || (own && strcmp(own, folder) == 0) ||
	    check_root_s(below(a, "users"), &st, &ignored) <= 0 ||
	    text_is_among(folder, spool_registered(a, &ignored)))
		return;
	line = arena_format(a, "%s\n", folder);
	fd = open_register(user_file(a), O_WRONLY | O_APPEND | O_CREAT);
	if (fd < 0)
		return;
	r = io_write_all(fd, line, strlen(line));
	r |= close(fd);
	(void)r; /* the next mail that is queued adds it again */
}

/* ---- the last run ---- */

void spool_note_run(struct arena *a, int64_t now)
{
	struct timespec times[2] = { { .tv_sec = (time_t)now },
				     { .tv_sec = (time_t)now } };
	struct error ignored = ERROR_INIT;
	const char *path;
	struct stat st;
	int fd;

	if (!sysenv_spool() || sysenv_file_uid() != 0)
		return;
	path = below(a, "run");
	if (clear_name(a, path, &ignored) < 0)
		return;
	fd = open(path,
		  O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		  0644);
	if (fd < 0)
		return;
	/* only its time is read, whatever the umask made of its mode */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0)
		futimens(fd, times);
	close(fd);
}

void spool_forget_run(struct arena *a)
{
	if (sysenv_spool() && sysenv_file_uid() == 0)
		unlink(below(a,
			     "run")); /* a note that stays counts for a week */
}

bool spool_is_run(struct arena *a, int64_t now)
{
	struct error ignored = ERROR_INIT;
	struct stat st;

	return sysenv_spool() &&
	       disk_lstat(below(a, "run"), &st, &ignored) > 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == 0 &&
	       now - (int64_t)st.st_mtime < RUN_KNOWN;
}

/* ---- who has something there ---- */

/* "0", or digits that do not begin with one. */
static bool is_uid(const char *name, unsigned *uid)
{
	uint64_t value;

	if (!text_number(name, UINT32_MAX - 1, &value) ||
	    (*name == '0' && name[1]))
		return false;
	*uid = (unsigned)value;
	return true;
}

static void refuse(struct arena *a, struct spool_uids *out, const char *path,
		   const char *name, unsigned owner)
{
	if (out->refused++ == 0) {
		out->refused_path = arena_format(a, "%s/%s", path, name);
		out->refused_uid = owner;
	}
}

int spool_list(struct arena *a, bool in_register, struct spool_uids *out,
	       struct error *f)
{
	const char *spool = sysenv_spool(), *path, *name;
	size_t room = 0, seen = 0;
	struct error own = ERROR_INIT;
	struct directory d;
	struct stat st;
	unsigned uid;

	*out = (struct spool_uids){ 0 };
	if (!spool)
		return 0;
	path = in_register ? below(a, "users") : spool;
	if (check_root_s(path, &st, f) <= 0)
		return error_is_set(f) ? -1 : 0;
	directory_open(&d, path, &own);
	while (seen++ < NAMES_MAX && (name = directory_next(&d, &own))) {
		if (!is_uid(name, &uid) ||
		    directory_stat(&d, name, false, &st, &own) <= 0)
			continue;
		if (st.st_uid != uid ||
		    (in_register ? !S_ISREG(st.st_mode) || st.st_nlink != 1
				 : !S_ISDIR(st.st_mode))) {
			refuse(a, out, path, name, (unsigned)st.st_uid);
			continue;
		}
		out->uids = arena_grow(a, out->uids, out->count, &room,
				       sizeof(*out->uids));
		out->uids[out->count++] = uid;
	}
	directory_close(&d);
	return error_copy(f, &own), error_is_set(&own) ? -1 : 0;
}

bool spool_is_unused(struct arena *a, unsigned uid)
{
	const char *spool = sysenv_spool();
	struct error ignored = ERROR_INIT;

	return !spool ||
	       (disk_exists(arena_format(a, "%s/%u", spool, uid), &ignored) ==
			0 &&
		disk_exists(arena_format(a, "%s/users/%u", spool, uid),
			    &ignored) == 0);
}
