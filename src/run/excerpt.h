/* excerpt.h - the first and the last lines of a job's output, for people.
 *
 * At most REPORT_WHOLE octets are read from each end, so that memory use is
 * constant.  A line ends at LF, and where the other stream begins.  Of a line
 * that was overwritten (CR, as by a progress bar) the last state is shown, of a
 * very long one its beginning. */
#ifndef RUN_EXCERPT_H
#define RUN_EXCERPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "run/ansi.h"
#include "run/capture.h"

/* An excerpt. */
struct excerpt {
	const struct capture *output;
	bool is_marked;		    /* lines of stderr begin with "! " */
	bool is_shown[JOB_STREAMS]; /* of each stream: whether it is text */
	bool is_shortened;	    /* a line was cut */
	struct ansi ansi;
	char *block; /* CAPTURE_BLOCK octets at `offset` */
	uint64_t offset;
	size_t size;
	struct error error; /* when reading it */
};

void excerpt_init(struct excerpt *x, const struct capture *o);
void excerpt_free(struct excerpt *x);
/* Reads the first octets, or the last ones, and determines which streams are
 * text. */
void excerpt_load(struct excerpt *x, bool is_end);

/* The end of the first `lines` of the block, as an offset in it; at most
 * `most`. */
size_t excerpt_first(const struct excerpt *x, unsigned lines, size_t most);
/* The beginning of the last lines. */
size_t excerpt_last(const struct excerpt *x, unsigned lines, size_t most);
/* Appends the lines from one to the other. */
void excerpt_put(struct excerpt *x, size_t from, size_t to, struct buf *text,
		 struct buf *html);

#endif
