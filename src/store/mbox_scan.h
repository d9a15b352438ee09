/* mbox_scan.h - where the messages of an mbox begin.
 *
 * Put its bytes here, then close; `found` is called with the offset of each
 * "From " line.  What is one is decided as mbox_message decides it, so that
 * what lies between two offsets is one message to it.  Content-Length is not
 * looked at: whoever writes it may be lying. */
#ifndef STORE_MBOX_SCAN_H
#define STORE_MBOX_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/sink.h"
#include "store/mbox.h"

struct mbox_scan {
	struct sink sink;
	/* -1 with the sink's fault ends it */
	int (*found)(void *context, uint64_t offset, struct fault *f);
	void *context;
	/* running state */
	uint64_t at, line_at;
	bool is_first, in_rest; /* in_rest: the line is none that matters */
	bool after_blank;
	size_t held;
	char line[MBOX_SEPARATOR_MAX];
};

void mbox_scan_init(struct mbox_scan *s,
		    int (*found)(void *context, uint64_t offset,
				 struct fault *f),
		    void *context, struct fault *f);

#endif
