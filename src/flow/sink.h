/* sink.h - a place to push bytes.
 *
 * A sink takes every byte offered and pushes its own result onward.  The
 * first failure sticks in the shared error: later puts do nothing and return
 * -1, so a writer checks once, at close.  A sink borrows the next one and is
 * embedded in the struct of its kind, whose init fills it.  `next` may be
 * NULL only for kinds that end a chain. */
#ifndef FLOW_SINK_H
#define FLOW_SINK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

struct sink;
struct slice;
struct encoder;
struct sink_ops {
	int (*put)(struct sink *s, const void *data, size_t n);
	int (*close)(struct sink *s); /* NULL: nothing is held back */
	/* NULL: it takes bytes alone */
	int (*refer)(struct sink *s, const struct slice *from,
		     const struct encoder *encoder);
};

struct sink {
	const struct sink_ops *ops;
	struct sink *next;   /* NULL at the end */
	struct error *error; /* shared by the chain */
};

int sink_put(struct sink *s, const void *data, size_t n);
int sink_puts(struct sink *s, const char *text);
/* What is formatted is at most 4096 octets; more is a bug and an error. */
int sink_printf(struct sink *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* In place of all the bytes of the slice, encoded (flow/slice.h): 1 where the
 * sink took that; 0: put the bytes; -1.  The slice, which is copied, and what
 * it borrows then have to stay as long as what the sink writes to. */
int sink_refer(struct sink *s, const struct slice *from,
	       const struct encoder *encoder);
/* Flushes this sink's own tail; never closes next.  Once only. */
int sink_close(struct sink *s);

/* What a filter pushes on, gathered, so that short pieces do not cost two calls
 * each.  A failure sticks in the chain's error, where the filter looks once. */
struct sink_room {
	struct sink *next;
	size_t filled;
	char data[4096];
};
/* `data` stays as it is: it need not be cleared. */
static inline void sink_room_init(struct sink_room *r, struct sink *next)
{
	r->next = next;
	r->filled = 0;
}
void sink_room_flush(struct sink_room *r);
void sink_room_put_long(struct sink_room *r, const void *data, size_t n);
static inline void sink_room_put(struct sink_room *r, const void *data,
				 size_t n)
{
	if (n > sizeof(r->data) - r->filled) {
		sink_room_put_long(r, data, n);
		return;
	}
	memcpy(r->data + r->filled, data, n);
	r->filled += n;
}

/* Into a buffer; passing its cap is ERROR_SOFTWARE. */
struct sink_buf {
	struct sink sink;
	struct buf *out; /* borrowed */
};
void sink_buf_init(struct sink_buf *s, struct buf *out, struct error *f);

/* The first octets into a buffer, as many as it takes; the rest is dropped. */
struct sink_start {
	struct sink sink;
	struct buf *out; /* borrowed */
};
void sink_start_init(struct sink_start *s, struct buf *out, struct error *f);

/* To a descriptor, gathered into large writes; the descriptor is borrowed. */
struct sink_fd {
	struct sink sink;
	int fd;
	const char *name;
	size_t held;
	char *room;
};
void sink_fd_init(struct sink_fd *s, int fd, const char *name, struct error *f);
/* After close, or instead of it when the chain is given up. */
void sink_fd_free(struct sink_fd *s);

/* Into two sinks; both are borrowed and neither is closed. */
struct sink_tee {
	struct sink sink;
	struct sink *other;
};
void sink_tee_init(struct sink_tee *s, struct sink *one, struct sink *other);

/* Counts what passes; next may be NULL. */
struct sink_count {
	struct sink sink;
	uint64_t count;
};
void sink_count_init(struct sink_count *s, struct sink *next, struct error *f);

#endif
