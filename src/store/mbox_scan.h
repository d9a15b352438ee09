/* mbox_scan.h - where the messages of an mbox begin and end.
 *
 * There is no one mbox format: mboxo and mboxrd quote "From " lines of a body,
 * mboxcl counts its octets (Content-Length), mboxcl2 counts and does not
 * quote, and programs write after "From " what they like: an address and the
 * date of asctime(), "-", a number, nothing.  So a "From " line that a header
 * field follows begins a message, whatever is before it, and so does one
 * with a date behind an empty line.  Content-Length is believed only where
 * another message or the end follows what it counts.
 *
 * Every octet belongs to exactly one message.  Where a line might begin a
 * message and might be text the file is in doubt: it can be read, but nothing
 * that deletes may go by these borders. */
#ifndef STORE_MBOX_SCAN_H
#define STORE_MBOX_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/source.h"

struct mbox_part {
	uint64_t offset, length;
	bool is_raw; /* mboxcl2: its "From " lines are not quoted */
};

struct mbox_doubt {
	bool is_set;
	uint64_t offset; /* of the first line that is in doubt */
};

/* Calls `found` for each message in order, -1 from it (with the error) ends
 * the scan.  Memory is constant, the slice is read once, and a few octets of
 * it twice.  `doubt` may be NULL. */
int mbox_scan(const struct slice *all,
	      int (*found)(void *context, const struct mbox_part *part,
			   struct error *f),
	      void *context, struct mbox_doubt *doubt, struct error *f);

#endif
