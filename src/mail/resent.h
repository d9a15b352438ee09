/* resent.h - the newest Resent block of a header (RFC 5322 3.6.6).
 *
 * Who sends a message on puts a block of Resent- fields before those that are
 * there, so the first block is the newest.  Nothing marks its end but what
 * follows: a trace field, or a field that it has already. */
#ifndef MAIL_RESENT_H
#define MAIL_RESENT_H

#include "mail/header.h"

/* The first field that is not of the newest block any more; NULL where that
 * goes on to the header's end, or there is none.  Fields between that are no
 * Resent- ones do not end it. */
const struct field *resent_end(const struct header *h);

#endif
