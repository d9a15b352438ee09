/* command.h - runs another program, with a time limit.
 *
 * It runs in its own process group, so that a whole pipeline can be ended; at a
 * terminal it becomes the foreground group, as in a shell, and can ask for a
 * passphrase.  A signal that asks us to end (interrupt.h) ends it, and so does
 * the end of our process (Linux); what it leaves in the background when it ends
 * by itself keeps running.
 *
 *	struct command c = { .what = "passwordeval", .seconds = 60 };
 *	command_start(&c, argv, -1, ends[1], -1, f)
 *	command_wait(&c, ends[0], f) ... read ... until 0
 *	command_finish(&c, &status, f) */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/identity.h"

#define COMMAND_LIMIT 60 /* where nothing is specified */

struct command {
	const char *what;    /* in front of each error; never a secret */
	const char *setting; /* that sets the limit; NULL: there is none */
	unsigned seconds;    /* from the start to the end; 0: however long */
	int orphan_signal;   /* sent to it when our process ends; 0: SIGKILL */
	const struct identity
		*as; /* the user that it becomes, started by root; NULL: ours */

	/* its own */
	pid_t pid;
	int terminal; /* /dev/tty while it has that from us; -1 */
	bool is_gone, catches;
	bool is_lost; /* gone, and its status was read elsewhere */
	int status;
	struct rusage usage; /* of it and of those that it waited for */
	int error;	     /* why command_start failed; 0 */
	uint64_t start;
	struct sigaction child_action;
};

/* Looks for the program as a shell does.  -1: /dev/null as its input, our own
 * as its output and errors; the descriptors stay ours to close.  Signals are as
 * a shell has them.  After a failure command_finish must not be called. */
int command_start(struct command *c, const char *const *argv, int input,
		  int output, int errors, struct error *f);
/* Until `fd` has something to read or is at its end (1), or the program has
 * ended while there was nothing (0).  -1 when its time limit was reached
 * (temporary) or we are asked to end; call command_finish all the same. */
int command_wait(struct command *c, int fd, struct error *f);
/* Waits until it has ended, or, where `f` is set already, ends it with all of
 * its group.  *status is waitpid's, 0 where it was read elsewhere. */
int command_finish(struct command *c, int *status, struct error *f);

/* For a caller that waits by itself, without our limit: has it ended? One that
 * stopped is handled as above.  Its status and what it used are in `c`. */
bool command_look(struct command *c);
/* In place of command_finish, once it has ended. */
void command_release(struct command *c);

/* All of that for a line of the shell's which gets `n` octets
 * (COMMAND_INPUT_MAX at most) as its input and whose output goes to `out`; NULL
 * forgets it.  More than `out` takes sets its `overflow`. */
#define COMMAND_INPUT_MAX 65536 /* what a pipe of Linux's holds */
int command_exchange(struct command *c, const char *line, const void *input,
		     size_t n, struct buf *out, int *status, struct error *f);
/* The same for a program whose input is a descriptor; -1: /dev/null. */
int command_capture(struct command *c, const char *const *argv, int input,
		    struct buf *out, int *status, struct error *f);

#endif
