/* program.h - how all three programs begin and end.
 *
 * In this order, each before the next can be misled: rights that are not the
 * caller's are given up and refused; standard input, output and error are
 * open, so that no file of ours takes their place; files that we make can be
 * used by us again, whatever the umask; SIGPIPE and SIGXFSZ are errors of
 * write(), and the signals that ask us to end are noted (base/interrupt.h),
 * which
 * program_finish answers; what in the environment would give our secrets away
 * is gone; memory that is out, and a library that ends us by a signal, end with
 * a true status (base/interrupt.h).
 *
 * Standard input that is closed reads as /dev/null does; so does one that is
 * /dev/null opened for writing (nohup's).  Where the stack is small
 * (`ulimit -s 64`) we run on one of our own.  Standard output that is closed
 * takes nothing: what has to be written there is an error. */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

#include "base/error.h"
#include "base/interrupt.h"

struct program {
	const char *name;    /* what messages begin with */
	struct ending first; /* true until somebody says otherwise */
	int (*run)(int argc, char **argv); /* the exit status */
};

/* All of main: the exit status.  Where we must not go on that is told, and
 * standard input read to its end. */
int program_main(const struct program *program, int argc, char **argv);
/* At the end of `run`.  A signal that asked us to end (base/interrupt.h) has
 * its own effect now, so that a shell whose loop we are in sees it: for the
 * shell the status is 128 and its number. */
int program_finish(int status);

/* Where the reader of our output went away (`| head`) there is nothing to
 * complain of: ends the process by SIGPIPE, as other filters do. */
void program_end_by_pipe(const struct error *f);
/* Standard input is a pipe or a socket that was to be read, and something went
 * wrong: reads the rest, so that whoever writes to it can go on. */
void program_drain_input(void);

#endif
