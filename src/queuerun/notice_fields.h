/* notice_fields.h - what a notice says to programs (RFC 3464 2, RFC 6533 4).
 */
#ifndef QUEUERUN_NOTICE_FIELDS_H
#define QUEUERUN_NOTICE_FIELDS_H

#include <stdbool.h>

#include "queuerun/notice_report.h"

/* Is there an address that only message/global-delivery-status can hold? */
bool notice_fields_are_global(const struct notice_report *r);
/* A group about the mail, and one for each recipient; of a digest, each names
 * its mail in fields that begin with X-.  Ends without an empty line. */
int notice_fields_write(const struct notice_report *r, struct sink *to);

#endif
