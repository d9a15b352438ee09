/* operation.c - queue by queue.
 *
 * A queue is listed without locks: a mail that is removed meanwhile is skipped,
 * and one that moves may be seen in its old place or its new one.
 *
 * A mail that is changed by its id may be waiting, given up or unreadable, and
 * is looked for in this order.  An unreadable one has no entry that could be
 * changed: it can be deleted or printed, and once a person has repaired the
 * entry it may wait again.  A mail that a limit holds is changed under the lock
 * of held.h: it is either in a digest or it is not. */
#include "queuerun/operation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "queue/queue.h"
#include "queue/queue_limit.h"
#include "queuerun/flush.h"
#include "queuerun/selection.h"

#define LOCKS_MAX (1024 * 1024)
#define DIGEST_MS 30000 /* nearly all digests are made in less */

struct task {
	const struct operation *operation;
	const struct record_to *to;
	struct arena *arena;
	const char *folder;
	struct queue queue;
};

static int put(const struct task *t, const struct record *r, struct error *f)
{
	return t->to->put(t->to->context, r, f);
}

static int put_error(const struct task *t, const struct error *why,
		     uint32_t index, struct error *f)
{
	const struct record r = { .kind = RECORD_ERROR,
				  .error = *why,
				  .index = index };

	return put(t, &r, f);
}

/* ---- a run ---- */

static int run(struct task *t, struct error *f)
{
	const struct operation *e = t->operation;
	struct record done = { .kind = RECORD_RAN };
	struct error own = ERROR_INIT;
	struct flush fl = {
		.arena = t->arena,
		.folder = t->folder,
		.ids = e->choice.ids,
		.senders = e->choice.senders,
		.recipients = e->choice.recipients,
		.due_only = e->due_only,
		.verbose = e->verbose,
		.trace = e->trace,
	};

	if (e->notes_run)
		queue_note_run(t->arena, t->folder, sysenv_now());
	if (flush_run(&fl, &done.ran, &own) < 0 &&
	    put_error(t, &own, RECORD_NO_INDEX, f) < 0)
		return -1;
	return put(t, &done, f);
}

/* ---- a listing: which mails are being delivered ----
 *
 * Trying a lock would take it from a process that needs it in that moment:
 * the system's own list of locks is read instead, once.  proc(5): "7: FLOCK
 * ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF"; the device is not compared,
 * since it is not what stat(2) says on every file system.  Without that list no
 * mail is marked as busy. */

struct busy {
	struct buf locks; /* " INODE " of each that is locked */
};

static void take_line(struct buf *out, const char *line, size_t n)
{
	char kind[16], inode[32];
	char text[128];

	if (n >= sizeof(text))
		return;
	memcpy(text, line, n);
	text[n] = '\0';
	if (sscanf(text, "%*s %15s %*s %*s %*s %*[^:]:%*[^:]:%31[0-9]", kind,
		   inode) == 2 &&
	    strcmp(kind, "FLOCK") == 0)
		buf_printf(out, " %s ", inode);
}

static void busy_init(struct busy *b)
{
	struct buf all = BUF_INIT(LOCKS_MAX);
	struct error unread = ERROR_INIT;

	buf_init(&b->locks, LOCKS_MAX);
	if (disk_read_file("/proc/locks", &all, true, &unread) == 0)
		for (const char *p = all.data; *p; p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			take_line(&b->locks, p, n);
			p += n;
		}
	buf_free(&all);
}

static void busy_free(struct busy *b)
{
	buf_free(&b->locks);
}

static bool is_busy(const struct busy *b, const struct queue *q, const char *id)
{
	char path[4096], inode[40];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/msg/%s", q->folder, id);

	if (!b->locks.len || n < 0 || (size_t)n >= sizeof(path) ||
	    lstat(path, &st) < 0)
		return false;
	snprintf(inode, sizeof(inode), " %ju ", (uintmax_t)st.st_ino);
	return strstr(b->locks.data, inode) != NULL;
}

static bool entry_fits(const struct mailq_choice *choice, const struct entry *e)
{
	if (!e)
		return !choice->senders.count && !choice->recipients.count;
	if (!selection_match_address(&choice->senders, e->reverse_path))
		return false;
	for (size_t i = 0; i < e->count; i++)
		if (selection_match_address(&choice->recipients,
					    e->recipients[i].address))
			return true;
	return !choice->recipients.count;
}

struct visit {
	struct queue *queue;
	const struct mailq_choice *choice;
	const struct record_to *to;
	struct busy busy;
};

static int visit_one(struct visit *v, enum queue_place place, const char *id,
		     struct error *f)
{
	struct arena a = ARENA_INIT;
	struct entry e = { 0 };
	struct record mail = { .kind = RECORD_MAIL, .place = place, .id = id };
	int r = queue_peek(v->queue, &a, place, id, &e, &mail.error);

	if (r > 0)
		mail.entry = &e;
	if (r != 0 && entry_fits(v->choice, mail.entry)) {
		mail.is_busy = is_busy(&v->busy, v->queue, id);
		r = v->to->put(v->to->context, &mail, f);
	} else {
		r = 0;
	}
	arena_free(&a);
	return r;
}

static int visit_place(struct visit *v, enum queue_place place, size_t most,
		       struct error *f)
{
	struct record more = { .kind = RECORD_MORE, .place = place };
	struct arena a = ARENA_INIT;
	struct queue_names names = { 0 };
	size_t read = 0;
	int r = queue_list(v->queue, &a, place, &names, f);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		if (!selection_match_id(&v->choice->ids, names.ids[i]))
			continue;
		if (most && read++ >= most)
			more.count++;
		else
			r = visit_one(v, place, names.ids[i], f);
	}
	if (r == 0 && more.count)
		r = v->to->put(v->to->context, &more, f);
	arena_free(&a);
	return r;
}

/* Each mail that is chosen, one at a time in memory; unreadable ones match no
 * sender and no recipient.  After the first `most` (0: no limit) that were read
 * in a place the others are only counted. */
static int visit(struct queue *q, const struct mailq_choice *choice,
		 size_t most, const struct record_to *to, struct error *f)
{
	struct visit v = { .queue = q, .choice = choice, .to = to };
	int r = 0;

	busy_init(&v.busy);
	for (int place = QUEUE_WAITING; r == 0 && place <= QUEUE_BAD; place++)
		r = visit_place(&v, (enum queue_place)place, most, f);
	busy_free(&v.busy);
	return r;
}

/* ---- a change: what each one is ---- */

struct changed {
	unsigned count;
	bool is_released; /* one of them was held by a limit, and may go now */
};

static int busy_error(const char *id, struct error *f)
{
	return error_set(f, ERROR_TEMPORARY,
			 "%s is being delivered just now: try again in a "
			 "moment",
			 id);
}

/* The tries are counted from 0, so that it is not given up at once again; a
 * recipient that fails again is another failure. */
static void reset_tries(struct entry *e)
{
	e->is_returned = false;
	for (size_t i = 0; i < e->count; i++) {
		struct entry_recipient *r = &e->recipients[i];

		if (r->state == ENTRY_SENT)
			continue;
		r->state = ENTRY_WAITING;
		r->tries = 0;
		r->next = 0;
	}
}

static void make_due(struct entry *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == ENTRY_WAITING)
			e->recipients[i].next = 0;
}

static int requeue(struct queue_claim *c, enum mailq_change change,
		   struct error *f)
{
	if (!c->entry.count)
		return error_set(f, ERROR_DATA,
				 "%s cannot be read: repair %s/bad/%s, or "
				 "print it and delete it",
				 c->entry.id, c->queue->folder, c->entry.id);
	if (change != MAILQ_RETRY)
		return error_set(f, ERROR_UNAVAILABLE,
				 "%s is not tried any more: --retry lets it "
				 "wait again",
				 c->entry.id);
	if (c->place == QUEUE_GIVEN_UP)
		reset_tries(&c->entry);
	c->entry.is_held = false;
	return queue_requeue(c, f);
}

static int change_claimed(struct queue_claim *c, enum mailq_change change,
			  struct error *f)
{
	if (change == MAILQ_DELETE)
		return queue_remove(c, f);
	if (c->place != QUEUE_WAITING)
		return requeue(c, change, f);
	c->entry.is_held = change == MAILQ_HOLD;
	if (change != MAILQ_HOLD && c->entry.limit_by) {
		c->entry.limit_by = c->entry.limit_set = NULL;
		c->entry.limit_until = 0;
	}
	if (change == MAILQ_RETRY)
		make_due(&c->entry);
	return queue_update(c, f);
}

/* ---- finding it ---- */

/* A descriptor where the mail is held by a limit, -1 where it is not, or with
 * the error. */
static int lock_held(struct queue *q, struct arena *a, enum queue_place place,
		     const char *id, struct error *f)
{
	struct error unread = ERROR_INIT; /* claiming it tells */
	struct error busy = ERROR_INIT;
	struct entry e;
	int fd;

	if (queue_peek(q, a, place, id, &e, &unread) <= 0 || !e.limit_by)
		return -1;
	fd = queue_limit_lock(q, "digest", DIGEST_MS, &busy);
	if (fd >= 0)
		return fd;
	return error_set(f, busy.cause,
			 busy.temporary ? "%s may be in a digest that is made "
					  "just now: try again in a moment"
					: "%s cannot be changed: %s",
			 id, busy.text);
}

/* 1; 0 when it is not there; -1 with the error. */
static int change_in(struct queue *q, enum queue_place place, const char *id,
		     enum mailq_change change, struct changed *out,
		     struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue_claim c;
	struct entry e;
	int lock = lock_held(q, &a, place, id, f);
	int r = error_is_set(f) ? -1 : queue_claim(q, &a, place, id, &c, f);

	if (r > 0) {
		out->is_released |= c.entry.limit_by && change != MAILQ_HOLD &&
				    change != MAILQ_DELETE;
		r = change_claimed(&c, change, f) < 0 ? -1 : 1;
		out->count += r > 0;
		queue_release(&c);
	} else if (r == 0) {
		r = queue_peek(q, &a, place, id, &e, f);
		if (r > 0)
			r = busy_error(id, f);
	}
	if (lock >= 0)
		close(lock);
	arena_free(&a);
	return r;
}

/* Where it was found; ERROR_DATA has just moved it among the unreadable. */
static int change_one(struct queue *q, const char *id, enum mailq_change change,
		      struct changed *out, struct error *f)
{
	int r = 0;

	for (int place = QUEUE_WAITING; r == 0 && place <= QUEUE_BAD; place++) {
		struct error own = ERROR_INIT;

		r = change_in(q, (enum queue_place)place, id, change, out,
			      &own);
		if (r < 0 && own.cause == ERROR_DATA && place != QUEUE_BAD &&
		    change == MAILQ_DELETE)
			r = 0;
		else if (r < 0)
			*f = own;
	}
	return r;
}

/* One that cannot be changed stops none of the others; the first error is
 * told. */
static int change_all(struct queue *q, enum mailq_change change,
		      struct changed *out, struct error *f)
{
	static const enum queue_place lasts[] = {
		[MAILQ_HOLD] = QUEUE_WAITING,
		[MAILQ_RELEASE] = QUEUE_WAITING,
		[MAILQ_RETRY] = QUEUE_GIVEN_UP,
		[MAILQ_DELETE] = QUEUE_BAD,
	};

	for (int place = QUEUE_WAITING; place <= (int)lasts[change]; place++) {
		struct arena a = ARENA_INIT;
		struct queue_names names = { 0 };

		queue_list(q, &a, (enum queue_place)place, &names, f);
		for (size_t i = 0; i < names.count; i++) {
			struct error own = ERROR_INIT;

			if (change_one(q, names.ids[i], change, out, &own) <
				    0 &&
			    !error_is_set(f))
				*f = own;
		}
		arena_free(&a);
	}
	return error_is_set(f) ? -1 : 0;
}

/* `id` may be "ALL".  1; 0 where there is no such mail; -1 with the error,
 * which is temporary where another process is delivering it. */
static int change_mail(struct queue *q, const char *id,
		       enum mailq_change change, struct changed *out,
		       struct error *f)
{
	if (strcmp(id, "ALL") == 0)
		return change_all(q, change, out, f) < 0 ? -1 : 1;
	return change_one(q, id, change, out, f);
}

/* A mail that a limit held and that is released is to be sent now. */
static void flush_released(struct task *t, const char *id)
{
	bool is_all = strcmp(id, "ALL") == 0;
	struct error f = ERROR_INIT;
	struct flush fl = {
		.arena = t->arena,
		.folder = t->folder,
		.ids = { .words = &id, .count = !is_all },
		.due_only = true,
	};

	if (flush_start(&fl, false, &f) < 0)
		log_warning("the queue could not be run now: %s", f.text);
}

static int change(struct task *t, uint32_t index, struct error *f)
{
	const char *id = t->operation->choice.ids.words[index];
	struct changed done = { .count = 0 };
	struct error own = ERROR_INIT;
	int found =
		change_mail(&t->queue, id, t->operation->change, &done, &own);
	const struct record r = { .kind = RECORD_FOUND,
				  .index = index,
				  .count = done.count };

	if (done.is_released)
		flush_released(t, id);
	if (found < 0 && put_error(t, &own, index, f) < 0)
		return -1;
	return found || done.count ? put(t, &r, f) : 0;
}

/* ---- printing ---- */

/* The message never changes, so that no lock is needed. */
static int open_message(struct queue *q, struct arena *a, const char *id,
			struct slice *out, struct error *f)
{
	const char *path = arena_format(a, "%s/msg/%s", q->folder, id);
	struct stat st;
	int fd;

	if (!queue_is_id(id))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		error_errno(f, ERROR_NOINPUT, errno, "cannot read %s", path);
	else if (!S_ISREG(st.st_mode))
		error_set(f, ERROR_NOINPUT, "%s is not a file", path);
	else {
		*out = (struct slice){ .fd = fd,
				       .length = (uint64_t)st.st_size,
				       .name = path };
		return 1;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static void close_message(struct slice *message)
{
	close(message->fd); /* only read from */
}

struct printer {
	struct sink sink;
	const struct task *task;
};

static int put_data(struct sink *s, const void *data, size_t n)
{
	const struct printer *p = (const struct printer *)s;
	const char *at = data;

	while (n) {
		struct record r = { .kind = RECORD_DATA, .data = at };

		r.size = n < RECORD_DATA_MAX ? n : RECORD_DATA_MAX;
		if (put(p->task, &r, s->error) < 0)
			return -1;
		at += r.size;
		n -= r.size;
	}
	return 0;
}

static int print(struct task *t, uint32_t index, struct error *f)
{
	static const struct sink_ops ops = { .put = put_data };
	const char *id = t->operation->choice.ids.words[index];
	const struct record found = { .kind = RECORD_FOUND, .index = index };
	struct error own = ERROR_INIT, gone = ERROR_INIT;
	struct printer to = { .sink = { .ops = &ops, .error = &gone },
			      .task = t };
	struct slice message;
	int r = open_message(&t->queue, t->arena, id, &message, &own);

	if (r < 0)
		return put_error(t, &own, index, f);
	if (r == 0)
		return 0;
	if (put(t, &found, f) < 0) {
		close_message(&message);
		return -1;
	}
	r = pump_slice(&message, &to.sink);
	close_message(&message);
	return r < 0 ? put_error(t, &gone, index, f) : 0;
}

/* ---- all ids ---- */

static int each_id(struct task *t, struct error *f)
{
	bool is_change = t->operation->kind == OPERATION_CHANGE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->operation->choice.ids.count; i++)
		r = is_change ? change(t, (uint32_t)i, f)
			      : print(t, (uint32_t)i, f);
	return r;
}

/* ---- all queues ---- */

static int list(struct task *t, struct error *f)
{
	struct error own = ERROR_INIT;

	if (visit(&t->queue, &t->operation->choice, t->operation->most, t->to,
		  &own) == 0)
		return 0;
	return put_error(t, &own, RECORD_NO_INDEX, f);
}

static int do_one(struct task *t, struct error *f)
{
	struct error own = ERROR_INIT;

	if (t->operation->kind == OPERATION_RUN)
		return run(t, f);
	if (queue_open(&t->queue, t->arena, t->folder, false, &own) < 0)
		return put_error(t, &own, RECORD_NO_INDEX, f);
	return t->operation->kind == OPERATION_LIST ? list(t, f)
						    : each_id(t, f);
}

int operation_run(const struct operation *e, const struct own_queues *queues,
		  const struct record_to *to, struct error *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < queues->count; i++) {
		struct arena a = ARENA_INIT;
		struct task t = { .operation = e,
				  .to = to,
				  .arena = &a,
				  .folder = queues->folders[i] };

		r = do_one(&t, f);
		arena_free(&a);
	}
	return r;
}
