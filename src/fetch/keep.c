/* keep.c - names first, then only what is not there is asked for. */
#include "fetch/keep.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/world.h"
#include "fetch/place.h"
#include "flow/digest.h"
#include "flow/lf.h"

#define ID_MAX	  120 /* octets of an id that stand in a name as they are */
#define MARK_SIZE 33  /* digits of an id's digest in a Maildir, and the NUL */

struct keeping {
	struct arena *arena;
	const struct fetch_order *order;
	struct mailbox *m;
	const char *folder;	  /* where files are made */
	char (*marks)[MARK_SIZE]; /* of a Maildir: what is there, sorted */
	size_t mark_count, mark_room;
	size_t kept;
};

/* ---- names ---- */

static bool is_plain(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) ||
	       (c && strchr("._-+=@,", c));
}

/* "ID.eml" where the id is fit for a name; else what can be read of it, and a
 * digest that keeps two of them apart. */
static const char *name_of(struct arena *a, const char *id, struct fault *f)
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
		shown[at] = is_plain(id[at]) && (at || ascii_is_letter(*id) ||
						 ascii_is_digit(*id))
				    ? id[at]
				    : '_';
	shown[at] = '\0';
	return arena_format(a, "%s~%.32s.eml", shown, hex);
}

static int by_text(const void *one, const void *other)
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

static int read_marks(struct keeping *k, const char *place, struct fault *f)
{
	const char *path =
		arena_format(k->arena, "%s/%s", k->order->path, place);
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return fault_errno(f, FAULT_CANTCREAT, errno,
				   "cannot read the folder %s", path);
	while ((e = readdir(dir))) {
		const char *mark = mark_in(e->d_name);

		if (!mark)
			continue;
		k->marks = memory_grow(k->marks, k->mark_count, &k->mark_room,
				       sizeof(*k->marks));
		memcpy(k->marks[k->mark_count], mark, MARK_SIZE - 1);
		k->marks[k->mark_count++][MARK_SIZE - 1] = '\0';
	}
	closedir(dir);
	return 0;
}

/* The same id in another mailbox is another message. */
static int mark_of(struct keeping *k, const char *id, char *out,
		   struct fault *f)
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
	char *host = arena_dup(a, world_host());

	for (char *p = host; *p; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	return host;
}

/* The name for a message; NULL with the fault.  *is_there: it has come
 * before. */
static const char *choose_name(struct keeping *k, size_t number, bool *is_there,
			       struct fault *f)
{
	const char *id = mailbox_id(k->m, number, f), *name;
	char mark[MARK_SIZE];
	struct stat st;

	if (!id)
		return NULL;
	if (!k->order->is_maildir) {
		name = name_of(k->arena, id, f);
		*is_there = name && lstat(arena_format(k->arena, "%s/%s",
						       k->folder, name),
					  &st) == 0;
		return name;
	}
	if (mark_of(k, id, mark, f) < 0)
		return NULL;
	*is_there = k->mark_count && bsearch(mark, k->marks, k->mark_count,
					     sizeof(*k->marks), by_text);
	return arena_format(k->arena, "%" PRId64 ".M%s.%s", world_now(), mark,
			    host_name(k->arena));
}

/* ---- files ---- */

static int prepare(struct keeping *k, struct fault *f)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	struct arena *a = k->arena;

	k->folder = k->order->path;
	if (disk_make_folder(k->folder, f) < 0)
		return -1;
	if (!k->order->is_maildir)
		return 0;
	for (int i = 0; i < 3; i++)
		if (disk_make_folder(arena_format(a, "%s/%s", k->order->path,
						  parts[i]),
				     f) < 0)
			return -1;
	if (read_marks(k, "new", f) < 0 || read_marks(k, "cur", f) < 0)
		return -1;
	if (k->mark_count)
		qsort(k->marks, k->mark_count, sizeof(*k->marks), by_text);
	return 0;
}

/* A Maildir's file is written in tmp/, and only then seen in new/. */
static int keep_one(struct keeping *k, size_t number, const char *name,
		    struct fault *f)
{
	const char *from = k->order->is_maildir
				   ? arena_format(k->arena, "%s/tmp", k->folder)
				   : k->folder;
	const char *to = k->order->is_maildir
				 ? arena_format(k->arena, "../new/%s", name)
				 : name;
	struct place p;
	struct lf lf;
	int r;

	if (place_begin(&p, k->arena, from, true, f) < 0)
		return -1;
	lf_init(&lf, &p.out.sink);
	r = mailbox_read(k->m, number, &lf.sink, f);
	if (r == 0)
		r = sink_close(&lf.sink);
	if (r == 0)
		r = place_commit(&p, to, false, f);
	place_free(&p);
	if (r == 0)
		k->kept++;
	return r < 0 ? -1 : 0;
}

/* Those that are not there yet, in the same order. */
static int choose(struct keeping *k, const struct choice *all,
		  struct choice *wanted, const char **names, struct fault *f)
{
	for (size_t i = 0; i < all->count; i++) {
		bool is_there = false;
		const char *name =
			choose_name(k, all->numbers[i], &is_there, f);

		if (!name)
			return -1;
		if (is_there)
			continue;
		names[wanted->count] = name;
		wanted->numbers[wanted->count++] = all->numbers[i];
	}
	return 0;
}

static int keep_all(struct keeping *k, const struct choice *c,
		    struct seen *seen, struct fault *f)
{
	const char **names =
		arena_array(k->arena, c->count + 1, sizeof(*names));
	struct choice wanted = {
		.numbers = arena_array(k->arena, c->count + 1,
				       sizeof(*wanted.numbers)),
	};
	int r = choose(k, c, &wanted, names, f);

	mailbox_expect(k->m, wanted.numbers, wanted.count, -1);
	for (size_t i = 0; r == 0 && i < wanted.count; i++)
		r = keep_one(k, wanted.numbers[i], names[i], f);
	mailbox_expect(k->m, NULL, 0, 0);
	for (size_t i = 0; r == 0 && seen && i < c->count; i++)
		seen_add(seen, mailbox_id(k->m, c->numbers[i], f));
	if (r == 0 && k->order->is_maildir)
		r = disk_sync_folder(arena_format(k->arena, "%s/new",
						  k->order->path),
				     f);
	return r;
}

int keep_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  struct fault *f)
{
	struct keeping k = { .arena = a, .order = o, .m = m };
	int r = prepare(&k, f);

	if (r == 0)
		r = keep_all(&k, c, seen, f);
	free(k.marks);
	if (r == 0)
		log_note("%zu of %zu messages are new in %s", k.kept, c->count,
			 o->path);
	return r;
}
