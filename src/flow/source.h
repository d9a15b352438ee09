/* source.h - a place to read bytes from, and the one loop that moves them.
 *
 * A source reads a slice (slice.h) from its start, or a descriptor that can be
 * read only once.  It borrows what it reads. */
#ifndef FLOW_SOURCE_H
#define FLOW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "flow/sink.h"
#include "flow/slice.h"

struct source {
	struct slice slice;
	bool stream; /* read(fd) until its end; the slice's length is unknown */
	bool failed; /* it was the reading, whatever was pumped to */
	uint64_t done;	     /* bytes delivered so far */
	uint64_t late;	     /* of these, after a signal that ends us */
	const bool *is_over; /* NULL, or reading ends once it is true */
};

void source_of_slice(struct source *s, const struct slice *slice);
void source_of_stream(struct source *s, int fd, const char *name);

/* Bytes read, 0 at the end, -1 with the error: of a slice as slice_read says.
 * A stream that had not come to its end when a signal asked us to end
 * (base/interrupt.h) is ERROR_INTERRUPTED. */
ssize_t source_read(struct source *s, void *data, size_t n, struct error *f);

/* The first octets of a slice: n of them, or fewer where it has fewer or cannot
 * be read, then with the error. */
size_t slice_start(const struct slice *from, void *data, size_t n,
		   struct error *f);

/* Until the source ends.  Errors go to sink->error.  Does not close. */
int pump(struct source *from, struct sink *to);
int pump_slice(const struct slice *from, struct sink *to);

#endif
