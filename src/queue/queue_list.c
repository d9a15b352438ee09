/* queue_list.c - the queue as a whole: names, leftovers, one flusher, stamps,
 * and moving all of it. */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "queue/queue_dir.h"

#define STAMP_NAME_SIZE 64

struct gathered {
	char (*names)[QUEUE_ID_SIZE];
	size_t count, room;
};

static void gather(struct gathered *g, const char *name)
{
	g->names = memory_grow(g->names, g->count, &g->room, sizeof(*g->names));
	snprintf(g->names[g->count++], QUEUE_ID_SIZE, "%s", name);
}

static int by_name(const void *one, const void *other)
{
	return strcmp(one, other);
}

int queue_list(struct queue *q, struct arena *a, enum queue_place place,
	       struct queue_names *out, struct error *f)
{
	struct error why = ERROR_INIT;
	struct gathered g = { 0 };
	char path[QUEUE_DIR_PATH_SIZE];
	struct directory d;
	const char *name;
	size_t most = q->names_max ? q->names_max : QUEUE_NAMES_MAX;
	bool is_cut = false;

	*out = (struct queue_names){ 0 };
	directory_open(&d, queue_dir_path(path, q, queue_dir_part(place), NULL),
		       &why);
	while (!is_cut && (name = directory_next(&d, &why))) {
		if (!queue_is_id(name))
			continue;
		is_cut = g.count == most;
		if (!is_cut)
			gather(&g, name);
	}
	directory_close(&d);
	if (is_cut)
		log_warning("%s has more than %zu mails; the others are left "
			    "out until some of these are gone",
			    path, most);
	if (g.count)
		qsort(g.names, g.count, sizeof(*g.names), by_name);
	out->ids = arena_array(a, g.count + 1, sizeof(*out->ids));
	for (size_t i = 0; i < g.count; i++)
		/* one that was renamed over meanwhile may be seen twice */
		if (!i || strcmp(g.names[i], g.names[i - 1]) != 0)
			out->ids[out->count++] = arena_dup(a, g.names[i]);
	free(g.names);
	if (error_is_set(&why))
		return error_set(f, why.cause, "%s", why.text);
	return 0;
}

/* By the time of its last change, a link or a rename too, which nobody can set.
 * One from far in the future was made by a clock that was wrong. */
static bool is_old(const struct stat *st)
{
	int64_t age = sysenv_now() - (int64_t)st->st_ctime;

	return age > QUEUE_DIR_OLD || age < -(int64_t)24 * QUEUE_DIR_OLD;
}

/* Under its lock, so that no process uses it. */
static void tidy_one(const struct queue *q, const char *part, const char *name,
		     bool is_message, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];
	struct stat st;
	int fd;

	if (is_message && queue_dir_has_entry(q, name, f) != 0)
		return;
	if (disk_lstat(queue_dir_path(path, q, part, name), &st, f) <= 0 ||
	    !S_ISREG(st.st_mode) || !is_old(&st))
		return;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (disk_lock(fd, 0, path, f) > 0 && disk_is_same(fd, path, f) > 0 &&
	    !(is_message && queue_dir_has_entry(q, name, f) != 0)) {
		crash_point("queue-tidy-begin");
		if (unlink(path) < 0 && errno != ENOENT)
			error_errno(f, ERROR_IO, errno, "cannot remove %s",
				    path);
		crash_point("queue-tidy-done");
	}
	close(fd);
}

static void tidy_part(const struct queue *q, const char *part, bool is_message,
		      struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];
	struct directory d;
	const char *name;

	directory_open(&d, queue_dir_path(path, q, part, NULL), f);
	while ((name = directory_next(&d, f)))
		if (is_message ? queue_is_id(name) : name[0] != '.')
			tidy_one(q, part, name, is_message, f);
	directory_close(&d);
}

int queue_tidy(struct queue *q, struct error *f)
{
	struct error why = ERROR_INIT;

	tidy_part(q, "msg", true, &why);
	tidy_part(q, "tmp", false, &why);
	return error_is_set(&why) ? error_set(f, why.cause, "%s", why.text) : 0;
}

int queue_lock_flush(struct queue *q, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];
	int fd = open(queue_dir_path(path, q, NULL, "flush.lock"),
		      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == ENOENT ? -1
				       : error_errno(f, ERROR_IO, errno,
						     "cannot open %s", path);
	if (disk_lock(fd, 0, path, f) > 0)
		return fd;
	close(fd);
	return -1;
}

int64_t queue_stamp(struct queue *q, const char *name)
{
	char path[QUEUE_DIR_PATH_SIZE], text[32], *end;
	int64_t when;
	ssize_t n;
	int fd;

	if (!queue_dir_is_name(name, STAMP_NAME_SIZE))
		return 0;
	fd = open(queue_dir_path(path, q, "stamp", name),
		  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = io_read(fd, text, sizeof(text) - 1);
	close(fd); /* only read from */
	if (n <= 0)
		return 0;
	text[n] = '\0';
	errno = 0;
	when = strtoll(text, &end, 10);
	return errno || end == text || *end != '\n' ? 0 : when;
}

int queue_set_stamp(struct queue *q, const char *name, int64_t when,
		    struct error *f)
{
	struct queue_dir_new new;
	char text[32];
	int n = snprintf(text, sizeof(text), "%" PRId64 "\n", when);

	if (!queue_dir_is_name(name, STAMP_NAME_SIZE))
		return error_set(f, ERROR_SOFTWARE,
				 "'%s' is not the name of a stamp", name);
	if (queue_dir_begin(q, &new, f) < 0)
		return -1;
	/* Synced, or a power failure might leave an empty one; the directory is
	 * not: an older stamp does no harm. */
	if (queue_dir_fill(&new, text, (size_t)n, f) == 0) {
		crash_point("queue-stamp-written");
		if (queue_dir_place(&new, q, "stamp", name, f) == 0) {
			crash_point("queue-stamp-placed");
			return 0;
		}
	}
	queue_dir_abandon(&new);
	return -1;
}

/* ---- does anything run it? ---- */

/* When a run was noted last; below 0, when the user was told that there is
 * none. */
#define RUN_STAMP "run"
#define RUN_KNOWN (7 * 86400)
#define RUN_FRESH 3600 /* not written again within that time */
#define TOLD_FOR  86400

enum queue_runner queue_runner(struct queue *q, int64_t now)
{
	int64_t last = queue_stamp(q, RUN_STAMP);
	struct error ignored = ERROR_INIT;

	/* of the future: the clock was set back since */
	if (last > 0 && now - last < RUN_KNOWN)
		return QUEUE_RUNS;
	if (last < 0 && now + last < TOLD_FOR)
		return QUEUE_IDLE_TOLD;
	queue_set_stamp(q, RUN_STAMP, -now, &ignored);
	return QUEUE_IDLE;
}

void queue_note_run(struct arena *a, const char *folder, int64_t now)
{
	struct error ignored = ERROR_INIT;
	struct queue q;
	int64_t last;

	if (queue_open(&q, a, folder, true, &ignored) < 0)
		return;
	last = queue_stamp(&q, RUN_STAMP);
	if (last <= 0 || last > now || now - last >= RUN_FRESH)
		queue_set_stamp(&q, RUN_STAMP, now, &ignored);
}

void queue_forget_run(struct arena *a, const char *folder)
{
	struct error ignored = ERROR_INIT;
	struct queue q;

	if (queue_open(&q, a, folder, false, &ignored) == 0 &&
	    queue_stamp(&q, RUN_STAMP) > 0)
		queue_set_stamp(&q, RUN_STAMP, 0, &ignored);
}

/* ---- all mails into another queue on the same file system ----
 *
 * A mail at a time, under its lock; the message before its entry, so that the
 * new queue never has an entry without a message:
 *
 *   rename msg/ID              queue-transfer-message   queued in the old one
 *   sync msg                   queue-transfer-safe      queued in the old one
 *   rename env/ID              queue-transfer-entry     queued in the new one
 *   sync both                  queue-transfer-done      queued in the new one
 *
 * A crash after the first step leaves an entry whose message is in the new
 * queue already: the next call continues there, before anything reads either
 * queue. */

struct move {
	struct queue *from, *to;
	bool is_busy; /* one was left, since another process is trying it */
};

/* Opens the message: a descriptor, -1 where it does not exist. */
static int open_message(const struct queue *q, const char *id)
{
	char path[QUEUE_DIR_PATH_SIZE];

	return open(queue_dir_path(path, q, "msg", id),
		    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int rename_part(const struct move *m, const char *part, const char *id,
		       struct error *f)
{
	char old[QUEUE_DIR_PATH_SIZE], new[QUEUE_DIR_PATH_SIZE];

	queue_dir_path(old, m->from, part, id);
	queue_dir_path(new, m->to, part, id);
	if (rename(old, new) == 0)
		return 1;
	return errno == ENOENT ? 0
			       : error_errno(f, ERROR_IO, errno,
					     "cannot move %s to %s", old, new);
}

static int move_locked(const struct move *m, const char *part, const char *id,
		       struct error *f)
{
	if (rename_part(m, "msg", id, f) < 0)
		return -1;
	crash_point("queue-transfer-message");
	if (queue_dir_sync(m->to, "msg", f) < 0)
		return -1;
	crash_point("queue-transfer-safe");
	if (rename_part(m, part, id, f) < 0)
		return -1;
	crash_point("queue-transfer-entry");
	if (queue_dir_sync(m->to, part, f) < 0 ||
	    queue_dir_sync(m->from, part, f) < 0 ||
	    queue_dir_sync(m->from, "msg", f) < 0)
		return -1;
	crash_point("queue-transfer-done");
	return 0;
}

static int move_one(struct move *m, const char *part, const char *id,
		    struct error *f)
{
	int fd = open_message(m->from, id), locked = 1, r = 0;

	if (fd < 0)
		fd = open_message(m->to, id);
	if (fd >= 0)
		locked = disk_lock(fd, 0, id, f);
	if (locked > 0)
		r = move_locked(m, part, id, f);
	else if (locked == 0)
		m->is_busy = true;
	if (fd >= 0)
		close(fd);
	return locked < 0 ? -1 : r;
}

static int move_place(struct move *m, enum queue_place place, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue_names names = { 0 };
	int r = queue_list(m->from, &a, place, &names, f);

	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = move_one(m, queue_dir_part(place), names.ids[i], f);
	arena_free(&a);
	return r;
}

/* Stamps and the counts of limits start again in the new queue. */
static void drop_files(const struct queue *q, const char *part)
{
	struct error ignored = ERROR_INIT;
	char room[QUEUE_DIR_PATH_SIZE], path[QUEUE_DIR_PATH_SIZE];
	struct directory d;
	const char *name;

	directory_open(&d, queue_dir_path(room, q, part, NULL), &ignored);
	while ((name = directory_next(&d, &ignored)))
		unlink(queue_dir_path(path, q, part, name));
	directory_close(&d);
}

/* env goes last: without it the directory is no queue any more. */
static void drop_parts(const struct queue *q)
{
	static const char *const parts[] = { "stamp", "limit", "tmp", "failed",
					     "bad",   "msg",   "env" };
	char path[QUEUE_DIR_PATH_SIZE];

	drop_files(q, "stamp");
	drop_files(q, "limit");
	unlink(queue_dir_path(path, q, NULL, "flush.lock"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (rmdir(queue_dir_path(path, q, parts[i], NULL)) < 0 &&
		    errno != ENOENT)
			return; /* the leftovers in it are removed later */
}

int queue_move_all(struct queue *from, struct queue *to, struct error *f)
{
	struct move m = { .from = from, .to = to };

	for (int place = QUEUE_WAITING; place <= QUEUE_BAD; place++)
		if (move_place(&m, (enum queue_place)place, f) < 0)
			return -1;
	if (queue_tidy(from, f) < 0)
		return -1;
	if (!m.is_busy)
		drop_parts(from);
	return 0;
}
