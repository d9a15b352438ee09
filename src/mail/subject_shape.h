/* subject_shape.h - a subject with its numbers masked, to group similar ones.
 *
 * "disk 91% full on db1" and "disk 92% full on db1" have the same shape.
 * Numbers, times, dates, hex digits and UUIDs become '#', ASCII letters lower
 * case, blanks one space.  Names keep their digits: "db1", "web-02", "sda1",
 * "10.0.0.7", since an alert of another machine is another alert; except a date
 * or five or more digits in a name ("backup-20261130"). */
#ifndef MAIL_SUBJECT_SHAPE_H
#define MAIL_SUBJECT_SHAPE_H

#include "base/buf.h"

/* Appends the shape of a decoded subject. */
void subject_shape_put(struct buf *out, const char *subject);

#endif
