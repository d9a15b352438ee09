/* part_store.c - see part_store.h for the layout. */
#include "join/part_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/text.h"

#define SETS_MAX 100000 /* directories examined */
#define UNSYNCED "unsynced"

static const char *in_set(struct arena *a, const struct part_store *s,
			  const char *set, const char *name)
{
	return arena_format(a, "%s/%s/%s", s->path, set, name);
}

/* ---- the whole ---- */

int part_store_open(struct part_store *s, struct arena *a, const char *path,
		    bool is_dry, struct error *f)
{
	const char *lock = arena_format(a, "%s/lock", path);

	*s = (struct part_store){
		.arena = a, .path = path, .is_dry = is_dry, .lock = -1
	};
	if (!is_dry && disk_make_directory(path, f) < 0)
		return -1;
	s->lock = open(lock,
		       O_RDWR | O_CLOEXEC | O_NOFOLLOW | (is_dry ? 0 : O_CREAT),
		       0600);
	if (s->lock < 0 && !is_dry)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot open %s",
				   lock);
	return 0;
}

void part_store_close(struct part_store *s)
{
	if (s->lock >= 0)
		close(s->lock); /* nothing was written to it */
	s->lock = -1;
}

int part_store_lock(struct part_store *s, struct error *f)
{
	return s->lock >= 0 && disk_lock(s->lock, DISK_LOCK_WAIT, s->path, f) <
				       0
		       ? -1
		       : 0;
}

void part_store_unlock(struct part_store *s)
{
	if (s->lock >= 0)
		flock(s->lock, LOCK_UN);
}

/* ---- the names of parts ---- */

static const char *part_name(struct arena *a, const struct part_store_part *p)
{
	return arena_format(a, "%u-%u-%" PRIu64 "-%" PRIu64 "-%s%s%s-%s", p->n,
			    p->of, p->offset, p->size, p->is_first ? "f" : "",
			    p->is_last ? "l" : "",
			    !p->is_first && !p->is_last ? "m" : "", p->sha256);
}

static bool read_number(const char **p, uint64_t max, uint64_t *out)
{
	size_t digits = text_digits(*p, max, out);

	if (!digits || (*p)[digits] != '-')
		return false;
	*p += digits + 1;
	return true;
}

static bool read_part_name(const char *name, struct part_store_part *part)
{
	uint64_t n, of, offset, size;
	size_t marks;

	if (!read_number(&name, FRAGMENT_PARTS_MAX, &n) || n < 1 ||
	    !read_number(&name, FRAGMENT_PARTS_MAX, &of) ||
	    !read_number(&name, INT64_MAX, &offset) ||
	    !read_number(&name, INT64_MAX, &size))
		return false;
	marks = strspn(name, "flm");
	if (name[marks] != '-' || !text_is_hex(name + marks + 1, 64))
		return false;
	*part = (struct part_store_part){
		.n = (unsigned)n,
		.of = (unsigned)of,
		.offset = offset,
		.size = size,
		.is_first = memchr(name, 'f', marks),
		.is_last = memchr(name, 'l', marks),
	};
	memcpy(part->sha256, name + marks + 1, sizeof(part->sha256));
	return true;
}

/* ---- the description of a set ---- */

static const enum fragment_kind kinds[] = { FRAGMENT_SLICE, FRAGMENT_NUMBERED,
					    FRAGMENT_UU, FRAGMENT_PARTIAL,
					    FRAGMENT_SHAR };

static void put_line(struct buf *out, const char *name, const char *value)
{
	if (value && *value)
		buf_printf(out, "%s %s\n", name, value);
}

static int write_about(const char *path, const char *temporary,
		       const struct buf *text, struct error *f)
{
	int fd = open(temporary,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0600);
	int r;

	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot write %s",
				   temporary);
	r = disk_write_all(fd, text->data, text->len, temporary, f);
	if (r == 0)
		r = disk_sync(fd, temporary, f);
	if (disk_close(fd, temporary, f) < 0)
		r = -1;
	if (r == 0 && rename(temporary, path) < 0)
		r = error_errno(f, ERROR_CANTCREAT, errno, "cannot write %s",
				path);
	return r;
}

/* True if the mark did not exist before. */
static bool mark_unsynced(struct arena *a, const struct part_store *s,
			  const char *set, struct error *f)
{
	const char *path = in_set(a, s, set, UNSYNCED);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd); /* nothing was written to it */
	else if (errno != EEXIST)
		error_errno(f, ERROR_CANTCREAT, errno, "cannot write %s", path);
	return fd >= 0;
}

int part_store_describe(struct part_store *s, const char *set,
			const struct about *about, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct buf text = BUF_INIT(PART_STORE_ABOUT_MAX);
	const char *directory;
	int r = 0;

	if (s->is_dry)
		return 0;
	directory = arena_format(&a, "%s/%s", s->path, set);
	buf_printf(&text, "kind %s\n", fragment_kind_name(about->kind));
	put_line(&text, "name", about->name);
	put_line(&text, "title", about->title);
	put_line(&text, "resend", about->resend);
	if (about->kind == FRAGMENT_SLICE)
		buf_printf(&text, "of %u\ntotal %" PRIu64 "\nfile-sha256 %s\n",
			   about->of, about->total, about->file_sha256);
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		r = error_errno(f, ERROR_CANTCREAT, errno,
				"cannot create the directory %s", directory);
	crash_point("join-folder");
	/* a part will follow: one sync of the directory covers both */
	if (r == 0)
		mark_unsynced(&a, s, set, f);
	if (r == 0 && !error_is_set(f))
		r = write_about(in_set(&a, s, set, "about"),
				in_set(&a, s, set, "about.new"), &text, f);
	if (r == 0)
		r = disk_sync_directory(directory, f);
	if (r == 0)
		r = disk_sync_directory(s->path, f);
	crash_point("join-about");
	buf_free(&text);
	arena_free(&a);
	return error_is_set(f) ? -1 : r;
}

static const char *line_of(struct arena *a, const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		if (length > n && !strncmp(line, name, n) && line[n] == ' ')
			return arena_dup_n(a, line + n + 1, length - n - 1);
		line += length + (line[length] == '\n');
	}
	return NULL;
}

static bool parse_about(struct arena *a, const char *text, struct about *out)
{
	const char *kind = line_of(a, text, "kind");
	const char *of = line_of(a, text, "of");
	const char *total = line_of(a, text, "total");
	bool found = false;
	uint64_t parts;

	*out = (struct about){
		.name = line_of(a, text, "name"),
		.title = line_of(a, text, "title"),
		.resend = line_of(a, text, "resend"),
		.file_sha256 = line_of(a, text, "file-sha256"),
	};
	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kind, fragment_kind_name(kinds[i])) == 0) {
			out->kind = kinds[i];
			found = true;
		}
	if (!found || out->kind != FRAGMENT_SLICE)
		return found;
	if (!of || !total || !out->file_sha256 ||
	    !text_is_hex(out->file_sha256, 64))
		return false;
	if (!text_number(of, FRAGMENT_PARTS_MAX, &parts) ||
	    !text_number(total, INT64_MAX, &out->total))
		return false;
	out->of = (unsigned)parts;
	return parts >= 1;
}

/* ---- all of them ---- */

static int is_corrupt(const struct part_store *s, const char *set,
		      const struct part_store_part *part, struct error *f)
{
	struct sink_count nowhere;

	sink_count_init(&nowhere, NULL, f);
	return part_store_read(s, set, part, &nowhere.sink, f);
}

/* A run was killed, or is still active: parts that do not match their names are
 * ignored. */
static int clear_corrupt(struct part_store *s, const char *set,
			 const char *directory, struct error *f)
{
	struct directory d;
	const char *name;
	int r = 0;

	directory_open(&d, directory, f);
	while (r >= 0 && (name = directory_next(&d, f))) {
		struct part_store_part part;

		if (!read_part_name(name, &part))
			continue;
		r = is_corrupt(s, set, &part, f);
		if (r > 0)
			r = part_store_remove(s, set, &part, f);
	}
	directory_close(&d);
	return error_is_set(f) ? -1 : part_store_sync(s, set, f);
}

static int load_parts(const char *set, const char *directory,
		      const struct part_store_visit *visit, struct error *f)
{
	struct directory d;
	const char *name;
	int r = 0;

	directory_open(&d, directory, f);
	while (r == 0 && (name = directory_next(&d, f))) {
		struct part_store_part part;

		if (read_part_name(name, &part))
			r = visit->part(visit->context, set, &part, f);
	}
	directory_close(&d);
	return error_is_set(f) ? -1 : r;
}

static int load_set(struct part_store *s, const char *set,
		    const struct part_store_visit *visit, struct error *f)
{
	struct arena a = ARENA_INIT;
	const char *directory = arena_format(&a, "%s/%s", s->path, set);
	struct buf text = BUF_INIT(PART_STORE_ABOUT_MAX);
	struct error unreadable = ERROR_INIT;
	struct about about;
	int r = disk_read_file(in_set(&a, s, set, "about"), &text, true,
			       &unreadable);

	if (error_is_set(&unreadable)) {
		*f = unreadable;
	} else if (r < 0) { /* without it there are no parts */
		r = part_store_forget(s, set, f);
	} else if (!parse_about(s->arena, text.data, &about)) {
		log_warning("%s/about is damaged; its parts stay there and are "
			    "not joined",
			    directory);
	} else {
		const char *mark = in_set(&a, s, set, UNSYNCED);

		r = s->is_dry ? 0 : disk_exists(mark, f);
		if (r > 0)
			r = clear_corrupt(s, set, directory, f);
		if (r == 0)
			r = visit->set(visit->context, set, &about, f);
		if (r == 0)
			r = load_parts(set, directory, visit, f);
	}
	buf_free(&text);
	arena_free(&a);
	return r;
}

int part_store_load(struct part_store *s, const struct part_store_visit *visit,
		    struct error *f)
{
	struct directory d;
	const char *name;
	size_t count = 0;
	int r = 0;

	directory_open(&d, s->path, f);
	while (r == 0 && (name = directory_next(&d, f))) {
		if (!text_is_hex(name, FRAGMENT_SET_SIZE - 1))
			continue;
		if (++count > SETS_MAX)
			error_set(f, ERROR_DATA,
				  "%s has more than %d sets; remove some",
				  s->path, SETS_MAX);
		else
			r = load_set(s, name, visit, f);
	}
	directory_close(&d);
	return error_is_set(f) ? -1 : r;
}

/* ---- an incoming part ---- */

static int incoming_put(struct sink *sink, const void *data, size_t n)
{
	struct part_store_incoming *in = (struct part_store_incoming *)sink;

	in->size += n;
	if (in->size > in->limit)
		return 0; /* it does not match: counted, not kept */
	return sink_put(&in->digest.sink, data, n);
}

static const struct sink_ops incoming_ops = { .put = incoming_put };

int part_store_begin(struct part_store *s, const char *set, uint64_t limit,
		     struct part_store_incoming *in, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct sink *to = NULL;

	*in = (struct part_store_incoming){
		.sink = { .ops = &incoming_ops, .error = f },
		.limit = limit,
		.fd = -1,
	};
	if (!s->is_dry) {
		const char *path = in_set(&a, s, set, "incoming");

		in->path = memory_dup(path);
		in->fd = open(path,
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
				      O_NOFOLLOW,
			      0600);
		if (in->fd < 0)
			error_errno(f, ERROR_CANTCREAT, errno,
				    "cannot write %s", path);
		sink_fd_init(&in->file, in->fd, in->path, f);
		to = &in->file.sink;
		arena_free(&a);
		crash_point("join-incoming");
	}
	digest_init(&in->digest, to, f);
	return error_is_set(f) ? -1 : 0;
}

int part_store_measure(struct part_store_incoming *in, struct error *f)
{
	if (error_is_set(f) || sink_close(&in->digest.sink) < 0)
		return -1;
	return in->fd < 0 ? 0 : sink_close(&in->file.sink);
}

void part_store_drop(struct part_store_incoming *in)
{
	digest_free(&in->digest);
	if (in->fd >= 0) {
		close(in->fd);
		unlink(in->path); /* overwritten if it remains */
	}
	sink_fd_free(&in->file);
	free(in->path);
	in->path = NULL;
	in->fd = -1;
}

int part_store_keep(struct part_store *s, const char *set,
		    struct part_store_incoming *in,
		    const struct part_store_part *part, struct error *f)
{
	struct arena a = ARENA_INIT;
	int r = 0;

	if (!s->is_dry) {
		const char *path = in_set(&a, s, set, part_name(&a, part));

		crash_point("join-written");
		r = disk_close(in->fd, in->path, f);
		in->fd = -1;
		if (r == 0 && mark_unsynced(&a, s, set, f))
			r = disk_sync_directory(arena_format(&a, "%s/%s",
							     s->path, set),
						f);
		crash_point("join-marked");
		if (r == 0 && !error_is_set(f) && rename(in->path, path) < 0)
			r = error_errno(f, ERROR_IO, errno, "cannot write %s",
					path);
		crash_point("join-renamed");
	}
	part_store_drop(in);
	arena_free(&a);
	return error_is_set(f) ? -1 : r;
}

static int sync_one(const char *path, struct error *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return error_errno(f, ERROR_IO, errno, "cannot read %s", path);
	r = disk_sync(fd, path, f);
	close(fd); /* only read from */
	return r;
}

int part_store_sync(struct part_store *s, const char *set, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct part_store_part part;
	const char *directory, *name;
	struct directory d;
	int r = 0;

	if (s->is_dry)
		return 0;
	directory = arena_format(&a, "%s/%s", s->path, set);
	directory_open(&d, directory, f);
	while (r == 0 && (name = directory_next(&d, f))) {
		struct arena each = ARENA_INIT;

		if (read_part_name(name, &part))
			r = sync_one(in_set(&each, s, set, name), f);
		arena_free(&each);
	}
	directory_close(&d);
	if (r == 0 && !error_is_set(f))
		r = disk_sync_directory(directory, f);
	crash_point("join-synced");
	if (r == 0 && !error_is_set(f) &&
	    unlink(in_set(&a, s, set, UNSYNCED)) < 0 && errno != ENOENT)
		error_errno(f, ERROR_IO, errno, "cannot remove %s/" UNSYNCED,
			    directory);
	arena_free(&a);
	return error_is_set(f) ? -1 : r;
}

/* ---- stored parts ---- */

int part_store_read(const struct part_store *s, const char *set,
		    const struct part_store_part *part, struct sink *to,
		    struct error *f)
{
	struct arena a = ARENA_INIT;
	const char *path = in_set(&a, s, set, part_name(&a, part));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct sink_count count;
	struct digest digest;
	struct source from;
	int r = -1;

	if (fd < 0) {
		r = errno == ENOENT ? 1
				    : error_errno(f, ERROR_IO, errno,
						  "cannot read %s", path);
		arena_free(&a);
		return r;
	}
	digest_init(&digest, to, to->error);
	sink_count_init(&count, &digest.sink, to->error);
	source_of_stream(&from, fd, path);
	if (pump(&from, &count.sink) == 0 && sink_close(&digest.sink) == 0)
		r = count.count != part->size ||
		    strcmp(digest.hex, part->sha256) != 0;
	digest_free(&digest);
	close(fd); /* only read from */
	arena_free(&a);
	return r;
}

int part_store_remove(struct part_store *s, const char *set,
		      const struct part_store_part *part, struct error *f)
{
	struct arena a = ARENA_INIT;
	const char *path = in_set(&a, s, set, part_name(&a, part));
	int r = 0;

	if (!s->is_dry && unlink(path) < 0 && errno != ENOENT)
		r = error_errno(f, ERROR_IO, errno, "cannot remove %s", path);
	arena_free(&a);
	return r;
}

static int remove_all(struct part_store *s, const char *set,
		      const char *directory, struct error *f)
{
	struct directory d;
	const char *name;

	directory_open(&d, directory, f);
	while ((name = directory_next(&d, f))) {
		struct arena a = ARENA_INIT;
		const char *path = in_set(&a, s, set, name);

		if (unlink(path) < 0 && errno != ENOENT)
			error_errno(f, ERROR_IO, errno, "cannot remove %s",
				    path);
		arena_free(&a);
		crash_point("join-forget");
	}
	directory_close(&d);
	return error_is_set(f) ? -1 : 0;
}

int part_store_forget(struct part_store *s, const char *set, struct error *f)
{
	struct arena a = ARENA_INIT;
	const char *directory = arena_format(&a, "%s/%s", s->path, set);
	int r = 0;

	if (!s->is_dry) {
		if (unlink(in_set(&a, s, set, "about")) < 0 && errno != ENOENT)
			r = error_errno(f, ERROR_IO, errno, "cannot remove %s",
					directory);
		crash_point("join-forget");
		if (r == 0)
			r = remove_all(s, set, directory, f);
		if (r == 0 && rmdir(directory) < 0 && errno != ENOENT)
			r = error_errno(f, ERROR_IO, errno, "cannot remove %s",
					directory);
	}
	arena_free(&a);
	return r;
}
