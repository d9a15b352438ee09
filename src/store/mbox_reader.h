/* mbox_reader.h - the messages of an mbox, by offset; mbox_reader's own state,
 * for mbox_rewrite too. */
#ifndef STORE_MBOX_READER_H
#define STORE_MBOX_READER_H

#include <stdint.h>

#include "store/kinds.h"

struct mbox_reader {
	int fd;
	/* where each message's "From " line begins; one more: the end */
	uint64_t *offsets;
	uint64_t size;
	int64_t changed, changed_ns; /* when it was written to, as we saw it */
};

/* Writes a file without the messages that are marked, and renames it over the
 * mbox: the old file is there, or the new one is, and never half of it. */
int mbox_rewrite(struct mailbox *m, struct fault *f);

#endif
