/* program.h - how all three programs begin and end.
 *
 * program_main does this first, in an order in which each step is safe: it
 * refuses to run set-user-ID or set-group-ID and drops such rights; opens
 * standard input, output and error, so that no other file takes their place;
 * fixes a umask that would lock us out of our own files; makes SIGPIPE and
 * SIGXFSZ errors of write(), and catches the signals that end us
 * (base/interrupt.h), which program_finish delivers; removes variables from the
 * environment that would leak secrets; and handles running out of memory and
 * crashes of libraries, so that the exit status is true.
 *
 * Standard input that is closed reads as /dev/null does; so does /dev/null
 * opened for writing (nohup).  With a small stack (`ulimit -s 64`) we run on
 * one of our own.  Writing to a closed standard output is an error. */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

#include "base/error.h"
#include "base/interrupt.h"

struct program {
	const char *name;		   /* the prefix of messages */
	struct ending first;		   /* until ending_set is called */
	int (*run)(int argc, char **argv); /* the exit status */
};

/* All of main: returns the exit status.  If the start fails, that is reported
 * and standard input is read to its end. */
int program_main(const struct program *program, int argc, char **argv);
/* Call at the end of `run`.  A signal that was caught (base/interrupt.h) takes
 * its default action now, so that the shell sees it: for the shell the status
 * is 128 and its number. */
int program_finish(int status);

/* If the reader of our output is gone (`| head`), ends the process by SIGPIPE
 * without a message, as other filters do. */
void program_end_by_pipe(const struct error *f);
/* After an error: if standard input is a pipe or a socket, reads the rest of
 * it, so that its writer is not killed by SIGPIPE. */
void program_drain_input(void);

#endif
