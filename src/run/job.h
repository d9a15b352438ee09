/* job.h - the process of a job: starting it, watching it, ending it.
 *
 * It is executed directly, in its own process group; at a terminal, that is the
 * foreground group, as in a shell (base/command.h).  Its output is read from a
 * pipe for each stream, in the order in which it arrives.  SIGHUP, SIGINT,
 * SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2 and SIGTSTP are passed on to the group
 * each time; one that was ignored when we were started is also ignored by the
 * job.
 *
 * A job ends when its process ends.  Background processes that it left may hold
 * the pipes open: output is read for JOB_LINGER_MS more, so that a pipeline
 * that the job does not wait for can finish. */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define JOB_STEPS_MAX 16
#define JOB_LINGER_MS 1000

#define JOB_READER_SECONDS 300 /* of a reader that reads nothing */

#define JOB_EXIT_TIMEOUT    124 /* as in timeout(1), env(1) and shells */
#define JOB_EXIT_CANNOT_RUN 126
#define JOB_EXIT_NOT_FOUND  127
#define JOB_EXIT_SIGNAL	    128 /* plus the signal's number */

#define JOB_NO_INTERPRETER                                                     \
	"the interpreter in its first line, or its loader, does not exist"

enum job_stream { JOB_STDOUT, JOB_STDERR, JOB_STREAMS };

/* A signal, sent this many seconds after the previous one, or the start. */
struct job_step {
	int seconds;
	int signal;
};

struct process {
	/* options; borrowed */
	const char *const *argv;
	bool passes_input; /* our stdin, otherwise /dev/null */
	const struct job_step *steps;
	size_t step_count; /* 0: no time limit */
	void (*said)(void *context, enum job_stream stream, const void *data,
		     size_t n);
	void *context;
	/* `said` writes to our streams of that name: nothing is read for one
	 * that takes nothing, so that time limits and signals do not wait for
	 * its reader.  Becomes false JOB_READER_SECONDS after the job's end. */
	bool is_shown;

	/* the result */
	int error;		/* errno: why it could not be run; 0 */
	bool lacks_interpreter; /* ENOENT, although the file exists */
	int status;		/* waitpid's */
	bool is_timed_out;
	int64_t started, ended; /* sysenv_now(); the clock may have been set */
	uint64_t milliseconds;	/* by the monotonic clock */
	uint64_t user, system;	/* CPU time in milliseconds */
	uint64_t peak;		/* octets of memory of its largest process */
};

/* Returns after it has ended.  -1 with the error if it could not be run; then
 * `error` is set as well. */
int job_run(struct process *j, struct error *f);
/* The exit status for this result. */
int job_exit(const struct process *j);
/* The signal that ended it, 0. */
int job_signal(const struct process *j);

/* "TERM" or "SIGTERM", in any case, or a number; 0: unknown. */
int job_signal_number(const char *name);
/* "SIGTERM"; room for JOB_SIGNAL_SIZE. */
#define JOB_SIGNAL_SIZE 16
void job_signal_name(int number, char out[JOB_SIGNAL_SIZE]);

#endif
