/* stage.c - memory until STAGE_MEMORY, then all of it into a file.
 *
 * Writes to the file go through sink_fd in large pieces; the file is read
 * with pread, so reading never moves the place where writing goes on. */
#include "queue/stage.h"

#include <unistd.h>

#include "base/disk.h"

static int open_in_first(struct stage *s)
{
	struct fault *f = s->sink.fault;

	for (const char *const *folder = s->folders; *folder; folder++) {
		struct fault each = FAULT_INIT;

		s->fd = disk_open_unnamed(*folder, &each);
		if (s->fd >= 0)
			return 0;
		if (!folder[1]) {
			*f = each;
			return -1;
		}
	}
	return fault_set(f, FAULT_CANTCREAT,
			 "there is no folder to keep %s in; set TMPDIR",
			 s->name);
}

static int spill(struct stage *s)
{
	if (open_in_first(s) < 0)
		return -1;
	sink_fd_init(&s->file, s->fd, s->name, s->sink.fault);
	if (sink_put(&s->file.sink, s->memory.data, s->memory.len) < 0)
		return -1;
	buf_free(&s->memory);
	return 0;
}

static int stage_put(struct sink *sink, const void *data, size_t n)
{
	struct stage *s = (struct stage *)sink;

	if (s->fd < 0 && s->size + n > STAGE_MEMORY && spill(s) < 0)
		return -1;
	s->size += n;
	if (s->fd >= 0)
		return sink_put(&s->file.sink, data, n);
	if (buf_put(&s->memory, data, n) < 0)
		return fault_set(sink->fault, FAULT_SOFTWARE,
				 "the stage's memory is too small");
	return 0;
}

static int stage_close(struct sink *sink)
{
	struct stage *s = (struct stage *)sink;

	return s->fd >= 0 ? sink_close(&s->file.sink) : 0;
}

static const struct sink_ops stage_ops = { stage_put, stage_close };

void stage_init(struct stage *s, const char *const *folders, const char *name,
		struct fault *f)
{
	*s = (struct stage){
		.sink = { .ops = &stage_ops, .fault = f },
		.folders = folders,
		.fd = -1,
		.name = name,
	};
	buf_init(&s->memory, STAGE_MEMORY);
}

void stage_free(struct stage *s)
{
	buf_free(&s->memory);
	sink_fd_free(&s->file);
	if (s->fd >= 0)
		close(s->fd); /* unnamed: its bytes go with it */
	s->fd = -1;
}

struct slice stage_slice(const struct stage *s)
{
	struct slice slice = { .fd = s->fd,
			       .length = s->size,
			       .name = s->name };

	if (s->fd < 0)
		slice.memory = s->memory.data;
	return slice;
}
