/* queue_put.c - adding a mail; the steps are those of the table in queue.c.
 *
 * The message's file is locked before it has a name, so that no process can
 * take it for a leftover or try it before its entry exists.  Whatever fails is
 * undone and is a temporary error. */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "queue/queue_dir.h"

#define ID_TRIES 10000 /* frozen, it draws the same ones each time */

struct put {
	struct queue *queue;
	struct stage *stage;
	const char *wanted_name; /* the caller's name for it, or NULL */
	char id[QUEUE_ID_SIZE];
	int fd;			   /* of the message, locked; or -1 */
	struct queue_dir_new copy; /* of the stage, where it cannot be linked */
	struct queue_dir_new entry; /* on its way */
	bool is_copied, is_linked, is_placed;
	bool is_there_already;
	struct error *error;
};

/* Sorts by time, and can be dictated: no i, l, o, u. */
static void draw_id(char *id)
{
	int64_t now = sysenv_now();
	uint64_t second = now > 0 ? (uint64_t)now : 0;
	unsigned char random[5];

	sysenv_random(random, sizeof(random));
	for (unsigned i = 0; i < 7; i++)
		id[i] = text_base32[second >> (5 * (6 - i)) & 31];
	id[7] = '-';
	for (unsigned i = 0; i < sizeof(random); i++)
		id[8 + i] = text_base32[random[i] & 31];
	id[8 + sizeof(random)] = '\0';
}

/* Its file has all of it and no name anywhere, is ours alone, and on disk. */
static bool lock_stage(struct put *p)
{
	struct stage *s = p->stage;
	struct error ignored = ERROR_INIT;
	struct stat st;

	if (s->fd < 0 || s->segments.count || fstat(s->fd, &st) < 0 ||
	    st.st_nlink != 0)
		return false;
	if (disk_lock(s->fd, 0, s->name, &ignored) <= 0)
		return false;
	p->fd = s->fd;
	return true;
}

static int copy_stage(struct put *p)
{
	struct slice bytes = stage_slice(p->stage);
	struct sink_fd out;

	if (p->fd >= 0)
		queue_dir_unlock(p->fd);
	p->fd = -1;
	if (queue_dir_begin(p->queue, &p->copy, p->error) < 0)
		return -1;
	p->is_copied = true;
	p->fd = p->copy.fd;
	crash_point("queue-put-copying");
	sink_fd_init(&out, p->fd, p->copy.path, p->error);
	pump_slice(&bytes, &out.sink);
	sink_close(&out.sink);
	sink_fd_free(&out);
	if (error_is_set(p->error))
		return -1;
	return disk_sync(p->fd, p->copy.path, p->error);
}

/* 1; 0 when the name is taken; -1. */
static int link_message(struct put *p)
{
	char to[QUEUE_DIR_PATH_SIZE];
	int r = -1;

	queue_dir_path(to, p->queue, "msg", p->id);
	if (!p->is_copied) {
		r = disk_link_unnamed(p->fd, to);
		if (r < 0 && errno != EEXIST) {
			if (copy_stage(p) < 0)
				return -1;
			crash_point("queue-put-synced");
		}
	}
	if (p->is_copied)
		r = link(p->copy.path, to);
	if (r == 0)
		return 1;
	return errno == EEXIST ? 0
			       : error_errno(p->error, ERROR_TEMPORARY, errno,
					     "cannot create %s", to);
}

/* A message of the caller's name exists: 1 when it is queued, 0 when a crash
 * left it, and it is removed; -1. */
static int look_at_namesake(struct put *p)
{
	char path[QUEUE_DIR_PATH_SIZE];
	int has = queue_dir_has_entry(p->queue, p->id, p->error);
	int fd, locked;

	if (has)
		return has;
	fd = open(queue_dir_path(path, p->queue, "msg", p->id),
		  O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_errno(p->error, ERROR_TEMPORARY, errno,
				   "cannot open %s", path);
	locked = disk_lock(fd, 0, path, p->error);
	if (locked > 0 && disk_is_same(fd, path, p->error) > 0 &&
	    queue_dir_has_entry(p->queue, p->id, p->error) == 0) {
		unlink(path); /* or the next link fails once more */
		crash_point("queue-put-cleared");
	}
	close(fd);
	if (error_is_set(p->error))
		return -1;
	if (locked == 0)
		return error_set(p->error, ERROR_TEMPORARY,
				 "another process has locked the message %s",
				 p->id);
	return queue_dir_has_entry(p->queue, p->id, p->error);
}

/* The name is taken: another is drawn, or the caller's own exists. */
static int name_is_taken(struct put *p)
{
	int r = 0;

	if (p->wanted_name) {
		r = look_at_namesake(p);
		p->is_there_already = r > 0;
	}
	return r < 0 ? -1 : 0;
}

static int name_message(struct put *p)
{
	char path[QUEUE_DIR_PATH_SIZE];

	for (unsigned tries = 0; tries < ID_TRIES; tries++) {
		int r, has = 0;

		if (p->wanted_name)
			snprintf(p->id, sizeof(p->id), "%s", p->wanted_name);
		else
			draw_id(p->id);
		r = link_message(p);
		if (r < 0)
			return -1;
		p->is_linked = r > 0;
		if (p->is_linked) {
			crash_point("queue-put-linked");
			has = queue_dir_has_entry(p->queue, p->id, p->error);
			if (has <= 0)
				return has;
		}
		/* An entry whose message is gone: the name cannot be used. */
		if (p->is_linked)
			unlink(queue_dir_path(path, p->queue, "msg", p->id));
		p->is_linked = false;
		if (name_is_taken(p) < 0)
			return -1;
		if (p->is_there_already)
			return 0;
	}
	return error_set(p->error, ERROR_TEMPORARY,
			 "the queue has found no free name for a message");
}

static int put_message(struct put *p)
{
	if (lock_stage(p)) {
		if (disk_sync(p->fd, p->stage->name, p->error) < 0)
			return -1;
	} else if (copy_stage(p) < 0) {
		return -1;
	}
	crash_point("queue-put-synced");
	if (name_message(p) < 0)
		return -1;
	if (p->is_there_already)
		return 0;
	if (p->is_copied) {
		queue_dir_unname(&p->copy); /* it has its name now */
		crash_point("queue-put-unlinked");
	}
	if (queue_dir_sync(p->queue, "msg", p->error) < 0)
		return -1;
	crash_point("queue-put-msg-safe");
	return 0;
}

static int put_entry(struct put *p, const struct buf *text)
{
	if (queue_dir_begin(p->queue, &p->entry, p->error) < 0)
		return -1;
	crash_point("queue-put-entry-begun");
	if (queue_dir_fill(&p->entry, text->data, text->len, p->error) < 0)
		return -1;
	crash_point("queue-put-entry-written");
	if (queue_dir_place(&p->entry, p->queue, "env", p->id, p->error) < 0)
		return -1;
	p->is_placed = true;
	crash_point("queue-put-placed");
	if (queue_dir_sync(p->queue, "env", p->error) < 0)
		return -1;
	crash_point("queue-put-safe");
	return 0;
}

/* Undoes the steps, as far as they were done. */
static void undo(struct put *p)
{
	char path[QUEUE_DIR_PATH_SIZE];
	struct error ignored = ERROR_INIT;

	queue_dir_abandon(&p->entry);
	if (p->is_placed) {
		/* then it is queued, and may be sent twice */
		if (unlink(queue_dir_path(path, p->queue, "env", p->id)) < 0 &&
		    errno != ENOENT)
			return;
		queue_dir_sync(p->queue, "env", &ignored);
	}
	if (p->is_linked)
		unlink(queue_dir_path(path, p->queue, "msg", p->id));
}

static int put(struct put *p, const struct buf *text)
{
	int has = p->wanted_name ? queue_dir_has_entry(p->queue, p->wanted_name,
						       p->error)
				 : 0;

	if (has < 0)
		return -1;
	/* It was there before; was it also on disk? */
	if (has) {
		snprintf(p->id, sizeof(p->id), "%s", p->wanted_name);
		return queue_dir_sync(p->queue, "env", p->error);
	}
	if (put_message(p) < 0)
		return -1;
	if (p->is_there_already)
		return queue_dir_sync(p->queue, "env", p->error);
	return put_entry(p, text);
}

int queue_put(struct queue *q, struct stage *s, struct entry *e, const char *id,
	      struct error *f)
{
	struct error why = ERROR_INIT;
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct put p = { .queue = q,
			 .stage = s,
			 .wanted_name = id,
			 .fd = -1,
			 .copy.fd = -1,
			 .entry.fd = -1,
			 .error = &why };
	int r;

	if (id && !queue_is_id(id))
		return error_set(f, ERROR_SOFTWARE,
				 "'%s' is not a name for a queued message", id);
	e->size = s->size;
	if (entry_write(e, &text, f) < 0) {
		buf_free(&text);
		return -1;
	}
	r = put(&p, &text);
	buf_free(&text);
	if (r < 0)
		undo(&p);
	if (p.is_copied)
		queue_dir_abandon(&p.copy);
	else if (p.fd >= 0)
		queue_dir_unlock(p.fd); /* the stage keeps it open */
	if (r < 0)
		return error_set(f, ERROR_TEMPORARY, "%s", why.text);
	e->id = arena_dup(q->arena, p.id);
	return 0;
}
