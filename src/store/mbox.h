/* mbox.h - messages in an mbox file (RFC 4155; quoting as in mboxrd). */
#ifndef STORE_MBOX_H
#define STORE_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "mail/header.h"

#define MBOX_SEPARATOR_MAX 256 /* octets of a "From " line, its end too */

/* Makes the file (0600) when it is not there, takes a lock, appends one
 * message with the fields of `extra` before its own, and syncs.  A write that
 * fails half-way is cut off again, so that the messages before it stay whole.
 * Line ends become LF.  What is no regular file (/dev/null, a FIFO that
 * has a reader) is written to as it is. */
int mbox_append(const char *path, const char *reverse_path,
		const struct header *extra, const struct slice *message,
		struct error *f);

/* Takes one message of an mbox (mbox_scan), "From " line and all, and passes
 * it on as it was before it was put there; with `is_raw` no ">" was. */
struct mbox_message {
	struct sink sink;
	bool is_raw;
	bool is_above; /* nothing of the header was seen yet */
	enum { MBOX_PREAMBLE, MBOX_SEPARATOR, MBOX_START, MBOX_REST } state;
	size_t blank; /* octets of an empty line that is held back */
	size_t held;  /* of a line that may be a "From " line */
	char line[MBOX_SEPARATOR_MAX];
};
void mbox_message_init(struct mbox_message *s, bool is_raw, struct sink *next);
/* Does the text begin like an mbox?  A BOM and empty lines may precede it. */
#define MBOX_BEGIN_OCTETS 512 /* that are to be looked at for it */
bool mbox_begins(const char *text, size_t n);
/* Octets of what is above the first message. */
size_t mbox_preamble(const char *text, size_t n);
/* Does the line begin "From "? */
bool mbox_is_from(const char *line, size_t n);
/* Is the line, with its end, "From somebody ... 05:30:00 2026" (a zone or
 * "remote from HOST" may follow), and not a sentence? */
bool mbox_is_separator(const char *line, size_t n);

/* ---- where its messages begin and end (mbox_scan.c) ---- */

/* There is no one mbox format: mboxo and mboxrd quote "From " lines of a body,
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
