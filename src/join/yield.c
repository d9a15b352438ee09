/* yield.c - link(2) is the rename that never replaces; where a file system has
 * no links, a look and a rename have to do. */
#include "join/yield.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"

struct yield_file {
	const char *path, *temporary; /* NULL: standard output */
	int fd;			      /* -1: closed */
	uint64_t size;
	char sha256[DIGEST_HEX_SIZE];
	bool is_done; /* has its name, or needs none */
	struct sink_fd out;
	struct digest digest;
	struct sink_count count;
	struct yield_file *next;
};

void yield_init(struct yield *y, struct arena *a,
		const struct yield_place *place, const char *set,
		bool is_forced, struct fault *f)
{
	*y = (struct yield){
		.arena = a,
		.place = place,
		.set = set,
		.is_forced = is_forced,
		.fault = f,
	};
}

/* ---- writing ---- */

static const char *folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/"
			     : arena_dup_n(a, path, (size_t)(slash - path));
}

static const char *path_of(struct arena *a, const struct yield_place *place,
			   const char *name)
{
	if (place->file)
		return place->file;
	return arena_format(a, "%s/%s", place->folder, name);
}

static const char *temporary_of(struct arena *a, const char *path,
				const char *set, size_t index)
{
	return arena_format(a, "%s/.mailjoin-%s.%zu", folder_of(a, path), set,
			    index);
}

static bool is_used(const struct yield *y, const char *path)
{
	for (const struct yield_file *x = y->files; x; x = x->next)
		if (strcmp(x->path, path) == 0)
			return true;
	return false;
}

/* Two of one set may be called the same: a number goes behind the second. */
static int open_named(struct yield *y, struct yield_file *x, const char *name)
{
	x->path = path_of(y->arena, y->place, name);
	for (size_t i = y->count + 1; is_used(y, x->path); i++)
		x->path = arena_format(y->arena, "%s-%zu",
				       path_of(y->arena, y->place, name), i);
	x->temporary =
		arena_format(y->arena, "%s/.mailjoin-%s.%zu",
			     folder_of(y->arena, x->path), y->set, y->count);
	unlink(x->temporary); /* of a run that was killed */
	x->fd = open(x->temporary,
		     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (x->fd < 0)
		return fault_errno(y->fault, FAULT_CANTCREAT, errno,
				   "cannot write %s", x->temporary);
	crash_point("join-result");
	return 0;
}

static int open_unnamed(struct yield *y, struct yield_file *x)
{
	const char *const *folder = y->place->spool;

	x->path = "standard output";
	if (y->count)
		return fault_set(y->fault, FAULT_USAGE,
				 "the set gives several files: name a folder "
				 "with --output");
	for (; *folder && x->fd < 0; folder++) {
		struct fault each = FAULT_INIT;

		x->fd = disk_open_unnamed(*folder, &each);
		if (x->fd < 0 && !folder[1])
			*y->fault = each;
	}
	return x->fd < 0 ? -1 : 0;
}

int yield_begin(struct yield *y, const char *name, struct sink **to)
{
	struct yield_file *x = arena_alloc(y->arena, sizeof(*x));
	int r;

	if (fault_is_set(y->fault))
		return -1;
	if (y->count >= YIELD_FILES_MAX)
		return fault_set(y->fault, FAULT_DATA,
				 "the set has over %d files", YIELD_FILES_MAX);
	if (y->count && y->place->file)
		return fault_set(y->fault, FAULT_USAGE,
				 "the set gives several files: name a folder "
				 "with --output");
	x->fd = -1;
	r = y->place->spool ? open_unnamed(y, x) : open_named(y, x, name);
	if (r < 0)
		return -1;
	x->next = y->files;
	y->files = x;
	y->count++;
	sink_fd_init(&x->out, x->fd, x->path, y->fault);
	digest_init(&x->digest, &x->out.sink, y->fault);
	sink_count_init(&x->count, &x->digest.sink, y->fault);
	*to = &x->count.sink;
	return fault_is_set(y->fault) ? -1 : 0;
}

int yield_end(struct yield *y, uint64_t *size, char *sha256)
{
	struct yield_file *x = y->files;

	if (sink_close(&x->digest.sink) < 0 || sink_close(&x->out.sink) < 0)
		return -1;
	sink_fd_free(&x->out);
	x->size = x->count.count;
	memcpy(x->sha256, x->digest.hex, sizeof(x->sha256));
	digest_free(&x->digest);
	if (size)
		*size = x->size;
	if (sha256)
		memcpy(sha256, x->sha256, sizeof(x->sha256));
	crash_point("join-result-written");
	if (!x->temporary)
		return 0;
	if (disk_sync(x->fd, x->temporary, y->fault) < 0)
		return -1;
	if (disk_close(x->fd, x->temporary, y->fault) < 0) {
		x->fd = -1;
		return -1;
	}
	x->fd = -1;
	return 0;
}

/* ---- getting the names ---- */

static bool is_same(const char *path, uint64_t size, const char *sha256)
{
	struct fault f = FAULT_INIT;
	char hex[DIGEST_HEX_SIZE];
	struct slice whole = { .name = path };
	struct stat st;
	bool same = false;

	whole.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (whole.fd < 0)
		return false;
	if (fstat(whole.fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == size) {
		whole.length = size;
		same = digest_slice(&whole, hex, &f) == 0 &&
		       strcmp(hex, sha256) == 0;
	}
	close(whole.fd); /* only read from */
	return same;
}

bool yield_is_there(struct arena *a, const struct yield_place *place,
		    const char *name, uint64_t size, const char *sha256)
{
	if (place->spool || (!place->file && !name))
		return false;
	return is_same(path_of(a, place, name), size, sha256);
}

static int is_taken(struct yield *y, const char *path)
{
	return fault_set(y->fault, FAULT_CANTCREAT,
			 "%s is there already and is another file: move it "
			 "away, name another place with --output, or say "
			 "--force",
			 path);
}

/* Nothing gets a name while one of them cannot. */
static int look_first(struct yield *y)
{
	struct stat st;

	y->was_there = y->count > 0;
	for (struct yield_file *x = y->files; x; x = x->next) {
		if (!x->temporary || lstat(x->path, &st) < 0) {
			y->was_there = false;
			continue;
		}
		if (is_same(x->path, x->size, x->sha256)) {
			x->is_done = true;
			continue;
		}
		y->was_there = false;
		if (!y->is_forced)
			return is_taken(y, x->path);
		if (S_ISDIR(st.st_mode))
			return fault_set(y->fault, FAULT_CANTCREAT,
					 "%s is a folder: move it away",
					 x->path);
	}
	return 0;
}

static int name_file(struct yield *y, struct yield_file *x)
{
	bool has_links = true;
	int r;

	crash_point("join-name");
	if (!y->is_forced) {
		if (link(x->temporary, x->path) == 0)
			return 0;
		if (errno == EEXIST)
			return is_taken(y, x->path);
		has_links = errno != EPERM && errno != EOPNOTSUPP &&
			    errno != ENOSYS && errno != EMLINK;
	}
	if (y->is_forced || !has_links) {
		if (!y->is_forced && access(x->path, F_OK) == 0)
			return is_taken(y, x->path);
		r = rename(x->temporary, x->path);
		if (r == 0)
			return 0;
	}
	return fault_errno(y->fault, FAULT_CANTCREAT, errno, "cannot make %s",
			   x->path);
}

static int print_file(struct yield *y, struct yield_file *x)
{
	struct slice whole = { .fd = x->fd,
			       .length = x->size,
			       .name = "the file" };
	struct sink_fd out;
	int r;

	sink_fd_init(&out, STDOUT_FILENO, x->path, y->fault);
	r = pump_slice(&whole, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return r;
}

int yield_commit(struct yield *y)
{
	if (fault_is_set(y->fault) || look_first(y) < 0)
		return -1;
	for (struct yield_file *x = y->files; x; x = x->next) {
		if (!x->temporary) {
			if (print_file(y, x) < 0)
				return -1;
			continue;
		}
		if (!x->is_done && name_file(y, x) < 0)
			return -1;
		x->is_done = true;
		crash_point("join-named");
		unlink(x->temporary); /* one name is enough */
		if (disk_sync_folder(folder_of(y->arena, x->path), y->fault) <
		    0)
			return -1;
	}
	return 0;
}

void yield_tidy(struct arena *a, const struct yield_place *place,
		const char *name, const char *set)
{
	if (!place->spool)
		unlink(temporary_of(a, path_of(a, place, name), set, 0));
}

void yield_free(struct yield *y)
{
	for (struct yield_file *x = y->files; x; x = x->next) {
		digest_free(&x->digest);
		sink_fd_free(&x->out);
		if (x->fd >= 0)
			close(x->fd); /* given up, or printed */
		x->fd = -1;
		if (x->temporary)
			unlink(x->temporary); /* it has a name, or is nothing */
	}
}

const char *yield_path(const struct yield *y, size_t index)
{
	const struct yield_file *x = y->files;

	if (index >= y->count)
		return NULL;
	for (size_t left = y->count - 1 - index; left; left--)
		x = x->next;
	return x->path;
}
