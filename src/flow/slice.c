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

void slice_file_take(struct slice_file *file, const struct stat *st)
{
	file->size = file->seen = (uint64_t)st->st_size;
	file->modified = st->st_mtim;
}

bool slice_file_has_changed(struct slice_file *file, int fd)
{
	uint64_t size;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return true;
	size = (uint64_t)st.st_size;
	if (size < file->seen)
		return true;
	file->seen = size;
	return size == file->size &&
	       (st.st_mtim.tv_sec != file->modified.tv_sec ||
		st.st_mtim.tv_nsec != file->modified.tv_nsec);
}

static ssize_t read_file(const struct slice *s, uint64_t at, void *data,
			 size_t n, struct error *f)
{
	ssize_t r = disk_pread_full(s->fd, data, n, s->offset + at, s->name, f);

	if (r < 0)
		return -1;
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
