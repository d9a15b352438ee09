/* queue_move.c - all mails of one queue into another on the same file system.
 *
 * A mail at a time, under its lock; the message before its entry, so that the
 * new queue never has an entry without a message:
 *
 *   rename msg/ID              queue-transfer-message   queued in the old one
 *   sync msg                   queue-transfer-safe      queued in the old one
 *   rename env/ID              queue-transfer-entry     queued in the new one
 *   sync both                  queue-transfer-done      queued in the new one
 *
 * What a crash leaves behind the first step is an entry whose message is in the
 * new queue already: the next call goes on from there, and comes before
 * anything reads either queue. */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "queue/queue_dir.h"

struct move {
	struct queue *from, *to;
	bool is_busy; /* one was left, since it is being tried */
};

/* The message where it is: a descriptor, -1 where it is nowhere. */
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
		locked = queue_dir_lock(fd, id, f);
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

/* Stamps are made anew, and so is what was counted for a limit. */
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

/* env goes last: while it is there the old queue is known for one. */
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
			return; /* what is in it is rubbish that grows old */
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
