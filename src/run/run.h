/* run.h - `mailsend --run`: a job, and a mail when it matters.
 *
 * The job comes first: problems with the configuration, the network, the state
 * of earlier runs or the disk never prevent it from being run, and its exit
 * status is ours.  After it has ended, decide.h decides about the mail from the
 * stored state of earlier runs of the same name (state.h); the mail (report.h)
 * is sent like any mail, or else queued or saved (mail.h).  In doubt it is
 * sent. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "deliver/outcome.h"
#include "run/capture.h"
#include "run/decide.h"
#include "run/job.h"
#include "run/patterns.h"
#include "run/ping.h"
#include "run/state.h"
#include "submit/split.h"

#define RUN_TAIL      200 /* lines of each end */
#define RUN_TAIL_MAX  10000
#define RUN_NAMES_MAX 64
#define RUN_STATUSES  256

enum run_kind {
	RUN_COMMAND,
	RUN_UNIT,   /* the mail about a systemd unit */
	RUN_LIST,   /* the known jobs */
	RUN_MISSED, /* for a monitor: was it run? */
};

enum run_lock {
	RUN_LOCK_NONE,
	RUN_LOCK_WAIT,	 /* until the other run has ended */
	RUN_LOCK_SKIP,	 /* not run, and no mail */
	RUN_LOCK_NOTIFY, /* not run, and a mail */
};

struct run_options {
	enum run_kind kind;
	const char *const *command; /* ends with NULL; NULL: none */
	struct decide_options decide;
	const char *name; /* NULL: the base name of the command */
	const char *unit;
	enum run_lock lock;
	struct job_step steps[JOB_STEPS_MAX];
	size_t step_count;
	bool ok[RUN_STATUSES]; /* exit statuses that are not failures */
	unsigned tail;
	const char *ping;     /* URL; NULL */
	bool has_compression; /* the request's was set by an option */
	struct patterns ignore, mask;
	bool passes_input, tee;
	int missed;			  /* seconds */
	const char *names[RUN_NAMES_MAX]; /* of the jobs to list; 0: all */
	size_t name_count;
};

void run_options_init(struct run_options *o);

/* All members are borrowed. */
struct run_input {
	const struct run_options *options;
	const struct request *request;
	const struct split_options *split;
	const char *const *spool; /* directories for the output */
	bool shows_output;	  /* print it as it arrives */
};

/* The data of a run that is not in the struct of the job. */
#define RUN_NOTES_MAX 8
struct run_record {
	struct arena *arena;
	const struct run_input *input;
	const char *name;
	struct process job;
	struct ping ping;
	struct capture output;
	char digest[STATE_DIGEST_SIZE]; /* of the output; "" */
	struct state before;		/* the stored state */
	struct state now;		/* with this run */
	struct decision decision;
	struct state_entry entry; /* where it is stored */
	bool is_blocked; /* another run has the lock: the job was not run */
	int64_t blocker; /* when that run started; 0: unknown */
	uint64_t waited; /* milliseconds for the lock */
	enum decide_loss lost;
	const char *unit_result; /* "exit-code", instead of a job's status */
	/* sentences about our own problems */
	const char *notes[RUN_NOTES_MAX];
	size_t note_count;

	/* the mail */
	bool is_mailed;	   /* there was a mail to send */
	bool is_shortened; /* only both ends of the output are sent */
	struct outcome outcome;
	struct error mail_error;
};

/* Runs the job and sends the mail if necessary; returns the exit status.  Never
 * fails itself.  Free with run_free. */
int run_job(struct run_record *run, struct arena *a,
	    const struct run_input *input);
void run_free(struct run_record *run);
void run_note(struct run_record *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool run_has_failed(const struct run_record *run);

#endif
