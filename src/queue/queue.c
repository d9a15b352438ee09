/* queue.c - mails on disk, and what a crash at each step leaves.
 *
 * The truth, by which files there are:
 *
 *   msg env failed bad
 *    -   -    -     -    nothing
 *    x   -    -     -    being put in or taken out (locked), else rubbish
 *    x   x   any   any   queued: env alone counts
 *    x   -    x    any   given up, kept for a person
 *    x   -    -     x    set aside: the entry could not be read
 *    -   x   any   any   damaged: set aside when it is claimed
 *    -   -    x    any   damaged: the same
 *    -   -    -     x    set aside: the message is missing
 *
 * What is in tmp is being written (locked), else rubbish.  Our own steps never
 * leave two entries of one mail; somebody has copied one by hand.  A message
 * that has an entry anywhere is never removed.
 *
 * Below are the steps, the crash point after each, and what is found after a
 * crash there; in brackets, after a power failure, when the disk had not got so
 * far.  "Rubbish" may lie in msg or tmp until queue_tidy finds it old and
 * unlocked.
 *
 * The folder itself, when it is first used:
 *
 *   make all parts but tmp      queue-open-parts         made when next opened
 *   sync all names on the way   queue-open-synced        made when next opened
 *   make tmp                    queue-open-made          an empty queue
 *
 * In.  Success is not reported before the last one; a mail that is queued
 * without the caller knowing it may be sent twice, as wherever a reply can be
 * lost:
 *
 *   make a copy, if it must be  queue-put-copying        rubbish
 *   sync the message            queue-put-synced         rubbish
 *   (unlink rubbish in its way  queue-put-cleared        rubbish)
 *   link it into msg            queue-put-linked         rubbish
 *   unlink the copy in tmp      queue-put-unlinked       rubbish
 *   sync msg                    queue-put-msg-safe       rubbish
 *   make tmp/X                  queue-put-entry-begun    rubbish
 *   write and sync it           queue-put-entry-written  rubbish
 *   rename it to env/ID         queue-put-placed         queued [rubbish]
 *   sync env                    queue-put-safe           queued
 *
 * Changed.  tmp/X may have been made before the mail was tried, to be sure of
 * the room:
 *
 *   (make and fill tmp/X)       queue-reserve-begun      as it was, rubbish
 *   make tmp/X                  queue-update-begun       as it was, rubbish
 *   write and sync it           queue-update-written     as it was, rubbish
 *   rename it over env/ID       queue-update-placed      changed [as it was]
 *   sync env                    queue-update-safe        changed
 *
 * The last step is left out while all recipients wait: without it an older
 * entry may return, which is tried earlier.  Once a recipient has the mail, or
 * a sender was told, an older entry would do that twice.
 *
 * Given up and revived: changed first, and then moved; set aside: moved.  One
 * rename from folder to folder, which no journal tears:
 *
 *   rename                      queue-move-placed        moved [as it was]
 *   sync both folders           queue-move-safe          moved
 *
 * Out, several at a time where a run has sent them together:
 *
 *                               queue-remove-begin       queued
 *   unlink env/ID               queue-remove-entry       rubbish [queued]
 *   sync env                    queue-remove-safe        rubbish
 *   unlink msg/ID               queue-remove-done        nothing [rubbish]
 *
 * Held by a limit, and in a digest D by now (queuerun/held.c).  D is put in as
 * above, its entry names its members, and as long as it does nobody tries it:
 *
 *   put D in                    digest-put               D with members [held]
 *   take a member out           digest-member-removed    D with members
 *   (each of them)
 *   change D to have none       digest-released          D queued [with
 * members] tell the guard              digest-noted             D queued
 *
 * A run that finds a D with members continues there, so that no mail is lost
 * and none is sent twice.  What is counted for the limits (queue_limit.c) is
 * replaced as a whole, at limit-begun, limit-written and limit-placed; a crash
 * there leaves it as it was, or counts a mail that did not go.
 *
 * Moving all of it into another queue: queue_list.c. */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "queue/queue_dir.h"

/* Octets by which the lines of a recipient may grow in a try. */
#define RESERVE_EACH 500

/* ---- the folder --------------------------------------------------------- */

static int check_owner(const char *folder, const struct stat *st,
		       struct error *f)
{
	if (st->st_uid == sysenv_file_uid())
		return 0;
	return error_set(f, ERROR_PERMISSION,
			 "the queue %s belongs to another user (uid %u); name "
			 "one of your own with MAILSEND_QUEUE or queue_folder",
			 folder, (unsigned)st->st_uid);
}

static int explain_unopened(const char *folder, int why, struct error *f)
{
	bool is_refused = why == EACCES || why == EPERM;
	struct stat st;

	if (why == ELOOP || why == ENOTDIR)
		return error_set(
			f, ERROR_PERMISSION,
			"the queue %s is not a directory, or is a symbolic "
			"link to one; name the directory itself",
			folder);
	if (is_refused && lstat(folder, &st) == 0 &&
	    check_owner(folder, &st, f) < 0)
		return -1;
	return error_errno(f, is_refused ? ERROR_PERMISSION : ERROR_IO, why,
			   "cannot open the queue %s", folder);
}

/* 1 when it is there and ours; 0 when it is not there; -1. */
static int check_folder(const char *folder, struct error *f)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : explain_unopened(folder, errno, f);
	r = fstat(fd, &st);
	close(fd);
	if (r < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot stat the queue %s", folder);
	if (check_owner(folder, &st, f) < 0)
		return -1;
	if (st.st_mode & 022)
		return error_set(f, ERROR_PERMISSION,
				 "others may write into the queue %s; chmod "
				 "700 it",
				 folder);
	return 1;
}

/* A link that another user made can lead anywhere. */
static int check_way(const char *folder, struct error *f)
{
	char path[QUEUE_DIR_NAME_MAX + 1];
	struct stat st;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s", folder);
	for (n = strspn(path, "/"); path[n]; n += strspn(path + n, "/")) {
		char after;

		n += strcspn(path + n, "/");
		after = path[n];
		path[n] = '\0';
		/* what cannot be read by lstat cannot be opened either */
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
		    st.st_uid != 0 && st.st_uid != sysenv_file_uid())
			return error_set(f, ERROR_PERMISSION,
					 "on the way to the queue %s, %s is a "
					 "symbolic link of another user (uid "
					 "%u); remove it",
					 folder, path, (unsigned)st.st_uid);
		path[n] = after;
	}
	return 0;
}

/* One that we may not read belongs to another user. */
static int sync_readable(const char *path, struct error *f)
{
	if (access(path, R_OK) < 0 && (errno == EACCES || errno == ENOENT))
		return 0;
	return disk_sync_directory(path, f);
}

/* All names on the way to it. */
static int sync_way(const char *folder, struct error *f)
{
	char path[QUEUE_DIR_NAME_MAX + 1];
	char *slash;

	snprintf(path, sizeof(path), "%s", folder);
	for (;;) {
		if (sync_readable(path, f) < 0)
			return -1;
		slash = strrchr(path, '/');
		if (!slash)
			return folder[0] == '/' ? 0
						: disk_sync_directory(".", f);
		*slash = '\0';
		if (slash == path)
			return disk_sync_directory("/", f);
	}
}

/* tmp is made last, when all names before it are on disk: a process that finds
 * it can rely on them. */
static int make_parts(const struct queue *q, struct error *f)
{
	static const char *const parts[] = { "msg", "env", "failed", "bad",
					     "stamp" };
	char path[QUEUE_DIR_PATH_SIZE];
	int is_whole = disk_exists(queue_dir_path(path, q, "tmp", NULL), f);

	if (is_whole < 0)
		return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (mkdir(queue_dir_path(path, q, parts[i], NULL), 0700) == 0)
			is_whole = 0;
		else if (errno != EEXIST)
			return error_errno(f, ERROR_CANTCREAT, errno,
					   "cannot create the directory "
					   "%s",
					   path);
	}
	if (is_whole)
		return 0;
	crash_point("queue-open-parts");
	if (sync_way(q->folder, f) < 0)
		return -1;
	crash_point("queue-open-synced");
	if (mkdir(queue_dir_path(path, q, "tmp", NULL), 0700) < 0 &&
	    errno != EEXIST)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create the directory %s", path);
	crash_point("queue-open-made");
	return 0;
}

int queue_open(struct queue *q, struct arena *a, const char *folder, bool make,
	       struct error *f)
{
	int r;

	*q = (struct queue){ .folder = folder, .arena = a };
	if (!*folder || strlen(folder) > QUEUE_DIR_NAME_MAX)
		return error_set(f, ERROR_CONFIG,
				 "the name of the queue's directory is empty "
				 "or too long");
	r = check_way(folder, f) < 0 ? -1 : check_folder(folder, f);
	if (r < 0 || !make)
		return r < 0 ? -1 : 0;
	if (r == 0 &&
	    (disk_make_directory(folder, f) < 0 || check_folder(folder, f) < 0))
		return -1;
	return make_parts(q, f);
}

const char *queue_stage_folder(struct arena *a, const char *folder)
{
	return arena_format(a, "%s/tmp", folder);
}

/* ---- claims ------------------------------------------------------------- */

int queue_peek(struct queue *q, struct arena *a, enum queue_place place,
	       const char *id, struct entry *e, struct error *f)
{
	if (!queue_is_id(id))
		return 0;
	return queue_dir_read_entry(q, a, queue_dir_part(place), id, e, f);
}

enum lock { LOCK_HELD, LOCK_BUSY, LOCK_MISSING, LOCK_ERROR };

/* The message's file under its lock; also busy when the name was removed or now
 * belongs to another file since it was opened. */
static enum lock lock_message(struct queue_claim *c, const char *id,
			      struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];
	int r;

	c->fd = open(queue_dir_path(path, c->queue, "msg", id),
		     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->fd < 0 && (errno == ENOENT || errno == ELOOP ||
			  errno == EISDIR || errno == ENXIO))
		return LOCK_MISSING;
	if (c->fd < 0) {
		error_errno(f, ERROR_IO, errno, "cannot open %s", path);
		return LOCK_ERROR;
	}
	r = disk_lock(c->fd, 0, path, f);
	if (r > 0) {
		r = disk_is_same(c->fd, path, f);
		if (r > 0)
			return LOCK_HELD;
	}
	queue_release(c);
	return r < 0 ? LOCK_ERROR : LOCK_BUSY;
}

/* From part to part; a file of that name is replaced. */
static int move_entry(struct queue *q, const char *id, enum queue_place from,
		      enum queue_place to, struct error *f)
{
	char old[QUEUE_DIR_PATH_SIZE], new[QUEUE_DIR_PATH_SIZE];

	queue_dir_path(old, q, queue_dir_part(from), id);
	queue_dir_path(new, q, queue_dir_part(to), id);
	if (rename(old, new) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot move %s to %s",
				   old, new);
	crash_point("queue-move-placed");
	if (queue_dir_sync(q, queue_dir_part(to), f) < 0 ||
	    queue_dir_sync(q, queue_dir_part(from), f) < 0)
		return -1;
	crash_point("queue-move-safe");
	return 0;
}

/* Returns what queue_claim does: -1, or 0 when it was gone by then. */
static int set_aside(struct queue *q, enum queue_place place, const char *id,
		     const struct error *why, struct error *f)
{
	struct error moving = ERROR_INIT;
	char path[QUEUE_DIR_PATH_SIZE];

	queue_dir_path(path, q, queue_dir_part(place), id);
	if (disk_exists(path, &moving) == 0)
		return 0;
	if (error_is_set(&moving) ||
	    move_entry(q, id, place, QUEUE_BAD, &moving) < 0)
		return error_set(f, ERROR_IO,
				 "%s; and it could not be set aside: %s",
				 why->text, moving.text);
	return error_set(f, ERROR_DATA, "%s; it was set aside as %s", why->text,
			 queue_dir_path(path, q, "bad", id));
}

/* Does the file hold what the entry says?  Describes it as the claim's. */
static bool take_message(struct queue_claim *c, struct arena *a,
			 struct error *why)
{
	const char *id = c->entry.id;
	char path[QUEUE_DIR_PATH_SIZE];
	struct stat st;

	queue_dir_path(path, c->queue, "msg", id);
	if (fstat(c->fd, &st) < 0)
		return error_errno(why, ERROR_IO, errno, "cannot stat %s",
				   path) == 0;
	if (!S_ISREG(st.st_mode))
		return error_set(why, ERROR_DATA, "%s is no file", path) == 0;
	c->message = (struct slice){
		.fd = c->fd,
		.length = (uint64_t)st.st_size,
		.name = arena_format(a, "the queued message %s", id),
	};
	if (c->place != QUEUE_BAD && c->entry.size != c->message.length)
		return error_set(why, ERROR_DATA,
				 "%s has %llu octets, and its entry says %llu",
				 path, (unsigned long long)c->message.length,
				 (unsigned long long)c->entry.size) == 0;
	return true;
}

/* What was set aside is claimed for a person, who removes or has repaired it:
 * whatever can be read is given. */
static int claim_bad(struct queue_claim *c, struct arena *a, const char *id,
		     struct error *f)
{
	struct error ignored = ERROR_INIT;
	enum lock lock = lock_message(c, id, f);
	int r;

	if (lock == LOCK_BUSY || lock == LOCK_ERROR)
		return lock == LOCK_BUSY ? 0 : -1;
	r = queue_dir_read_entry(c->queue, a, "bad", id, &c->entry, &ignored);
	if (r < 0)
		c->entry = (struct entry){ .id = arena_dup(a, id) };
	if (r != 0 && c->fd >= 0 && !take_message(c, a, f))
		r = 0;
	if (r == 0)
		queue_release(c);
	return error_is_set(f) ? -1 : r != 0;
}

int queue_claim(struct queue *q, struct arena *a, enum queue_place place,
		const char *id, struct queue_claim *c, struct error *f)
{
	struct error why = ERROR_INIT;
	char path[QUEUE_DIR_PATH_SIZE];
	int r = 0;

	*c = (struct queue_claim){ .queue = q, .place = place, .fd = -1 };
	c->message = slice_of_memory("", 0);
	if (!queue_is_id(id))
		return 0;
	if (place == QUEUE_BAD)
		return claim_bad(c, a, id, f);
	if (place == QUEUE_GIVEN_UP)
		r = disk_exists(queue_dir_path(path, q, "env", id), f);
	if (r != 0)
		return r < 0 ? -1 : 0;
	switch (lock_message(c, id, f)) {
	case LOCK_BUSY:
		return 0;
	case LOCK_ERROR:
		return -1;
	case LOCK_MISSING:
		error_set(&why, ERROR_DATA, "the message of %s is missing",
			  queue_dir_path(path, q, queue_dir_part(place), id));
		break;
	case LOCK_HELD:
		r = queue_dir_read_entry(q, a, queue_dir_part(place), id,
					 &c->entry, &why);
	}
	if (r > 0 && take_message(c, a, &why))
		return 1;
	r = !error_is_set(&why)	      ? 0
	    : why.cause == ERROR_DATA ? set_aside(q, place, id, &why, f)
				      : error_set(f, why.cause, "%s", why.text);
	queue_release(c);
	return r;
}

static void drop_spare(struct queue_claim *c)
{
	if (c->spare)
		queue_dir_abandon(c->spare);
	free(c->spare);
	c->spare = NULL;
}

void queue_release(struct queue_claim *c)
{
	drop_spare(c);
	if (c->fd >= 0)
		close(c->fd); /* and with it the lock */
	c->fd = -1;
}

/* ---- changes ------------------------------------------------------------ */

int queue_reserve(struct queue_claim *c, struct error *f)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct queue_dir_new *spare;
	size_t room;

	if (c->spare)
		return 0;
	if (entry_write(&c->entry, &text, f) < 0) {
		buf_free(&text);
		return -1;
	}
	room = text.len + RESERVE_EACH * (c->entry.count + 1);
	buf_free(&text);
	spare = memory_alloc(sizeof(*spare));
	if (queue_dir_begin(c->queue, spare, f) < 0) {
		free(spare);
		return -1;
	}
	c->spare = spare;
	crash_point("queue-reserve-begun");
	if (queue_dir_reserve(spare, room, f) == 0)
		return 0;
	drop_spare(c);
	return -1;
}

static int write_entry(struct queue_claim *c, struct queue_dir_new *new,
		       const struct buf *text, struct error *f)
{
	const char *part = queue_dir_part(c->place);

	crash_point("queue-update-begun");
	if (queue_dir_fill(new, text->data, text->len, f) < 0)
		return -1;
	crash_point("queue-update-written");
	if (queue_dir_place(new, c->queue, part, c->entry.id, f) < 0)
		return -1;
	crash_point("queue-update-placed");
	if (entry_count(&c->entry, ENTRY_WAITING) == c->entry.count)
		return 0;
	if (queue_dir_sync(c->queue, part, f) < 0)
		return -1;
	crash_point("queue-update-safe");
	return 0;
}

int queue_update(struct queue_claim *c, struct error *f)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct queue_dir_new own = { .fd = -1 };
	struct queue_dir_new *new = c->spare ? c->spare : &own;
	int r = entry_write(&c->entry, &text, f);

	if (r == 0 && !c->spare)
		r = queue_dir_begin(c->queue, new, f);
	if (r == 0) {
		r = write_entry(c, new, &text, f);
		queue_dir_abandon(new);
	}
	drop_spare(c);
	buf_free(&text);
	return r;
}

static int move_claim(struct queue_claim *c, enum queue_place to,
		      struct error *f)
{
	if (queue_update(c, f) < 0)
		return -1;
	if (c->place == to)
		return 0;
	if (move_entry(c->queue, c->entry.id, c->place, to, f) < 0)
		return -1;
	c->place = to;
	return 0;
}

int queue_give_up(struct queue_claim *c, struct error *f)
{
	return move_claim(c, QUEUE_GIVEN_UP, f);
}

int queue_requeue(struct queue_claim *c, struct error *f)
{
	if (c->entry.size != c->message.length)
		return error_set(f, ERROR_DATA,
				 "the message %s is not what its entry says",
				 c->entry.id);
	return move_claim(c, QUEUE_WAITING, f);
}

/* It has left the queue by now: what cannot be removed is a leftover, which
 * queue_tidy tries again and reports. */
static void drop_message(const struct queue *q, const char *id)
{
	struct error unsure = ERROR_INIT;
	char path[QUEUE_DIR_PATH_SIZE];

	if (queue_dir_has_entry(q, id, &unsure) == 0)
		unlink(queue_dir_path(path, q, "msg", id));
}

static int remove_entry(const struct queue_claim *c, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];

	crash_point("queue-remove-begin");
	queue_dir_path(path, c->queue, queue_dir_part(c->place), c->entry.id);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(f, ERROR_IO, errno, "cannot remove %s",
				   path);
	crash_point("queue-remove-entry");
	return 0;
}

int queue_remove_all(struct queue_claim *const *all, size_t count,
		     bool *removed, struct error *f)
{
	int r = 0;

	if (!count)
		return 0;
	for (size_t i = 0; i < count; i++) {
		removed[i] = remove_entry(all[i], f) == 0;
		if (!removed[i])
			r = -1;
	}
	if (queue_dir_sync(all[0]->queue, queue_dir_part(all[0]->place), f) <
	    0) {
		memset(removed, 0, count * sizeof(*removed));
		return -1;
	}
	crash_point("queue-remove-safe");
	for (size_t i = 0; i < count; i++)
		if (removed[i])
			drop_message(all[i]->queue, all[i]->entry.id);
	crash_point("queue-remove-done");
	return r;
}

int queue_remove(struct queue_claim *c, struct error *f)
{
	bool is_removed;

	return queue_remove_all(&c, 1, &is_removed, f);
}
