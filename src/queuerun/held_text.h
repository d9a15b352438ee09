/* held_text.h - what a digest says to a person. */
#ifndef QUEUERUN_HELD_TEXT_H
#define QUEUERUN_HELD_TEXT_H

#include "base/buf.h"
#include "flow/sink.h"
#include "queuerun/held_digest.h"

/* "63 mails in the past hour: disk full on db1 (41), backup failed (22)";
 * UTF-8. */
void held_text_subject(const struct held_digest *d, struct buf *out);
/* How many of which kind, from when to when; then each kind: its newest mail as
 * an excerpt, and when the others came.  UTF-8, CRLF. */
int held_text_write(const struct held_digest *d, struct sink *to);

#endif
