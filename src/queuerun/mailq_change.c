/* mailq_change.c - what a person does to a mail of the queue by its id.
 *
 * It may wait, have been given up or lie among the unreadable, and is looked
 * for in this order.  One that cannot be read has no entry that could be
 * changed: it can be taken away or printed, and when a person has mended the
 * entry it may wait again.
 *
 * One that a limit holds is changed under the lock of those who make digests
 * (held.h): it is either in a digest or it is not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "queue/queue_limit.h"
#include "queuerun/mailq.h"

#define DIGEST_MS 30000 /* nearly all digests are made in less */

static bool is_id(const char *id)
{
	return *id && strlen(id) < QUEUE_ID_SIZE &&
	       strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-") ==
		       strlen(id);
}

int mailq_no_such_mail(const char *id, struct error *f)
{
	return error_set(f, ERROR_NOINPUT,
			 "there is no mail '%s' in the queue: mailq lists "
			 "those that are there",
			 id);
}

static int is_busy(const char *id, struct error *f)
{
	return error_set(f, ERROR_TEMPORARY,
			 "%s is being tried just now: try again in a moment",
			 id);
}

/* ---- what each change is ---- */

/* Its tries are counted anew, so that it is not given up at once again; and
 * whoever fails again is another failure. */
static void wait_again(struct entry *e)
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

static int revive(struct queue_claim *c, enum mailq_change change,
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
		wait_again(&c->entry);
	c->entry.is_held = false;
	return queue_revive(c, f);
}

static int change_claimed(struct queue_claim *c, enum mailq_change change,
			  struct error *f)
{
	if (change == MAILQ_DELETE)
		return queue_remove(c, f);
	if (c->place != QUEUE_WAITING)
		return revive(c, change, f);
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
		     enum mailq_change change, struct mailq_changed *out,
		     struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue_claim c;
	struct entry e;
	int lock = lock_held(q, &a, place, id, f);
	int r = error_is_set(f) ? -1 : queue_claim(q, &a, place, id, &c, f);

	if (r > 0) {
		out->is_freed |= c.entry.limit_by && change != MAILQ_HOLD &&
				 change != MAILQ_DELETE;
		r = change_claimed(&c, change, f) < 0 ? -1 : 1;
		out->count += r > 0;
		queue_release(&c);
	} else if (r == 0) {
		r = queue_peek(q, &a, place, id, &e, f);
		if (r > 0)
			r = is_busy(id, f);
	}
	if (lock >= 0)
		close(lock);
	arena_free(&a);
	return r;
}

/* Where it was found; ERROR_DATA has just moved it among the unreadable. */
static int change_one(struct queue *q, const char *id, enum mailq_change change,
		      struct mailq_changed *out, struct error *f)
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

/* ---- all ---- */

/* One that cannot be changed stops none of the others; the first error is
 * told. */
static int change_all(struct queue *q, enum mailq_change change,
		      struct mailq_changed *out, struct error *f)
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

int mailq_change(struct queue *q, const char *id, enum mailq_change change,
		 struct mailq_changed *out, struct error *f)
{
	if (strcmp(id, "ALL") == 0)
		return change_all(q, change, out, f) < 0 ? -1 : 1;
	return change_one(q, id, change, out, f);
}

/* ---- printing ---- */

/* The message never changes, so that no lock is needed. */
int mailq_open(struct queue *q, struct arena *a, const char *id,
	       struct slice *out, struct error *f)
{
	const char *path = arena_format(a, "%s/msg/%s", q->folder, id);
	struct stat st;
	int fd;

	if (!is_id(id))
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

void mailq_close(struct slice *message)
{
	close(message->fd); /* only read from */
}
