/* flush.c - starting, watching and reaping the processes.
 *
 * Each group of mails has a process (worker.h) that reports its steps through a
 * pipe; a few run at a time.  A process whose pipe ends without WORKER_ENDED,
 * or that is silent for too long, was killed or blocked by a mail.  If one mail
 * was begun and not finished, that mail is deferred, and a new process goes on
 * with the others.  If there are several, a new process tries them one at a
 * time, to find out which one it is.  When a process dies before its first
 * mail, that mail is deferred, so that every process makes progress.
 *
 * The processes have our signal handlers (base/interrupt.h): each stops at
 * once, and its mails stay in the queue. */
#include "queuerun/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "queuerun/held.h"
#include "queuerun/notice.h"
#include "queuerun/selection.h"
#include "queuerun/worker.h"

#define JOBS_MAX   4	   /* groups at a time */
#define SILENCE_MS 3600000 /* milliseconds */

struct job {
	pid_t pid; /* 0: free */
	int fd;
	struct selection_group *group;
	bool *is_begun, *is_over; /* by mail */
	size_t alone;		  /* those before it go one at a time */
	bool ended;		  /* WORKER_ENDED was read */
	bool stuck;
	uint64_t last_event;
};

struct run {
	const struct flush *flush;
	struct flush_result *result;
	struct selection selection;
	struct selection_group *next; /* to be started */
	struct job jobs[JOBS_MAX];
	bool notifies;
	bool is_stopping;
	int out_fd; /* in a worker process: the pipe */
};

/* ---- the events of a worker ---- */

struct message {
	uint32_t mail, event;
};

static void on_event(struct run *run, struct job *job, const struct message *m)
{
	struct flush_result *result = run->result;

	job->last_event = sysenv_ticks();
	if (m->mail >= job->group->count)
		return;
	switch ((enum worker_event)m->event) {
	case WORKER_BEGUN:
		job->is_begun[m->mail] = true;
		return;
	case WORKER_ALIVE:
		return;
	case WORKER_NOTICE:
		run->notifies = true;
		return;
	case WORKER_ENDED:
		job->ended = true;
		return;
	case WORKER_SENT:
		result->sent++;
		break;
	case WORKER_DEFERRED:
		result->deferred++;
		break;
	case WORKER_FAILED:
		result->failed++;
		break;
	case WORKER_BUSY:
		result->busy++;
		break;
	case WORKER_BAD:
		result->bad++;
		break;
	case WORKER_SKIPPED:
		break;
	}
	job->is_over[m->mail] = true;
}

/* Short enough to be written whole or not at all. */
static int report_to_pipe(void *context, size_t mail, enum worker_event event)
{
	struct run *run = context;
	struct message m = { .mail = (uint32_t)mail, .event = event };
	struct error ignored = ERROR_INIT;

	return disk_write_all(run->out_fd, &m, sizeof(m), "a pipe", &ignored);
}

struct link {
	struct run *run;
	struct job *job;
};

static int report_here(void *context, size_t mail, enum worker_event event)
{
	struct link *l = context;
	struct message m = { .mail = (uint32_t)mail, .event = event };

	on_event(l->run, l->job, &m);
	return 0;
}

/* ---- processes ---- */

static struct worker worker_of(const struct run *run, const struct job *job)
{
	return (struct worker){
		.selection = &run->selection,
		.group = job->group,
		.is_over = job->is_over,
		.alone = job->alone,
	};
}

static void run_here(struct run *run, struct job *job)
{
	struct link link = { .run = run, .job = job };
	struct worker w = worker_of(run, job);

	w.report = report_here;
	w.context = &link;
	worker_run(&w);
}

/* In the new process. */
static noreturn void run_child(struct run *run, struct job *job, int out_fd)
{
	struct worker w = worker_of(run, job);

	for (size_t i = 0; i < JOBS_MAX; i++)
		if (run->jobs[i].pid)
			close(run->jobs[i].fd);
	run->out_fd = out_fd;
	w.report = report_to_pipe;
	w.context = run;
	worker_run(&w);
	process_end();
}

/* For the mails that are not finished. */
static void start(struct run *run, struct job *job)
{
	int fds[2];
	pid_t pid;

	job->ended = job->stuck = false;
	memset(job->is_begun, false, job->group->count);
	if (pipe2(fds, O_CLOEXEC) < 0) {
		run_here(run, job);
		return;
	}
	pid = fork();
	if (pid == 0) {
		log_stop_progress();
		close(fds[0]);
		run_child(run, job, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		run_here(run, job);
		return;
	}
	job->pid = pid;
	job->fd = fds[0];
	job->last_event = sysenv_ticks();
	/* a request to stop may have come in between */
	if (run->is_stopping)
		kill(pid, SIGTERM);
}

static unsigned silence_max(const struct run *run)
{
	return run->flush->silence ? run->flush->silence : SILENCE_MS;
}

static void explain_end(const struct run *run, const struct job *job,
			int status, struct error *why)
{
	if (job->stuck)
		error_set(why, ERROR_SOFTWARE,
			  "the process that tried it did not respond for "
			  "%u seconds and was ended",
			  silence_max(run) / 1000);
	else if (WIFSIGNALED(status))
		error_set(why, ERROR_SOFTWARE,
			  "the process that tried it was ended by signal %d "
			  "(%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		error_set(why, ERROR_SOFTWARE,
			  "the process that tried it ended with status "
			  "%d before it had finished",
			  WEXITSTATUS(status));
	why->temporary = true;
}

/* The first that is not over, with `begun` such that was begun; or their
 * number. */
static size_t find_left(const struct job *job, bool begun)
{
	size_t i = 0;

	while (i < job->group->count &&
	       (job->is_over[i] || (begun && !job->is_begun[i])))
		i++;
	return i;
}

/* Those begun and not finished; *last is the index after the last of them. */
static size_t count_begun(const struct job *job, size_t *last)
{
	size_t n = 0;

	for (size_t i = 0; i < job->group->count; i++)
		if (job->is_begun[i] && !job->is_over[i]) {
			n++;
			*last = i + 1;
		}
	return n;
}

static void blame_mail(struct run *run, struct job *job, size_t mail,
		       int status)
{
	struct link link = { .run = run, .job = job };
	struct error why = ERROR_INIT;

	explain_end(run, job, status, &why);
	log_warning("%s: %s", job->group->ids[mail], why.text);
	report_here(&link, mail,
		    worker_defer(&run->selection, job->group, mail, &why));
}

/* Its pipe is at its end. */
static void finish_job(struct run *run, struct job *job)
{
	size_t count = job->group->count, first, behind = 0;
	int status = 0;

	close(job->fd);
	io_reap(job->pid, &status);
	job->pid = 0;
	first = find_left(job, true);
	if (first == count)
		first = find_left(job, false);
	if (job->ended || first == count)
		return;
	if (count_begun(job, &behind) > 1)
		job->alone = behind;
	else
		blame_mail(run, job, first, status);
	if (find_left(job, false) < count && !interrupt_signal())
		start(run, job);
}

static void read_event(struct run *run, struct job *job)
{
	struct message m;

	if (io_read_full(job->fd, &m, sizeof(m)) == (ssize_t)sizeof(m))
		on_event(run, job, &m);
	else
		finish_job(run, job);
}

/* ---- all groups ---- */

static int milliseconds_left(const struct run *run)
{
	uint64_t now = sysenv_ticks(), until = UINT64_MAX;
	uint64_t silence = silence_max(run);

	for (size_t i = 0; i < JOBS_MAX; i++) {
		const struct job *job = &run->jobs[i];

		if (job->pid && !job->stuck &&
		    job->last_event + silence < until)
			until = job->last_event + silence;
	}
	if (until == UINT64_MAX)
		return -1;
	if (until <= now)
		return 0;
	return until - now > 1000000 ? 1000000 : (int)(until - now);
}

static void kill_stuck(struct run *run)
{
	uint64_t now = sysenv_ticks();

	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = &run->jobs[i];

		if (!job->pid || job->stuck ||
		    now - job->last_event < silence_max(run))
			continue;
		job->stuck = true;
		kill(job->pid, SIGKILL);
	}
}

static void forward_stop(struct run *run)
{
	if (!interrupt_signal() || run->is_stopping)
		return;
	run->is_stopping = true;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (run->jobs[i].pid)
			kill(run->jobs[i].pid, SIGTERM);
}

static void wait_for_events(struct run *run)
{
	struct pollfd p[JOBS_MAX + 1];

	for (size_t i = 0; i < JOBS_MAX; i++)
		p[i] = (struct pollfd){
			.fd = run->jobs[i].pid ? run->jobs[i].fd : -1,
			.events = POLLIN,
		};
	/* once is enough: it stays readable */
	p[JOBS_MAX] = (struct pollfd){
		.fd = run->is_stopping ? -1 : interrupt_fd(),
		.events = POLLIN,
	};
	if (poll(p, JOBS_MAX + 1, milliseconds_left(run)) < 0)
		return; /* a signal; else the next round finds what is left */
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (p[i].revents)
			read_event(run, &run->jobs[i]);
}

static bool is_busy(const struct run *run)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (run->jobs[i].pid)
			return true;
	return false;
}

static void begin_job(struct run *run, struct job *job,
		      struct selection_group *g)
{
	struct arena *a = run->flush->arena;

	*job = (struct job){
		.group = g,
		.is_begun = arena_array(a, g->count + 1, sizeof(bool)),
		.is_over = arena_array(a, g->count + 1, sizeof(bool)),
	};
	start(run, job);
}

/* As many as may run. */
static void start_more(struct run *run)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		while (!run->jobs[i].pid && !interrupt_signal() && run->next) {
			begin_job(run, &run->jobs[i], run->next);
			run->next = run->next->next;
		}
}

static int run_selected(struct run *run, struct queue *q, bool notices,
			struct error *f)
{
	run->selection = (struct selection){
		.flush = run->flush,
		.notices = notices,
		.began = sysenv_now(),
		.arena = run->flush->arena,
		.queue = q,
		.result = run->result,
	};
	if (selection_make(&run->selection, f) < 0)
		return -1;
	run->next = run->selection.groups;
	do {
		start_more(run);
		forward_stop(run);
		if (is_busy(run))
			wait_for_events(run);
		kill_stuck(run);
	} while (is_busy(run) || (run->next && !interrupt_signal()));
	return 0;
}

/* After a run: notices are made and sent at once.  Never before: a notice that
 * a killed run had put into the queue prevents a second one while it is
 * there. */
static int finish(struct run *run, struct queue *q, struct error *f)
{
	struct error later[2] = { ERROR_INIT, ERROR_INIT };
	unsigned made = 0;
	int r = notice_failures(q, run->flush->arena, &made, f);

	if (made || run->notifies || run->selection.saw_notices)
		r |= run_selected(run, q, true, &later[0]);
	r |= queue_tidy(q, &later[1]);
	for (int i = 0; i < 2; i++)
		if (!error_is_set(f))
			*f = later[i];
	return r;
}

/* Held mail that is due is sent with a run for some ids, too, since there may
 * be no other run for a while. */
static struct flush with_digests(const struct flush *fl, struct queue *q)
{
	struct error error = ERROR_INIT;
	struct flush_words made = { 0 };
	struct flush own = *fl;

	if (fl->senders.count || fl->recipients.count)
		return own;
	if (held_run(q, fl->arena, &made, &error) < 0)
		log_warning("mails held by a limit: %s", error.text);
	if (!fl->ids.count || !made.count)
		return own;
	for (size_t i = 0; i < fl->ids.count; i++) {
		made.words = arena_grow(fl->arena, made.words, made.count,
					&made.room, sizeof(*made.words));
		made.words[made.count++] = fl->ids.words[i];
	}
	own.ids = made;
	return own;
}

int flush_run(const struct flush *fl, struct flush_result *out, struct error *f)
{
	struct flush own;
	struct run run = { .flush = &own, .result = out };
	struct error again = ERROR_INIT; /* finish() will tell of it */
	struct queue q;
	unsigned made;
	int r;

	*out = (struct flush_result){ 0 };
	if (queue_open(&q, fl->arena, fl->folder, false, f) < 0)
		return -1;
	interrupt_catch();
	/* A run that was killed after it had queued a notice left no other
	 * trace: it must not be sent before. */
	notice_failures(&q, fl->arena, &made, &again);
	own = with_digests(fl, &q);
	r = run_selected(&run, &q, false, f);
	if (r == 0 && !interrupt_signal())
		r = finish(&run, &q, f);
	return r;
}

/* ---- in the background ---- */

/* Forked twice, so that nobody has to wait for it. */
static noreturn void run_detached(const struct flush *fl, int lock)
{
	struct flush own = *fl;
	struct flush_result result;
	struct error f = ERROR_INIT;

	/* where that fails the mail waits for the next run */
	if (fork() != 0)
		process_end();
	own.verbose = false;
	own.trace = NULL;
	log_stop_progress();
	process_detach(lock);
	flush_run(&own, &result, &f);
	process_end();
}

int flush_start(const struct flush *fl, bool one_only, struct error *f)
{
	struct queue_names names;
	struct queue q;
	int lock = -1;
	pid_t pid;

	if (queue_open(&q, fl->arena, fl->folder, false, f) < 0 ||
	    queue_list(&q, fl->arena, QUEUE_WAITING, &names, f) < 0)
		return -1;
	if (!names.count)
		return 0;
	if (one_only) {
		lock = queue_lock_flush(&q, f);
		if (lock < 0)
			return error_is_set(f) ? -1 : 0;
	}
	pid = fork();
	if (pid == 0)
		run_detached(fl, lock);
	if (lock >= 0)
		close(lock);
	if (pid < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot start a run of the queue");
	io_reap(pid, NULL);
	return 0;
}
