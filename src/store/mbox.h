/* mbox.h - appending to an mbox file (RFC 4155; quoting as in mboxrd). */
#ifndef STORE_MBOX_H
#define STORE_MBOX_H

#include "base/fault.h"
#include "flow/source.h"
#include "mail/header.h"

/* Makes the file (0600) when it is not there, takes a lock, appends one
 * message with the fields of `extra` before its own, and syncs.  A write that
 * fails half-way is cut off again, so that the messages before it stay whole.
 * Line ends become LF. */
int mbox_append(const char *path, const char *reverse_path,
		const struct header *extra, const struct slice *message,
		struct fault *f);

#endif
