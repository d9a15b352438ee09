/* mbox_reader.h - the messages of an mbox, by offset; mbox_reader's own state,
 * for mbox_rewrite too. */
#ifndef STORE_MBOX_READER_H
#define STORE_MBOX_READER_H

#include <stdint.h>

#include "store/mbox_scan.h"

#include "store/kinds.h"

struct mbox_reader {
	int fd;
	struct mbox_part *parts; /* one for each message */
	struct mbox_doubt doubt;
	uint64_t size;
};

/* Writes a file without the messages that are marked, and renames it over the
 * mbox: the old file is there, or the new one is, and never half of it. */
int mbox_rewrite(struct mailbox *m, struct error *f);

#endif
