/* source.c - slices and streams, and the one loop. */
#include "flow/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/io.h"

#define PUMP_ROOM  65536
#define SMALL_ROOM 4096	 /* where there is no memory */
#define LATE_MAX   65536 /* octets, after a signal */

void source_of_slice(struct source *s, const struct slice *slice)
{
	*s = (struct source){ .slice = *slice };
}

void source_of_stream(struct source *s, int fd, const char *name)
{
	*s = (struct source){
		.slice = { .fd = fd, .name = name },
		.stream = true,
	};
}

/* 0 when there is something to be read, or an end.  A signal that asks us to
 * end leaves what has arrived by then, a pipe's room at most. */
static int await_stream(struct source *s, struct error *f)
{
	struct pollfd p = { .fd = s->slice.fd, .events = POLLIN };

	if (interrupt_poll(&p, 1, -1) >= 0)
		return 0;
	if (errno != EINTR)
		return 0; /* read() will fail */
	if (s->late < LATE_MAX && poll(&p, 1, 0) > 0 && p.revents & POLLIN)
		return 0;
	return interrupt_error(f);
}

static ssize_t read_stream(struct source *s, void *data, size_t n,
			   struct error *f)
{
	ssize_t r;

	if (await_stream(s, f) < 0)
		return -1;
	r = io_read(s->slice.fd, data, n);
	if (r < 0)
		return io_read_error(s->slice.fd, errno, s->slice.name, f);
	/* what ends now may have been ended by the same signal */
	if (r == 0 && interrupt_is_due())
		return interrupt_error(f);
	if (interrupt_is_due())
		s->late += (uint64_t)r;
	s->done += (uint64_t)r;
	return r;
}

static ssize_t read_some(struct source *s, void *data, size_t n,
			 struct error *f)
{
	ssize_t r;

	if (s->is_over && *s->is_over)
		return 0;
	if (s->stream)
		return read_stream(s, data, n, f);
	r = slice_read(&s->slice, s->done, data, n, f);
	if (r > 0)
		s->done += (uint64_t)r;
	return r;
}

ssize_t source_read(struct source *s, void *data, size_t n, struct error *f)
{
	ssize_t r = read_some(s, data, n, f);

	s->failed |= r < 0;
	return r;
}

/* Memory goes straight to the sink: no copy, no loop. */
static int pump_memory(struct source *from, struct sink *to)
{
	const struct slice *m = &from->slice;
	uint64_t done = from->done;

	from->done = m->length;
	return sink_put(to, m->memory + m->offset + done,
			(size_t)(m->length - done));
}

static int pump_through(struct source *from, struct sink *to, char *room,
			size_t size)
{
	ssize_t n;

	while ((n = source_read(from, room, size, to->error)) > 0)
		if (sink_put(to, room, (size_t)n) < 0)
			break;
	return n != 0 ? -1 : 0;
}

int pump(struct source *from, struct sink *to)
{
	char small[SMALL_ROOM], *room;
	int r;

	if (!from->stream && from->slice.memory)
		return pump_memory(from, to);
	room = malloc(PUMP_ROOM); /* a stack may be as small as that */
	r = room ? pump_through(from, to, room, PUMP_ROOM)
		 : pump_through(from, to, small, sizeof(small));
	free(room);
	return r;
}

size_t slice_start(const struct slice *from, void *data, size_t n,
		   struct error *f)
{
	struct source s;
	size_t done = 0;
	ssize_t r;

	source_of_slice(&s, from);
	while (done < n &&
	       (r = source_read(&s, (char *)data + done, n - done, f)) > 0)
		done += (size_t)r;
	return done;
}

int pump_slice(const struct slice *from, struct sink *to)
{
	struct source s;

	source_of_slice(&s, from);
	return pump(&s, to);
}
