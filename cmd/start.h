/* start.h - what all three programs begin with, and how they end at once.
 *
 * In this order, each before the next can be misled: rights that are not the
 * caller's are given up and refused; standard input, output and error are
 * open, so that no file of ours takes their place; files that we make can be
 * used by us again, whatever the umask; SIGPIPE and SIGXFSZ are errors of
 * write(), and the signals that ask us to end are noted (base/interrupt.h),
 * which finish.h answers; what in the environment would give our secrets away
 * is gone; memory that is out, and a library that ends us by a signal, end with
 * a true status (base/interrupt.h).
 *
 * Standard input that is closed reads as /dev/null does; so does one that is
 * /dev/null opened for writing (nohup's).  Where the stack is small
 * (`ulimit -s 64`) we run on one of our own.  Standard output that is closed
 * takes nothing: what has to be written there is an error. */
#ifndef CMD_START_H
#define CMD_START_H

#include "base/error.h"
#include "base/interrupt.h"

struct program {
	const char *name;    /* what messages begin with */
	struct ending first; /* true until somebody says otherwise */
	int (*run)(int argc, char **argv); /* the exit status */
};

/* All of main: the exit status.  Where we must not go on that is told, and
 * standard input read to its end. */
int start_program(const struct program *program, int argc, char **argv);

#endif
