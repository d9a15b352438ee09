/* slice.c - reading by offset, and what becomes of a file meanwhile.
 *
 * A file is looked at after each read of it: what was handed on is then what
 * was there, and a reader that sends finds out before the last octet goes. */
#include "flow/slice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/disk.h"
#include "base/io.h"

struct slice slice_of_memory(const char *data, size_t n)
{
	return (struct slice){
		.memory = data, .fd = -1, .length = n, .name = "memory"
	};
}

struct slice slice_part(const struct slice *whole, uint64_t offset, uint64_t n)
{
	struct slice part = *whole;

	if (offset > whole->length)
		offset = whole->length;
	part.offset += offset;
	part.length -= offset;
	if (part.length > n)
		part.length = n;
	return part;
}

/* ---- a file ---- */

static bool read_sample(const struct slice_file *file, int fd, bool is_last,
			char *sample)
{
	uint64_t at = is_last ? file->size - file->sampled : 0;
	ssize_t n = io_pread_full(fd, sample, file->sampled, at);

	return n >= 0 && (size_t)n == file->sampled;
}

void slice_file_take(struct slice_file *file, int fd, const struct stat *st)
{
	file->size = file->seen_size = (uint64_t)st->st_size;
	file->seen_modified = st->st_mtim;
	file->has_changed = false;
	file->sampled =
		file->size < SLICE_SAMPLE ? (size_t)file->size : SLICE_SAMPLE;
	if (!read_sample(file, fd, false, file->first) ||
	    !read_sample(file, fd, true, file->last))
		file->sampled = 0;
}

/* What was written anew from its start, and is larger than it was. */
static bool has_other_octets(const struct slice_file *file, int fd)
{
	char now[SLICE_SAMPLE];

	for (int is_last = 0; is_last < 2; is_last++)
		if (!read_sample(file, fd, is_last, now) ||
		    memcmp(now, is_last ? file->last : file->first,
			   file->sampled) != 0)
			return true;
	return false;
}

static bool looks_changed(struct slice_file *file, int fd)
{
	bool is_as_seen;
	struct stat st;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < file->seen_size)
		return true;
	is_as_seen = (uint64_t)st.st_size == file->seen_size &&
		     disk_is_same_time(&st.st_mtim, &file->seen_modified);
	if (is_as_seen || (uint64_t)st.st_size == file->size)
		return !is_as_seen;
	file->seen_size = (uint64_t)st.st_size;
	file->seen_modified = st.st_mtim;
	return has_other_octets(file, fd);
}

bool slice_file_has_changed(struct slice_file *file, int fd)
{
	file->has_changed = file->has_changed || looks_changed(file, fd);
	return file->has_changed;
}

static ssize_t read_file(const struct slice *s, uint64_t at, void *data,
			 size_t n, struct error *f)
{
	ssize_t r = disk_pread_full(s->fd, data, n, s->offset + at, s->name, f);

	if (r < 0)
		return -1;
	if ((size_t)r < n && s->file)
		s->file->has_changed = true;
	if ((size_t)r < n)
		return error_set(
			f, ERROR_IO,
			"%s was truncated while it was read (%" PRIu64
			" octets are missing); send a copy that is not being "
			"written to",
			s->name, s->length - at - (uint64_t)r);
	if (s->file && slice_file_has_changed(s->file, s->fd))
		return error_set(f, ERROR_IO,
				 "%s changed while it was read; send a copy "
				 "that is not being written to",
				 s->name);
	return r;
}

/* ---- segments ---- */

void segments_add(struct segments *s, const struct slice *from,
		  const struct encoder *encoder)
{
	if (!from->length)
		return;
	s->all = memory_grow(s->all, s->count, &s->room, sizeof(*s->all));
	s->all[s->count++] = (struct segment){ .at = s->size,
					       .from = *from,
					       .encoder = encoder };
	s->size += encoder ? encoder->size(from->length) : from->length;
}

void segments_free(struct segments *s)
{
	free(s->all);
	*s = (struct segments){ .all = NULL };
}

/* The last that begins there or before. */
static const struct segment *find(const struct segments *s, uint64_t at)
{
	size_t low = 0, high = s->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->all[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return &s->all[low];
}

static ssize_t read_segment(const struct segments *s, uint64_t at, void *data,
			    size_t n, struct error *f)
{
	const struct segment *x = find(s, at);
	bool is_last = x + 1 == s->all + s->count;
	uint64_t left = (is_last ? s->size : x[1].at) - at;

	if (n > left)
		n = (size_t)left;
	if (x->encoder)
		return x->encoder->read(&x->from, at - x->at, data, n, f);
	return slice_read(&x->from, at - x->at, data, n, f);
}

ssize_t slice_read(const struct slice *s, uint64_t at, void *data, size_t n,
		   struct error *f)
{
	uint64_t left = at < s->length ? s->length - at : 0;

	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return 0;
	if (s->segments)
		return read_segment(s->segments, s->offset + at, data, n, f);
	if (!s->memory)
		return read_file(s, at, data, n, f);
	memcpy(data, s->memory + s->offset + at, n);
	return (ssize_t)n;
}
