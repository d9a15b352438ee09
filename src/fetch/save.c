/* save.c - the names first, then only messages that are missing are
 * downloaded. */
#include "fetch/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "flow/atomic_file.h"
#include "flow/crlf.h"
#include "flow/digest.h"
#include "flow/sink.h"

#define ID_MAX	  120 /* octets of an id that are used in a name unchanged */
#define MARK_SIZE 33  /* digits of an id's digest in a Maildir, and the NUL */

struct keeping {
	struct arena *arena;
	const struct fetch_order *order;
	struct mailbox *m;
	const char *directory;	  /* where files are made */
	char (*marks)[MARK_SIZE]; /* in a Maildir: the existing ones, sorted */
	size_t mark_count, mark_room;
	size_t kept, unread;
	struct error first; /* of a message that could not be read */
};

/* ---- names ---- */

static bool is_plain(char c)
{
	return ascii_is_alnum(c) || (c && strchr("._-+=@,", c));
}

/* "ID.eml" if the id is usable as a name; else its readable part, and a digest
 * that makes it unique. */
static const char *name_of(struct arena *a, const char *id, struct error *f)
{
	char hex[DIGEST_HEX_SIZE], shown[41];
	size_t n = 0, at = 0;

	while (is_plain(id[n]))
		n++;
	if (!id[n] && n && n <= ID_MAX && *id != '.' && *id != '-')
		return arena_format(a, "%s.eml", id);
	if (digest_text(id, strlen(id), hex, f) < 0)
		return NULL;
	for (; at < sizeof(shown) - 1 && id[at]; at++)
		shown[at] = is_plain(id[at]) && (at || ascii_is_alnum(*id))
				    ? id[at]
				    : '_';
	shown[at] = '\0';
	return arena_format(a, "%s~%.32s.eml", shown, hex);
}

static int by_mark(const void *one, const void *other)
{
	return memcmp(one, other, MARK_SIZE);
}

/* "SECONDS.M<32 digits>.HOST": the digits, or NULL. */
static const char *mark_in(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot[1] != 'M' ||
	    strspn(dot + 2, "0123456789abcdef") != MARK_SIZE - 1)
		return NULL;
	return dot + 2;
}

static int read_marks(struct keeping *k, const char *place, struct error *f)
{
	const char *path =
		arena_format(k->arena, "%s/%s", k->order->path, place);
	struct directory d;
	const char *name;

	if (directory_open(&d, path, f) == 0)
		error_set(f, ERROR_CANTCREAT,
			  "the directory %s was "
			  "removed",
			  path);
	while ((name = directory_next(&d, f))) {
		const char *mark = mark_in(name);

		if (!mark)
			continue;
		k->marks = memory_grow(k->marks, k->mark_count, &k->mark_room,
				       sizeof(*k->marks));
		memcpy(k->marks[k->mark_count], mark, MARK_SIZE - 1);
		k->marks[k->mark_count++][MARK_SIZE - 1] = '\0';
	}
	directory_close(&d);
	return error_is_set(f) ? -1 : 0;
}

/* The same id in another mailbox is another message. */
static int mark_of(struct keeping *k, const char *id, char *out,
		   struct error *f)
{
	const char *both =
		arena_format(k->arena, "%s\n%s", k->order->source, id);
	char hex[DIGEST_HEX_SIZE];

	if (digest_text(both, strlen(both), hex, f) < 0)
		return -1;
	memcpy(out, hex, MARK_SIZE - 1);
	out[MARK_SIZE - 1] = '\0';
	return 0;
}

static const char *host_name(struct arena *a)
{
	char *host = arena_dup(a, sysenv_host());

	for (char *p = host; *p; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	return host;
}

/* The name for a message; NULL with the error.  *is_there: it was saved
 * before. */
static const char *choose_name(struct keeping *k, size_t number, bool *is_there,
			       struct error *f)
{
	const char *id = mailbox_id(k->m, number, f), *name;
	char mark[MARK_SIZE];

	if (!id)
		return NULL;
	if (!k->order->is_maildir) {
		name = name_of(k->arena, id, f);
		*is_there =
			name && disk_exists(arena_format(k->arena, "%s/%s",
							 k->directory, name),
					    f) > 0;
		return error_is_set(f) ? NULL : name;
	}
	if (mark_of(k, id, mark, f) < 0)
		return NULL;
	*is_there = k->mark_count && bsearch(mark, k->marks, k->mark_count,
					     sizeof(*k->marks), by_mark);
	return arena_format(k->arena, "%" PRId64 ".M%s.%s", sysenv_now(), mark,
			    host_name(k->arena));
}

/* ---- files ---- */

static int prepare(struct keeping *k, struct error *f)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	struct arena *a = k->arena;

	k->directory = k->order->path;
	if (disk_make_directory(k->directory, f) < 0)
		return -1;
	if (!k->order->is_maildir)
		return 0;
	for (int i = 0; i < 3; i++)
		if (disk_make_directory(arena_format(a, "%s/%s", k->order->path,
						     parts[i]),
					f) < 0)
			return -1;
	if (read_marks(k, "new", f) < 0 || read_marks(k, "cur", f) < 0)
		return -1;
	if (k->mark_count)
		qsort(k->marks, k->mark_count, sizeof(*k->marks), by_mark);
	return 0;
}

static const char *part_of(const struct keeping *k, const char *part)
{
	return k->order->is_maildir
		       ? arena_format(k->arena, "%s/%s", k->directory, part)
		       : k->directory;
}

/* A message on this machine that cannot be read does not stop the others; other
 * errors (of a server, a full disk) do. */
static int note_unread(struct keeping *k, size_t number,
		       const struct error *why, struct error *f)
{
	const struct mailbox_message *one = &k->m->messages[number - 1];

	if (!one->is_gone && !one->is_unreadable)
		return error_copy(f, why);
	if (one->is_gone) {
		log_note("message %zu is gone: another program deleted it",
			 number);
		return 1;
	}
	log_error("message %zu: %s", number, why->text);
	if (!k->unread++)
		k->first = *why;
	return 1;
}

/* A file in a Maildir is written in tmp/, then moved to new/.  1: the message
 * could not be read. */
static int save_one(struct keeping *k, size_t number, const char *name,
		    struct error *f)
{
	const char *to = k->order->is_maildir
				 ? arena_format(k->arena, "../new/%s", name)
				 : name;
	struct error each = ERROR_INIT;
	struct atomic_file file;
	struct lf lf;
	int r;

	if (atomic_file_begin(&file, k->arena, part_of(k, "tmp"), FETCH_PREFIX,
			      ATOMIC_FILE_PRIVATE, f) < 0)
		return -1;
	file.out.sink.error = &each;
	lf_init(&lf, &file.out.sink);
	if (mailbox_read(k->m, number, &lf.sink, &each) < 0)
		r = note_unread(k, number, &each, f);
	else if (sink_close(&lf.sink) < 0 ||
		 atomic_file_commit_as(&file, to, false, &each) < 0)
		r = error_copy(f, &each);
	else
		r = 0;
	atomic_file_free(&file);
	k->kept += r == 0;
	return r;
}

/* Which messages are saved now, and which were before. */
struct plan {
	struct choice wanted;
	const char **names; /* of those that are to be saved */
	const char **ids;   /* of all that exist in the end */
	size_t id_count;
};

/* Those that do not exist yet, in the same order. */
static int choose(struct keeping *k, const struct choice *all, struct plan *p,
		  struct error *f)
{
	for (size_t i = 0; i < all->count; i++) {
		struct error reading = ERROR_INIT;
		size_t number = all->numbers[i];
		bool is_there = false;
		const char *name = choose_name(k, number, &is_there, &reading);

		if (!name && note_unread(k, number, &reading, f) < 0)
			return -1;
		if (!name)
			continue;
		if (is_there) {
			p->ids[p->id_count++] = mailbox_id(k->m, number, f);
			continue;
		}
		p->names[p->wanted.count] = name;
		p->wanted.numbers[p->wanted.count++] = number;
	}
	return 0;
}

static int save_wanted(struct keeping *k, struct plan *p, struct error *f)
{
	int r = 0;

	mailbox_expect(k->m, p->wanted.numbers, p->wanted.count, -1);
	for (size_t i = 0; r >= 0 && i < p->wanted.count; i++) {
		size_t number = p->wanted.numbers[i];

		r = save_one(k, number, p->names[i], f);
		if (r == 0)
			p->ids[p->id_count++] = mailbox_id(k->m, number, f);
	}
	mailbox_expect(k->m, NULL, 0, 0);
	return r < 0 ? -1 : 0;
}

static int save_all(struct keeping *k, const struct choice *c,
		    struct seen *seen, bool *is_unsafe, struct error *f)
{
	struct arena *a = k->arena;
	struct plan p = {
		.wanted.numbers = arena_array(a, c->count + 1, sizeof(size_t)),
		.names = arena_array(a, c->count + 1, sizeof(*p.names)),
		.ids = arena_array(a, c->count + 1, sizeof(*p.ids)),
	};
	int r = choose(k, c, &p, f);

	tempfile_tidy(part_of(k, "tmp"), FETCH_PREFIX);
	if (r == 0)
		r = save_wanted(k, &p, f);
	if (k->kept)
		*is_unsafe |= !atomic_file_sync(part_of(k, "new"));
	for (size_t i = 0; r == 0 && seen && i < p.id_count; i++)
		r = seen_add(seen, p.ids[i]);
	return r;
}

/* Saved messages are recorded even if others failed. */
static int tell(const struct keeping *k, const struct choice *c,
		struct seen *seen, bool is_unsafe, struct error *f)
{
	log_note("%zu of %zu messages are new in %s", k->kept, c->count,
		 k->order->path);
	if (!k->unread)
		return 0;
	if (seen && !is_unsafe && seen_keep(seen, k->m, f) < 0)
		return -1;
	return error_set(f, k->first.cause,
			 "%zu of %zu messages could not be read, and were "
			 "skipped",
			 k->unread, c->count);
}

int save_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  bool *is_unsafe, struct error *f)
{
	struct keeping k = { .arena = a, .order = o, .m = m };
	int r = prepare(&k, f);

	if (r == 0)
		r = save_all(&k, c, seen, is_unsafe, f);
	free(k.marks);
	return r < 0 ? -1 : tell(&k, c, seen, *is_unsafe, f);
}

/* ---- the record of --new: sorted lines ---- */

#define FILE_MAX    ((size_t)256 * 1024 * 1024)
#define SEEN_PREFIX ".seen"
#define SHOWN_MAX   60 /* octets of the source in the file name */

static const char *directory_of(struct arena *a, struct error *f)
{
	const char *state = sysenv_env("XDG_STATE_HOME");
	const char *home = sysenv_home();

	if (state && *state == '/')
		return arena_format(a, "%s/mailsend/seen", state);
	if (home)
		return arena_format(a, "%s/.local/state/mailsend/seen", home);
	error_set(f, ERROR_CONFIG,
		  "there is no home directory for the state of --new; set "
		  "XDG_STATE_HOME");
	return NULL;
}

/* Readable, and different for each mailbox. */
static const char *name_of_source(struct arena *a, const char *source,
				  struct error *f)
{
	char *real = mailbox_is_url(source) ? NULL : realpath(source, NULL);
	const char *full = real ? real : source;
	char hex[DIGEST_HEX_SIZE], shown[SHOWN_MAX + 1];
	size_t n = 0;
	int r = digest_text(full, strlen(full), hex, f);

	for (; n < SHOWN_MAX && full[n]; n++)
		shown[n] = ascii_is_alnum(full[n]) ? full[n] : '_';
	shown[n] = '\0';
	free(real);
	return r < 0 ? NULL : arena_format(a, "%s-%.16s", shown, hex);
}

static void put(struct seen *s, const char ***list, size_t *count, size_t *room,
		const char *id, size_t n)
{
	*list = memory_grow(*list, *count, room, sizeof(**list));
	(*list)[(*count)++] = arena_dup_n(s->arena, id, n);
}

static int load(struct seen *s, struct error *f)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int r = disk_read_file(s->path, &text, true, f);
	const char *p = text.data;

	if (r < 0 && !error_is_set(f))
		r = 0; /* no record yet */
	while (r == 0 && *p) {
		size_t n = strcspn(p, "\n");

		if (n)
			put(s, &s->ids, &s->count, &s->room, p, n);
		p += n + (p[n] == '\n');
	}
	buf_free(&text);
	if (s->count)
		qsort(s->ids, s->count, sizeof(*s->ids), text_compare);
	return r;
}

static int take_lock(struct seen *s, struct error *f)
{
	const char *path = arena_format(s->arena, "%s.lock", s->path);
	struct error no_locks = ERROR_INIT; /* if this file system has none */

	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	disk_lock(s->lock, DISK_LOCK_WAIT, path, &no_locks);
	return 0;
}

int seen_open(struct seen *s, struct arena *a, const char *source,
	      struct error *f)
{
	const char *directory = directory_of(a, f), *name;

	*s = (struct seen){ .arena = a, .lock = -1 };
	if (!directory || disk_make_directory(directory, f) < 0)
		return -1;
	name = name_of_source(a, source, f);
	if (!name)
		return -1;
	s->path = arena_format(a, "%s/%s", directory, name);
	if (take_lock(s, f) == 0 && load(s, f) == 0)
		return 0;
	seen_close(s);
	return -1;
}

bool seen_has(const struct seen *s, const char *id)
{
	return s->count && bsearch(&id, s->ids, s->count, sizeof(*s->ids),
				   text_compare) != NULL;
}

int seen_add(struct seen *s, const char *id)
{
	if (!id)
		return -1;
	put(s, &s->added, &s->added_count, &s->added_room, id, strlen(id));
	return 0;
}

/* An id that contains a line end would be read as two; a name in a Maildir
 * may. */
static void put_line(struct sink *to, const char *id)
{
	if (strchr(id, '\n'))
		return;
	sink_puts(to, id);
	sink_put(to, "\n", 1);
}

static int write_ids(const struct seen *s, struct mailbox *m, struct sink *to,
		     struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		const char *id = mailbox_id(m, i, f);

		if (!id)
			return -1;
		if (seen_has(s, id))
			put_line(to, id);
	}
	for (size_t i = 0; i < s->added_count; i++)
		if (!seen_has(s, s->added[i]))
			put_line(to, s->added[i]);
	return 0;
}

int seen_keep(struct seen *s, struct mailbox *m, struct error *f)
{
	const char *directory = disk_dirname(s->arena, s->path);
	struct atomic_file file;
	int r;

	if (!s->added_count)
		return 0;
	tempfile_tidy(directory, SEEN_PREFIX);
	r = atomic_file_open(&file, s->arena, s->path, SEEN_PREFIX, true,
			     ATOMIC_FILE_PRIVATE, f);
	if (r == 0)
		r = write_ids(s, m, &file.out.sink, f);
	if (r == 0)
		r = atomic_file_commit(&file, f);
	atomic_file_free(&file);
	if (r == 1) /* written by a program without a lock */
		r = error_set(f, ERROR_TEMPORARY,
			      "%s was changed by another program", s->path);
	return r;
}

void seen_close(struct seen *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
	free(s->ids);
	free(s->added);
	s->ids = s->added = NULL;
	s->count = s->added_count = 0;
}
