/* excerpt.h - the first and the last lines of a job's output, for people.
 *
 * At most REPORT_WHOLE octets are looked at from each end, so that its memory
 * is constant.  A line ends at LF, and where the other stream goes on.  Of a
 * line that was written over (CR, as progress is shown) the last state stands
 * there, of a very long one its beginning. */
#ifndef RUN_EXCERPT_H
#define RUN_EXCERPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "run/ansi.h"
#include "run/capture.h"

/* What is shown of a range of lines. */
struct excerpt {
	const struct capture *output;
	bool is_marked;		    /* lines of standard error have "! " */
	bool is_shown[JOB_STREAMS]; /* of a stream that is text */
	bool is_shortened;	    /* not all of a line stands there */
	struct ansi ansi;
	char *block; /* CAPTURE_BLOCK octets at `offset` */
	uint64_t offset;
	size_t size;
	struct error trouble; /* of reading it */
};

void excerpt_init(struct excerpt *x, const struct capture *o);
void excerpt_free(struct excerpt *x);
/* Reads the first octets, or the last ones, and tells which of the streams are
 * no text. */
void excerpt_load(struct excerpt *x, bool is_end);

/* Where the first `lines` of the block end, in octets of it; no more than
 * `most` octets. */
size_t excerpt_first(const struct excerpt *x, unsigned lines, size_t most);
/* Where the last ones begin. */
size_t excerpt_last(const struct excerpt *x, unsigned lines, size_t most);
/* Appends the lines from one to the other. */
void excerpt_put(struct excerpt *x, size_t from, size_t to, struct buf *text,
		 struct buf *html);

#endif
