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

#define MBOX_SEPARATOR_MAX 256 /* octets of a "From " line and its line end */

/* Creates the file (0600) if it does not exist, locks it, appends one message
 * with the fields of `extra` before its own, and syncs.  If writing fails, the
 * file is truncated to its former size, so that the messages in it stay intact.
 * Line ends become LF.  To a character device (/dev/null) or a FIFO with a
 * reader it is written without lock and sync. */
int mbox_append(const char *path, const char *reverse_path,
		const struct header *extra, const struct slice *message,
		struct error *f);

/* Takes one message of an mbox (mbox_scan) with its "From " line, and restores
 * it to what it was before delivery; with `is_raw` no ">" is removed. */
struct mbox_message {
	struct sink sink;
	bool is_raw;
	bool is_above; /* before the header */
	enum { MBOX_PREAMBLE, MBOX_SEPARATOR, MBOX_START, MBOX_REST } state;
	size_t blank; /* held octets of an empty line */
	size_t held;  /* of a line that may be a "From " line */
	char line[MBOX_SEPARATOR_MAX];
};
void mbox_message_init(struct mbox_message *s, bool is_raw, struct sink *next);
/* Does the text begin like an mbox?  Allows a BOM and empty lines before it. */
#define MBOX_BEGIN_OCTETS 512 /* octets that it needs */
bool mbox_begins(const char *text, size_t n);
/* Octets before the first message. */
size_t mbox_preamble(const char *text, size_t n);
/* Does the line begin with "From "? */
bool mbox_is_from(const char *line, size_t n);
/* Is the line, with its end, "From somebody ... 05:30:00 2026" (a zone or
 * "remote from HOST" may follow), and not a sentence? */
bool mbox_is_separator(const char *line, size_t n);

/* ---- where its messages begin and end (mbox_scan.c) ---- */

/* There are several mbox formats: mboxo and mboxrd quote "From " lines of a
 * body, mboxcl counts its octets (Content-Length), mboxcl2 counts and does not
 * quote, and the text after "From " varies: an address and the date of
 * asctime(), "-", a number, nothing.  So a "From " line followed by a header
 * field begins a message, whatever precedes it, and so does one with a date
 * after an empty line.  Content-Length is trusted only if another message or
 * the end follows the octets that it counts.
 *
 * Every octet belongs to exactly one message.  If a line could either begin a
 * message or be text, the file is ambiguous: it can be read, but must not be
 * used for deleting. */

struct mbox_part {
	uint64_t offset, length;
	bool is_raw; /* mboxcl2: its "From " lines are not quoted */
};

struct mbox_doubt {
	bool is_set;
	uint64_t offset; /* of the first ambiguous line */
};

/* Calls `found` for each message in order; -1 from it (with the error) ends the
 * scan.  Memory is constant; the slice is read once, a few octets of it twice.
 * `doubt` may be NULL. */
int mbox_scan(const struct slice *all,
	      int (*found)(void *context, const struct mbox_part *part,
			   struct error *f),
	      void *context, struct mbox_doubt *doubt, struct error *f);

#endif
