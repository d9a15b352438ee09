/* job.h - the process of a job: started, watched, and ended.
 *
 * It is executed directly, in a process group of its own; at a terminal it has
 * that, as from a shell (base/command.h).  What it writes comes back by a pipe
 * for each stream, in the order in which it arrives.  SIGHUP, SIGINT, SIGTERM,
 * SIGQUIT, SIGUSR1, SIGUSR2 and SIGTSTP are passed on to the group, however
 * often they come; one that was ignored when we were started is ignored by the
 * job, too.
 *
 * The end is that of the process itself.  What it left in the background may
 * hold the pipes: that is read for JOB_LINGER_MS more, so that a pipeline which
 * the job does not wait for can finish, and then left to itself. */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define JOB_STEPS_MAX 16
#define JOB_LINGER_MS 1000

#define JOB_EXIT_TIMEOUT    124 /* as timeout(1), env(1) and shells have it */
#define JOB_EXIT_CANNOT_RUN 126
#define JOB_EXIT_NOT_FOUND  127
#define JOB_EXIT_SIGNAL	    128 /* and the signal's number */

enum job_stream { JOB_STDOUT, JOB_STDERR, JOB_STREAMS };

/* A signal, so many seconds after the one before it, or after the start. */
struct job_step {
	int seconds;
	int signal;
};

struct process {
	/* what is wanted; borrowed */
	const char *const *argv;
	bool passes_input; /* our standard input, else /dev/null */
	const struct job_step *steps;
	size_t step_count; /* 0: it may take however long */
	void (*said)(void *context, enum job_stream stream, const void *data,
		     size_t n);
	void *context;

	/* what became of it */
	int error;  /* errno: why it could not be run; 0 */
	int status; /* waitpid's */
	bool is_timed_out;
	int64_t started, ended; /* sysenv_now(); the clock may have been set */
	uint64_t milliseconds;	/* by the clock that is never set */
	uint64_t user, system;	/* of the processor, milliseconds */
	uint64_t peak;		/* octets of memory of its largest process */
};

/* Returns once it has ended.  -1 with the error where it could not be run, and
 * then `error` tells why. */
int job_run(struct process *j, struct error *f);
/* The exit status that tells what became of it. */
int job_exit(const struct process *j);
/* The signal that ended it, 0. */
int job_signal(const struct process *j);

/* "TERM", or "SIGTERM", in any case of letters, or a number; 0: none. */
int job_signal_number(const char *name);
/* "SIGTERM"; room for JOB_SIGNAL_SIZE. */
#define JOB_SIGNAL_SIZE 16
void job_signal_name(int number, char out[JOB_SIGNAL_SIZE]);

#endif
