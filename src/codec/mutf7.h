/* mutf7.h - names of IMAP mailboxes (modified UTF-7, RFC 3501 5.1.3). */
#ifndef CODEC_MUTF7_H
#define CODEC_MUTF7_H

#include "base/buf.h"

/* Appends the name, which is UTF-8 without control characters; -1 where it is
 * not, or too long. */
int mutf7_put(struct buf *out, const char *name);

#endif
