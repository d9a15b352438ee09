/* sink.c - the put and close that guard every kind, and the plain kinds. */
#include "flow/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/disk.h"
#include "flow/slice.h"

#define FD_ROOM 65536

int sink_put(struct sink *s, const void *data, size_t n)
{
	if (error_is_set(s->error))
		return -1;
	return n ? s->ops->put(s, data, n) : 0;
}

int sink_puts(struct sink *s, const char *text)
{
	return sink_put(s, text, strlen(text));
}

int sink_printf(struct sink *s, const char *format, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return error_set(s->error, ERROR_SOFTWARE,
				 "a formatted line is over %zu octets",
				 sizeof(text));
	return sink_put(s, text, (size_t)n);
}

int sink_refer(struct sink *s, const struct slice *from,
	       const struct encoder *encoder)
{
	if (error_is_set(s->error))
		return -1;
	return s->ops->refer ? s->ops->refer(s, from, encoder) : 0;
}

int sink_close(struct sink *s)
{
	if (error_is_set(s->error))
		return -1;
	return s->ops->close ? s->ops->close(s) : 0;
}

void sink_room_flush(struct sink_room *r)
{
	sink_put(r->next, r->data, r->filled);
	r->filled = 0;
}

/* More than there is room for. */
void sink_room_put_long(struct sink_room *r, const void *data, size_t n)
{
	sink_room_flush(r);
	if (n > sizeof(r->data))
		sink_put(r->next, data, n);
	else
		sink_room_put(r, data, n);
}

static int buf_sink_put(struct sink *s, const void *data, size_t n)
{
	struct sink_buf *b = (struct sink_buf *)s;

	if (buf_put(b->out, data, n) < 0)
		return error_set(s->error, ERROR_SOFTWARE,
				 "more than %zu octets for a buffer",
				 b->out->max);
	return 0;
}

static const struct sink_ops buf_ops = { .put = buf_sink_put };

void sink_buf_init(struct sink_buf *s, struct buf *out, struct error *f)
{
	s->sink = (struct sink){ .ops = &buf_ops, .error = f };
	s->out = out;
}

/* ---- the start ---- */

static int start_put(struct sink *sink, const void *data, size_t n)
{
	struct buf *out = ((struct sink_start *)sink)->out;
	size_t room = out->max - out->len;

	return buf_put(out, data, n < room ? n : room);
}

void sink_start_init(struct sink_start *s, struct buf *out, struct error *f)
{
	static const struct sink_ops ops = { .put = start_put };

	s->sink = (struct sink){ .ops = &ops, .error = f };
	s->out = out;
}

static int fd_flush(struct sink_fd *s)
{
	size_t n = s->held;

	s->held = 0;
	return disk_write_all(s->fd, s->room, n, s->name, s->sink.error);
}

static int fd_put(struct sink *sink, const void *data, size_t n)
{
	struct sink_fd *s = (struct sink_fd *)sink;

	if (s->held + n > FD_ROOM && fd_flush(s) < 0)
		return -1;
	if (!s->room && n < FD_ROOM)
		s->room = malloc(FD_ROOM);
	if (!s->room || n >= FD_ROOM)
		return disk_write_all(s->fd, data, n, s->name, sink->error);
	memcpy(s->room + s->held, data, n);
	s->held += n;
	return 0;
}

static int fd_close(struct sink *sink)
{
	return fd_flush((struct sink_fd *)sink);
}

static const struct sink_ops fd_ops = { .put = fd_put, .close = fd_close };

void sink_fd_init(struct sink_fd *s, int fd, const char *name, struct error *f)
{
	*s = (struct sink_fd){
		.sink = { .ops = &fd_ops, .error = f },
		.fd = fd,
		.name = name,
	};
}

void sink_fd_free(struct sink_fd *s)
{
	free(s->room);
	s->room = NULL;
}

static int tee_put(struct sink *s, const void *data, size_t n)
{
	if (sink_put(s->next, data, n) < 0)
		return -1;
	return sink_put(((struct sink_tee *)s)->other, data, n);
}

static const struct sink_ops tee_ops = { .put = tee_put };

void sink_tee_init(struct sink_tee *s, struct sink *one, struct sink *other)
{
	s->sink = (struct sink){ .ops = &tee_ops,
				 .next = one,
				 .error = one->error };
	s->other = other;
}

static int count_put(struct sink *s, const void *data, size_t n)
{
	((struct sink_count *)s)->count += n;
	return s->next ? sink_put(s->next, data, n) : 0;
}

static int count_refer(struct sink *s, const struct slice *from,
		       const struct encoder *encoder)
{
	int r = s->next ? sink_refer(s->next, from, encoder) : 1;

	if (r > 0)
		((struct sink_count *)s)->count += encoder->size(from->length);
	return r;
}

static const struct sink_ops count_ops = { .put = count_put,
					   .refer = count_refer };

void sink_count_init(struct sink_count *s, struct sink *next, struct error *f)
{
	s->sink = (struct sink){ .ops = &count_ops, .next = next, .error = f };
	s->count = 0;
}
