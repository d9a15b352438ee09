/* capture.c - two stages and a ring buffer.
 *
 * A mark is eight octets, the offset at which another stream begins and, in its
 * lowest bit, which stream: they are sorted, so that one is found by binary
 * search. */
#include "run/capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define MARK_SIZE sizeof(uint64_t)

void capture_init(struct capture *o, const char *const *spool)
{
	*o = (struct capture){ .most = CAPTURE_MAX };
	stage_init(&o->all, spool, "the output", &o->error);
	stage_init(&o->marks, spool, "the output", &o->marks_trouble);
}

void capture_free(struct capture *o)
{
	stage_free(&o->all);
	stage_free(&o->marks);
	free(o->end);
	o->end = NULL;
}

static void mark(struct capture *o, enum job_stream stream)
{
	uint64_t word = o->size << 1 | (uint64_t)stream;

	if (o->has_begun && o->last == stream)
		return;
	o->has_begun = true;
	o->last = stream;
	sink_put(&o->marks.sink, &word, sizeof(word)); /* keeps the error */
}

/* Counts the beginnings of lines, so that a last one without an end counts. */
static void count_lines(struct capture *o, const char *data, size_t n)
{
	size_t ends = 0;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		ends += data[i] == '\n';
	o->lines += ends + !o->is_amid_line;
	o->is_amid_line = data[n - 1] != '\n';
	o->lines -= !o->is_amid_line;
}

/* Keeps the last octets, where nothing else stores them. */
static void put_end(struct capture *o, const char *data, size_t n)
{
	if (!o->end)
		o->end = memory_alloc(CAPTURE_BLOCK);
	if (n > CAPTURE_BLOCK) {
		data += n - CAPTURE_BLOCK;
		n = CAPTURE_BLOCK;
	}
	while (n) {
		size_t room = CAPTURE_BLOCK - o->end_at;
		size_t step = n < room ? n : room;

		memcpy(o->end + o->end_at, data, step);
		o->end_at = (o->end_at + step) % CAPTURE_BLOCK;
		o->end_size += step;
		data += step;
		n -= step;
	}
	if (o->end_size > CAPTURE_BLOCK)
		o->end_size = CAPTURE_BLOCK;
}

/* Data that the stage could not write is still in its memory. */
static void save_end(struct capture *o)
{
	put_end(o, o->all.memory.data, o->all.memory.len);
}

void capture_put(struct capture *o, enum job_stream stream, const void *data,
		 size_t n)
{
	mark(o, stream);
	count_lines(o, data, n);
	o->size += n;
	o->of[stream] += n;
	o->is_full |= o->all.size + n > o->most;
	if (o->is_full || o->end) {
		put_end(o, data, n);
	} else if (sink_put(&o->all.sink, data, n) < 0) {
		save_end(o);
		put_end(o, data, n);
	}
}

void capture_finish(struct capture *o)
{
	if (!error_is_set(&o->error) && sink_close(&o->all.sink) < 0 && !o->end)
		save_end(o);
	if (o->is_full)
		error_set(&o->error, ERROR_DATA,
			  "it is longer than what is kept of one run");
	if (!error_is_set(&o->marks_trouble))
		sink_close(&o->marks.sink);
}

bool capture_is_cut(const struct capture *o)
{
	return error_is_set(&o->error);
}

struct slice capture_slice(const struct capture *o)
{
	return stage_slice(&o->all);
}

uint64_t capture_end_from(const struct capture *o)
{
	return capture_is_cut(o) ? o->size - o->end_size : 0;
}

/* Reads from the ring. */
static size_t read_end(const struct capture *o, uint64_t offset, char *data,
		       size_t n)
{
	uint64_t from = o->size - o->end_size;
	size_t skip = (size_t)(offset - from);
	size_t first = o->end_size < CAPTURE_BLOCK ? 0 : o->end_at;

	if (n > o->end_size - skip)
		n = o->end_size - skip;
	for (size_t i = 0; i < n; i++)
		data[i] = o->end[(first + skip + i) % CAPTURE_BLOCK];
	return n;
}

ssize_t capture_read(const struct capture *o, uint64_t offset, char *data,
		     size_t n, struct error *f)
{
	struct slice part = capture_slice(o);
	struct source from;
	size_t done = 0;

	if (capture_is_cut(o) && offset >= o->size - o->end_size)
		return (ssize_t)read_end(o, offset, data, n);
	if (offset >= part.length)
		return 0;
	part = slice_part(&part, offset, n);
	source_of_slice(&from, &part);
	while (done < part.length) {
		ssize_t step = source_read(&from, data + done,
					   (size_t)part.length - done, f);

		if (step < 0)
			return -1;
		if (step == 0)
			break;
		done += (size_t)step;
	}
	return (ssize_t)done;
}

/* 0 if it cannot be read: then all output counts as the first stream's. */
static uint64_t mark_at(const struct capture *o, uint64_t i)
{
	struct slice one = stage_slice(&o->marks);
	struct error unread = ERROR_INIT;
	struct source from;
	uint64_t word = 0;

	one = slice_part(&one, i * MARK_SIZE, MARK_SIZE);
	source_of_slice(&from, &one);
	return source_read(&from, &word, sizeof(word), &unread) ==
			       (ssize_t)sizeof(word)
		       ? word
		       : 0;
}

enum job_stream capture_stream(const struct capture *o, uint64_t offset,
			       uint64_t *until)
{
	uint64_t low = 0, high = o->marks.size / MARK_SIZE;
	uint64_t count = high;

	*until = o->size;
	if (error_is_set(&o->marks_trouble) || !count)
		return JOB_STDOUT;
	/* the last one that begins at or before it */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (mark_at(o, middle) >> 1 <= offset)
			low = middle;
		else
			high = middle;
	}
	if (low + 1 < count)
		*until = mark_at(o, low + 1) >> 1;
	return mark_at(o, low) & 1 ? JOB_STDERR : JOB_STDOUT;
}
