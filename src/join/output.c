/* output.c - all files are written before any is renamed. */
#include "join/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/disk.h"
#include "flow/atomic_file.h"

#define PREFIX ".mailjoin"

struct join_output_file {
	const char *path;
	struct atomic_file file; /* on its way to path */
	int spooled; /* instead, for standard output or a device; else -1 */
	uint64_t size;
	char sha256[DIGEST_HEX_SIZE];
	bool is_done;	    /* an identical file exists */
	struct sink_fd out; /* to `spooled` */
	struct digest digest;
	struct sink_count count;
	struct join_output_file *next;
};

void join_output_init(struct join_output *y, struct arena *a,
		      const struct join_output_place *place, bool is_forced,
		      struct error *f)
{
	*y = (struct join_output){
		.arena = a,
		.place = place,
		.is_forced = is_forced,
		.error = f,
	};
}

/* ---- writing ---- */

static const char *path_of(struct arena *a,
			   const struct join_output_place *place,
			   const char *name)
{
	if (place->file)
		return place->file;
	return arena_format(a, "%s/%s", place->directory, name);
}

static bool is_used(const struct join_output *y, const char *path)
{
	for (const struct join_output_file *x = y->files; x; x = x->next)
		if (strcmp(x->path, path) == 0)
			return true;
	return false;
}

/* Two files of a set may have the same name: the second gets a number. */
static int open_named(struct join_output *y, struct join_output_file *x,
		      const char *name)
{
	const char *directory;
	int r;

	x->path = path_of(y->arena, y->place, name);
	for (size_t i = y->count + 1; is_used(y, x->path); i++)
		x->path = arena_format(y->arena, "%s-%zu",
				       path_of(y->arena, y->place, name), i);
	directory = disk_dirname(y->arena, x->path);
	if (!y->count)
		tempfile_tidy(directory, PREFIX);
	if (y->place->file && y->is_forced)
		r = atomic_file_open(&x->file, y->arena, x->path, PREFIX, true,
				     ATOMIC_FILE_SHARED, y->error);
	else
		r = atomic_file_begin(&x->file, y->arena, directory, PREFIX,
				      ATOMIC_FILE_SHARED, y->error);
	crash_point("join-result");
	return r;
}

static int open_unnamed(struct join_output *y, struct join_output_file *x)
{
	const char *const *directory = y->place->spool;

	x->path = y->place->device ? y->place->device : "standard output";
	if (y->count)
		return error_set(y->error, ERROR_USAGE,
				 "the set contains several files: give a "
				 "directory with --output");
	for (; *directory && x->spooled < 0; directory++) {
		struct error each = ERROR_INIT;

		x->spooled = disk_open_unnamed(*directory, &each);
		if (x->spooled < 0 && !directory[1])
			*y->error = each;
	}
	return x->spooled < 0 ? -1 : 0;
}

int join_output_begin(struct join_output *y, const char *name, struct sink **to)
{
	struct join_output_file *x = arena_alloc(y->arena, sizeof(*x));
	int r;

	if (error_is_set(y->error))
		return -1;
	if (y->count >= JOIN_OUTPUT_FILES_MAX)
		return error_set(y->error, ERROR_DATA,
				 "the set has over %d files",
				 JOIN_OUTPUT_FILES_MAX);
	if (y->count && y->place->file)
		return error_set(y->error, ERROR_USAGE,
				 "the set contains several files: give a "
				 "directory with --output");
	x->spooled = -1;
	r = y->place->spool ? open_unnamed(y, x) : open_named(y, x, name);
	if (r < 0) {
		if (!y->place->spool)
			atomic_file_free(&x->file);
		return -1;
	}
	x->next = y->files;
	y->files = x;
	y->count++;
	if (y->place->spool)
		sink_fd_init(&x->out, x->spooled, x->path, y->error);
	digest_init(&x->digest,
		    y->place->spool ? &x->out.sink : &x->file.out.sink,
		    y->error);
	sink_count_init(&x->count, &x->digest.sink, y->error);
	*to = &x->count.sink;
	return error_is_set(y->error) ? -1 : 0;
}

int join_output_end(struct join_output *y, uint64_t *size, char *sha256)
{
	struct join_output_file *x = y->files;
	int r = sink_close(&x->digest.sink);

	if (r == 0)
		r = y->place->spool ? sink_close(&x->out.sink)
				    : atomic_file_finish(&x->file, y->error);
	if (r < 0)
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
	return 0;
}

/* ---- renaming ---- */

static bool is_same(const char *path, uint64_t size, const char *sha256)
{
	struct error f = ERROR_INIT;
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
	close(whole.fd); /* only read */
	return same;
}

bool join_output_is_there(struct arena *a,
			  const struct join_output_place *place,
			  const char *name, uint64_t size, const char *sha256)
{
	if (place->spool || (!place->file && !name))
		return false;
	return is_same(path_of(a, place, name), size, sha256);
}

static int is_taken(struct join_output *y, const char *path)
{
	return error_set(y->error, ERROR_CANTCREAT,
			 "%s exists already and is a different file: move it "
			 "away, use another --output, or use --force",
			 path);
}

static int look_at(struct join_output *y, struct join_output_file *x)
{
	struct stat st;
	int r = disk_lstat(x->path, &st, y->error);

	if (r > 0 && is_same(x->path, x->size, x->sha256)) {
		x->is_done = true;
		return 0;
	}
	y->was_there = false;
	if (r <= 0)
		return r;
	if (!y->is_forced)
		return is_taken(y, x->path);
	if (!S_ISREG(st.st_mode) && !y->place->file)
		return error_set(y->error, ERROR_CANTCREAT,
				 "%s is not a regular file: move it away",
				 x->path);
	return 0;
}

/* Nothing is renamed if one of them cannot be. */
static int look_first(struct join_output *y)
{
	y->was_there = y->count > 0 && !y->place->spool;
	for (struct join_output_file *x = y->files; x && !y->place->spool;
	     x = x->next)
		if (look_at(y, x) < 0)
			return -1;
	return 0;
}

static int name_file(struct join_output *y, struct join_output_file *x)
{
	int r;

	if (x->is_done)
		return 0;
	crash_point("join-name");
	r = x->file.path
		    ? atomic_file_commit(&x->file, y->error)
		    : atomic_file_commit_as(&x->file, disk_basename(x->path),
					    y->is_forced, y->error);
	crash_point("join-named");
	return r > 0 ? is_taken(y, x->path) : r;
}

/* To a descriptor, or a target that is not a regular file. */
static int print_to(struct join_output *y, struct join_output_file *x,
		    struct sink *to)
{
	struct slice whole = { .fd = x->spooled,
			       .length = x->size,
			       .name = "the file" };

	(void)y;
	return pump_slice(&whole, to);
}

static int print_file(struct join_output *y, struct join_output_file *x)
{
	struct sink_fd out;
	int r;

	sink_fd_init(&out, STDOUT_FILENO, x->path, y->error);
	r = print_to(y, x, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return r;
}

static int write_device(struct join_output *y, struct join_output_file *x)
{
	struct atomic_file file;
	int r = atomic_file_open(&file, y->arena, y->place->device, PREFIX,
				 y->is_forced, ATOMIC_FILE_SHARED, y->error);

	if (r > 0)
		r = is_taken(y, y->place->device);
	if (r == 0)
		r = print_to(y, x, &file.out.sink);
	if (r == 0)
		r = atomic_file_commit(&file, y->error);
	atomic_file_free(&file);
	return r;
}

int join_output_commit(struct join_output *y)
{
	const char *directory = NULL;

	if (error_is_set(y->error) || look_first(y) < 0)
		return -1;
	for (struct join_output_file *x = y->files; x; x = x->next) {
		int r = y->place->device  ? write_device(y, x)
			: y->place->spool ? print_file(y, x)
					  : name_file(y, x);

		if (r < 0)
			return -1;
		if (!y->place->spool)
			directory = disk_dirname(y->arena, x->path);
	}
	y->is_unsafe = directory && !atomic_file_sync(directory);
	return 0;
}

bool join_output_tidy(struct arena *a, const struct join_output_place *place,
		      const char *name)
{
	const char *directory;

	if (place->spool)
		return true;
	directory = disk_dirname(a, path_of(a, place, name));
	tempfile_tidy(directory, PREFIX);
	return atomic_file_sync(directory);
}

void join_output_free(struct join_output *y)
{
	for (struct join_output_file *x = y->files; x; x = x->next) {
		digest_free(&x->digest);
		sink_fd_free(&x->out);
		if (x->spooled >= 0)
			close(x->spooled); /* printed, or given up */
		x->spooled = -1;
		if (!y->place->spool)
			atomic_file_free(&x->file);
	}
}

const char *join_output_path(const struct join_output *y, size_t index)
{
	const struct join_output_file *x = y->files;

	if (index >= y->count)
		return NULL;
	for (size_t left = y->count - 1 - index; left; left--)
		x = x->next;
	return x->path;
}
