/* subject_shape.h - what two subjects have in common that differ in numbers.
 *
 * "disk 91% full on db1" and "disk 92% full on db1" are of one shape.  Numbers,
 * times, dates, hex digits and UUIDs become '#', ASCII letters lower case,
 * blanks one space.  What is a name stays as it is, digits and all: "db1",
 * "web-02", "sda1", "10.0.0.7", since an alert of another machine is another
 * alert; but for a date or five digits and more in it ("backup-20261130"). */
#ifndef MAIL_SUBJECT_SHAPE_H
#define MAIL_SUBJECT_SHAPE_H

#include "base/buf.h"

/* Appends the shape of a decoded subject. */
void subject_shape_put(struct buf *out, const char *subject);

#endif
