/* stage.c - memory until STAGE_MEMORY, then all of it into a file; at once,
 * where there is no memory.
 *
 * The memory goes on to gather what is written to the file, so that it is
 * written in large pieces.  What a pipe gave cannot be had again: where a write
 * fails, all that is in the file is copied to one in the next folder.  The file
 * is read with pread, so reading never moves the place where writing goes on.
 */
#include "flow/stage.h"

#include <unistd.h>

#include "base/disk.h"

/* What is in the file so far, into a new one. */
static int copy_file(const struct stage *s, int fd, struct error *f)
{
	struct slice so_far = { .fd = s->fd,
				.length = s->written,
				.name = s->name };
	struct sink_fd to;
	int r;

	if (!s->written)
		return 0;
	sink_fd_init(&to, fd, *s->folder, f);
	r = pump_slice(&so_far, &to.sink);
	if (r == 0)
		r = sink_close(&to.sink);
	sink_fd_free(&to);
	return r;
}

/* To the next folder that takes it; -1 with the last one's error, or one that
 * may pass where there was any. */
static int move_on(struct stage *s, struct error *f)
{
	const char *const *folder = s->folder ? s->folder + 1 : s->folders;
	struct error passing = ERROR_INIT;

	for (; *folder; folder++) {
		int fd;

		if (f->temporary)
			passing = *f;
		error_clear(f);
		s->folder = folder;
		fd = disk_open_unnamed(*folder, f);
		if (fd >= 0 && copy_file(s, fd, f) == 0) {
			if (s->fd >= 0)
				close(s->fd);
			s->fd = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	if (error_is_set(&passing) && !f->temporary)
		*f = passing;
	if (!error_is_set(f))
		error_set(f, ERROR_CANTCREAT,
			  "there is no directory for %s; set TMPDIR", s->name);
	return -1;
}

static int write_out(struct stage *s, const void *data, size_t n)
{
	struct error each = ERROR_INIT;

	while (s->fd < 0 ||
	       disk_write_all(s->fd, data, n, *s->folder, &each) < 0)
		if (move_on(s, &each) < 0) {
			*s->sink.error = each;
			s->stored = s->fd < 0 ? s->memory.len : s->written;
			s->size = s->stored;
			return -1;
		}
	s->written += n;
	return 0;
}

static int flush(struct stage *s)
{
	if (s->memory.len && write_out(s, s->memory.data, s->memory.len) < 0)
		return -1;
	buf_reset(&s->memory);
	return 0;
}

static int stage_put(struct sink *sink, const void *data, size_t n)
{
	struct stage *s = (struct stage *)sink;

	if (s->memory.len + n > STAGE_MEMORY && flush(s) < 0)
		return -1;
	if (n <= STAGE_MEMORY && buf_reserve(&s->memory, n) == 0)
		buf_put(&s->memory, data, n);
	else if (flush(s) < 0 || write_out(s, data, n) < 0)
		return -1;
	s->stored += n;
	s->size += n;
	return 0;
}

/* ---- what is not copied ---- */

/* What was stored since the last slice; where it lies is known at the end. */
static void add_stored(struct stage *s)
{
	const struct slice run = { .fd = -1,
				   .offset = s->segmented,
				   .length = s->stored - s->segmented,
				   .name = s->name };

	segments_add(&s->segments, &run, NULL);
	s->segmented = s->stored;
}

static int stage_refer(struct sink *sink, const struct slice *from,
		       const struct encoder *encoder)
{
	struct stage *s = (struct stage *)sink;

	if (!s->refers || from->length < STAGE_REFER_MIN)
		return 0;
	add_stored(s);
	segments_add(&s->segments, from, encoder);
	s->size = s->segments.size;
	return 1;
}

static void settle_segments(struct stage *s)
{
	add_stored(s);
	for (size_t i = 0; i < s->segments.count; i++) {
		struct segment *x = &s->segments.all[i];

		if (!x->encoder && s->fd < 0)
			x->from.memory = s->memory.data;
		if (!x->encoder)
			x->from.fd = s->fd;
	}
}

static int stage_close(struct sink *sink)
{
	struct stage *s = (struct stage *)sink;

	if (s->fd >= 0) {
		if (flush(s) < 0)
			return -1;
		buf_free(&s->memory);
	}
	if (s->segments.count)
		settle_segments(s);
	return 0;
}

static const struct sink_ops stage_ops = { .put = stage_put,
					   .close = stage_close,
					   .refer = stage_refer };

void stage_init(struct stage *s, const char *const *folders, const char *name,
		struct error *f)
{
	*s = (struct stage){
		.sink = { .ops = &stage_ops, .error = f },
		.folders = folders,
		.fd = -1,
		.name = name,
	};
	buf_init(&s->memory, STAGE_MEMORY);
}

void stage_free(struct stage *s)
{
	buf_free(&s->memory);
	segments_free(&s->segments);
	if (s->fd >= 0)
		close(s->fd); /* unnamed: its bytes go with it */
	s->fd = -1;
}

struct slice stage_slice(const struct stage *s)
{
	struct slice slice = { .fd = s->fd,
			       .length = s->size,
			       .name = s->name };

	if (s->segments.count) {
		slice.segments = &s->segments;
		slice.fd = -1;
	} else if (s->fd < 0) {
		slice.memory = s->memory.data;
	}
	return slice;
}
