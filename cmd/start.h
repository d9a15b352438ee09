/* start.h - what all three programs begin with, and how they end at once.
 *
 * In this order, each before the next can be misled: rights that are not the
 * caller's are given up and refused; standard input, output and error are
 * open, so that no file of ours takes their place; files that we make can be
 * used by us again, whatever the umask; SIGPIPE and SIGXFSZ are errors of
 * write(), and the signals that ask us to end are noted (base/interrupt.h),
 * which finish.h answers; what in the environment would give our secrets away
 * is gone; memory that is out, and a library that ends us by a signal, end with
 * a true status (base/ending.h).
 *
 * Standard input that is closed reads as /dev/null does; so does one that is
 * /dev/null opened for writing (nohup's).  Standard output that is closed takes
 * nothing: what has to be written there is an error. */
#ifndef CMD_START_H
#define CMD_START_H

#include "base/ending.h"
#include "base/fault.h"

/* First in main.  `name` is what messages begin with and `now` is true until
 * somebody says otherwise; both live as long as the process.  -1 with the fault
 * when the program must not go on: main tells it and ends, as the caller, who
 * can be told. */
int start_process(const char *name, const struct ending *now, struct fault *f);

#endif
