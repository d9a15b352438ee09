/* maildir.c - tmp, fsync, link to new, fsync the directory.
 *
 *	a crash after     leaves                       the sender is told
 *	open in tmp       a stray file in tmp          nothing: not delivered
 *	fsync             the same                     nothing: not delivered
 *	link into new     the mail in new and in tmp   nothing: may come twice
 *	fsync of new      the same                     delivered
 *	(it fails: the mail is taken out of new again, or it would come twice)
 *	unlink of tmp     the mail in new              delivered
 *
 * Stray files in tmp that are older than 36 hours are removed by the user's
 * mail reader, as in maildir(5). */
#include "store/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "flow/crlf.h"
#include "store/kinds.h"

static int make_directories(struct arena *a, const char *directory,
			    struct error *f)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	for (int i = 0; i < 3; i++)
		if (disk_make_directory(arena_format(a, "%s/%s", directory,
						     parts[i]),
					f) < 0)
			return -1;
	return 0;
}

/* "seconds.MmicrosecondsRrandomPpid.host", without special characters: readers
 * that sort by it have the order of delivery. */
static const char *unique_name(struct arena *a)
{
	unsigned microseconds;
	int64_t seconds = sysenv_now_exact(&microseconds);
	uint64_t random;
	char *name;

	sysenv_random(&random, sizeof(random));
	name = arena_format(a, "%" PRId64 ".M%06uR%016" PRIx64 "P%u.%s",
			    seconds, microseconds, random, sysenv_pid(),
			    sysenv_host());
	for (char *p = name; *p; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	return name;
}

static int write_message(int fd, const char *name, const char *reverse_path,
			 const char *recipient, const struct slice *message,
			 struct error *f)
{
	struct sink_fd out;
	struct lf lf;

	sink_fd_init(&out, fd, name, f);
	lf_init(&lf, &out.sink);
	/* The first failure stays in f: one check at the end is enough. */
	sink_puts(&out.sink, "Return-Path: <");
	sink_puts(&out.sink, reverse_path);
	sink_puts(&out.sink, ">\nDelivered-To: ");
	sink_puts(&out.sink, recipient);
	sink_puts(&out.sink, "\n");
	pump_slice(message, &lf.sink);
	sink_close(&lf.sink);
	sink_close(&out.sink);
	sink_fd_free(&out);
	if (error_is_set(f))
		return -1;
	return disk_sync(fd, name, f);
}

int maildir_deliver(struct arena *a, const char *directory,
		    const char *reverse_path, const char *recipient,
		    const struct slice *message, const char **path,
		    struct error *f)
{
	const char *name = unique_name(a);
	const char *tmp = arena_format(a, "%s/tmp/%s", directory, name);
	const char *new = arena_format(a, "%s/new/%s", directory, name);
	int fd, r;

	if (make_directories(a, directory, f) < 0)
		return -1;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", tmp);
	r = write_message(fd, tmp, reverse_path, recipient, message, f);
	if (disk_close(fd, tmp, f) < 0)
		r = -1;
	if (r == 0 && link(tmp, new) < 0)
		r = error_errno(f, ERROR_CANTCREAT, errno, "cannot create %s",
				new);
	if (r == 0) {
		r = disk_sync_directory(arena_format(a, "%s/new", directory),
					f);
		if (r < 0)
			unlink(new);
	}
	unlink(tmp);
	*path = new;
	return r;
}

/* ---- reading ---- */

/* The messages in new/ and cur/ (maildir(5)).
 *
 * The name before ":2," identifies the message, the rest are its flags, and
 * another program may change those or move it from new/ to cur/ at any time: a
 * file that is gone is searched for once more by its name.  tmp/ is never read.
 * The oldest comes first, by the seconds at the start of the name. */

#define TRIES 3 /* searches for a message that is renamed meanwhile */

static const char *const places[] = { "new", "cur" };

/* private data of each message */
struct maildir_place {
	const char *path; /* its last known directory */
	const char *base;
	uint64_t seconds, size;
};

static size_t base_length(const char *name)
{
	return strcspn(name, ":");
}

static uint64_t leading_number(const char *name)
{
	uint64_t value = 0;

	for (int i = 0; i < 18 && ascii_is_digit(name[i]); i++)
		value = value * 10 + (uint64_t)(name[i] - '0');
	return value;
}

static int by_age(const void *one, const void *other)
{
	const struct maildir_place *a = one, *b = other;

	if (a->seconds != b->seconds)
		return a->seconds < b->seconds ? -1 : 1;
	return strcmp(a->base, b->base);
}

/* The message of a file; NULL if unknown. */
static struct maildir_place *place_of(const struct mailbox *m, const char *name)
{
	char base[NAME_MAX + 1] = "";
	struct maildir_place key = { .base = base,
				     .seconds = leading_number(name) };
	size_t n = base_length(name);

	if (n >= sizeof(base) || !m->count)
		return NULL;
	memcpy(base, name, n);
	return bsearch(&key, m->own, m->count, sizeof(key), by_age);
}

/* Records the current file of each message of the directory: a mail reader that
 * opens the Maildir moves all new ones at once.  Was `wanted` found? */
static bool look_in(const struct mailbox *m, const char *part,
		    const struct maildir_place *wanted, struct error *f)
{
	const char *directory = arena_format(m->arena, "%s/%s", m->name, part);
	size_t n = strlen(directory) + 1;
	bool was_seen = false;
	const char *name;
	struct directory d;

	directory_open(&d, directory, f);
	while ((name = directory_next(&d, f))) {
		struct maildir_place *place = place_of(m, name);

		if (!place)
			continue;
		was_seen |= place == wanted;
		if (strncmp(place->path, directory, n - 1) != 0 ||
		    strcmp(place->path + n, name) != 0)
			place->path = arena_format(m->arena, "%s/%s", directory,
						   name);
	}
	directory_close(&d);
	return was_seen;
}

/* Searches for the message by its name; false when it is gone, or with the
 * error. */
static bool find_again(const struct mailbox *m,
		       const struct maildir_place *place, struct error *f)
{
	bool was_seen = false;

	for (int i = 0; !was_seen && !error_is_set(f) && i < 2; i++)
		was_seen = look_in(m, places[i], place, f);
	return was_seen && !error_is_set(f);
}

/* Sets *is_gone if no such message exists any more. */
static int reopen(struct mailbox *m, struct maildir_place *place, bool *is_gone,
		  struct error *f)
{
	struct error first = ERROR_INIT;
	int fd = regular_file_open(place->path, false, &first);

	for (int i = 0; fd < 0 && errno == ENOENT && i < TRIES; i++) {
		*is_gone = !find_again(m, place, f);
		if (error_is_set(f))
			return -1;
		if (*is_gone)
			break;
		error_clear(&first);
		fd = regular_file_open(place->path, false, &first);
	}
	if (fd < 0)
		*f = first;
	return fd;
}

static int maildir_read(struct mailbox *m, size_t number, struct sink *to,
			struct error *f)
{
	struct maildir_place *place =
		(struct maildir_place *)m->own + (number - 1);
	struct mailbox_message *one = &m->messages[number - 1];
	int fd = reopen(m, place, &one->is_gone, f);
	int r;

	one->is_unreadable = fd < 0 && !one->is_gone;
	if (fd < 0)
		return -1;
	r = regular_file_push(m, number, fd, place->path, to, f);
	close(fd);
	return r;
}

static int remove_one(struct mailbox *m, struct maildir_place *place,
		      struct error *f)
{
	while (unlink(place->path) < 0) {
		int error = errno;

		if (error != ENOENT)
			return error_errno(f, ERROR_CANTCREAT, error,
					   "cannot delete %s", place->path);
		/* removed by another program, or unknown */
		if (!find_again(m, place, f))
			return error_is_set(f) ? -1 : 0;
	}
	return 0;
}

static int maildir_commit(struct mailbox *m, struct error *f)
{
	struct maildir_place *own = m->own;

	for (size_t i = 0; i < m->count; i++) {
		struct error each = ERROR_INIT;

		if (m->messages[i].is_deleted &&
		    remove_one(m, &own[i], &each) < 0 && !error_is_set(f))
			*f = each;
	}
	for (int i = 0; i < 2; i++)
		disk_sync_or_warn(arena_format(m->arena, "%s/%s", m->name,
					       places[i]),
				  "after a power failure the deleted messages "
				  "may reappear");
	return error_is_set(f) ? -1 : 0;
}

static const struct mailbox_ops maildir_ops = {
	.read = maildir_read,
	.commit = maildir_commit,
};

/* ---- finding ---- */

struct finding {
	struct mailbox *m;
	struct maildir_place *list;
	size_t count, room;
	bool has_moved; /* removed during the scan */
};

static int find_one(struct finding *found, const struct directory *d,
		    const char *name, struct error *f)
{
	struct arena *a = found->m->arena;
	struct maildir_place *place;
	struct stat st;
	int r = name[0] == '.' ? 1 : directory_stat(d, name, false, &st, f);

	found->has_moved |= r == 0;
	if (r <= 0 || name[0] == '.' || !S_ISREG(st.st_mode))
		return r < 0 ? -1 : 0;
	if (found->count == MAILBOX_MESSAGES_MAX)
		return error_set(f, ERROR_DATA,
				 "%s has more than %d messages; move some away",
				 found->m->name, MAILBOX_MESSAGES_MAX);
	found->list = memory_grow(found->list, found->count, &found->room,
				  sizeof(*found->list));
	place = &found->list[found->count++];
	place->path = arena_format(a, "%s/%s", d->path, name);
	place->base = arena_dup_n(a, name, base_length(name));
	place->seconds = leading_number(name);
	place->size = (uint64_t)st.st_size;
	return 0;
}

static int find_in(struct finding *found, const char *place, struct error *f)
{
	const char *directory =
		arena_format(found->m->arena, "%s/%s", found->m->name, place);
	struct directory d;
	const char *name;
	int r = directory_open(&d, directory, f);

	if (r == 0)
		return error_set(f, ERROR_NOINPUT, "there is no directory %s",
				 directory);
	r = r < 0 ? -1 : 0;
	while (r == 0 && (name = directory_next(&d, f)))
		r = find_one(found, &d, name, f);
	directory_close(&d);
	return error_is_set(f) ? -1 : r;
}

/* One that is renamed during the scan may be missed: then the scan is repeated,
 * and duplicates are merged. */
static int find_all(struct finding *found, struct error *f)
{
	int r = 0;

	for (int tries = 0; tries == 0 || (tries < TRIES && found->has_moved);
	     tries++) {
		found->has_moved = false;
		for (int i = 0; r == 0 && i < 2; i++)
			r = find_in(found, places[i], f);
	}
	return r;
}

/* One that was moved during the scan was found twice. */
static int take_over(struct finding *found, struct error *f)
{
	struct mailbox *m = found->m;
	struct maildir_place *own;
	size_t room = 0;

	own = arena_array(m->arena, found->count ? found->count : 1,
			  sizeof(*own));
	for (size_t i = 0; i < found->count; i++) {
		struct mailbox_message *one;

		if (i && !strcmp(found->list[i].base, found->list[i - 1].base))
			continue;
		one = mailbox_add(m, &room, f);
		if (!one)
			return -1;
		own[m->count - 1] = found->list[i];
		one->id = found->list[i].base;
		one->size = found->list[i].size;
	}
	m->own = own;
	return 0;
}

int maildir_open(struct mailbox *m, struct error *f)
{
	struct finding found = { .m = m };
	int r = find_all(&found, f);

	m->ops = &maildir_ops;
	if (r == 0 && found.count)
		qsort(found.list, found.count, sizeof(*found.list), by_age);
	if (r == 0)
		r = take_over(&found, f);
	free(found.list);
	return r;
}
