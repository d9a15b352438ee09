/* series.c - a counter that all connections draw from, and a pipe back.
 *
 * The counter and the word to stop lie in memory that the processes share; a
 * verdict is one write, which a pipe keeps whole.  One connection needs no
 * process of its own. */
#include "submit/series.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver/process.h"
#include "deliver/route.h"
#include "submit/submit.h"

_Static_assert(sizeof(struct series_verdict) <= PIPE_BUF,
	       "a verdict is one write");

struct shared {
	atomic_uint next; /* the number last drawn */
	atomic_bool stop;
};

struct worker {
	const struct series *series;
	struct shared *shared;
	struct route route;
	int report; /* the pipe; -1: tell at once */
	struct series_result *result;
	struct fault *fault; /* of the first that failed */
};

/* ---- one mail ---- */

static void note(struct worker *w, const struct series_verdict *v)
{
	struct series_result *r = w->result;

	if (v->fate == SERIES_SENT)
		r->sent++;
	else if (v->fate == SERIES_QUEUED)
		r->queued++;
	else if (!r->failed++)
		r->exit = v->exit;
	if (v->fate == SERIES_FAILED && !fault_is_set(w->fault))
		fault_set(w->fault, FAULT_UNAVAILABLE, "%s: %s", v->name,
			  v->text);
	w->series->ops->told(w->series->context, v);
}

static void tell(struct worker *w, const struct series_verdict *v)
{
	ssize_t n;

	if (w->report < 0) {
		note(w, v);
		return;
	}
	do
		n = write(w->report, v, sizeof(*v));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*v)) /* nobody listens any more */
		atomic_store(&w->shared->stop, true);
}

static void fill_verdict(struct series_verdict *v, const struct composition *c,
			 const struct outcome *out, const struct fault *f)
{
	v->size = c->stage.size;
	v->exit = outcome_exit(out, f);
	v->fate = v->exit	  ? SERIES_FAILED
		  : out->queue_id ? SERIES_QUEUED
				  : SERIES_SENT;
	snprintf(v->message_id, sizeof(v->message_id), "%s",
		 c->message_id ? c->message_id : "");
	snprintf(v->queue_id, sizeof(v->queue_id), "%s",
		 out->queue_id ? out->queue_id : "");
	snprintf(v->text, sizeof(v->text), "%s",
		 fault_is_set(f) ? f->text : out->reply);
}

static void send_one(struct worker *w, unsigned n, struct arena *a)
{
	const struct series *s = w->series;
	struct series_verdict v = { .n = n, .fate = SERIES_FAILED };
	struct outcome out = { .account = s->account->name };
	struct fault f = FAULT_INIT, trouble = FAULT_INIT;
	struct composition c = { .arena = a };
	struct submission submission = { .composition = &c,
					 .config = s->config,
					 .trace = s->trace,
					 .route = &w->route,
					 .keeping = SUBMIT_KEEP };

	if (s->ops->make(s->context, n, a, &c, v.name, &f) == 0)
		submit_send(&submission, &out, &f);
	fill_verdict(&v, &c, &out, &f);
	if (v.fate != SERIES_FAILED && s->journal &&
	    journal_add(s->journal, s->ops->key(s->context, n, a), &trouble) <
		    0) {
		atomic_store(&w->shared->stop, true);
		snprintf(v.text, sizeof(v.text), "%s", trouble.text);
	}
	if (v.fate == SERIES_FAILED && s->are_one)
		atomic_store(&w->shared->stop, true);
	composition_free(&c);
	tell(w, &v);
}

static bool is_to_go(const struct series *s, unsigned n, struct arena *a)
{
	if (s->ops->wanted && !s->ops->wanted(s->context, n))
		return false;
	return s->again || !s->journal ||
	       !journal_has(s->journal, s->ops->key(s->context, n, a));
}

/* Until there is nothing more to draw. */
static int work(struct worker *w, struct fault *f)
{
	const struct series *s = w->series;
	struct arena a = ARENA_INIT;
	unsigned n;

	if (route_open(&w->route, s->arena, s->config, s->account,
		       s->config_path, s->trace, f) < 0)
		return -1;
	while (!atomic_load(&w->shared->stop) &&
	       (n = atomic_fetch_add(&w->shared->next, 1) + 1) <= s->total) {
		if (is_to_go(s, n, &a))
			send_one(w, n, &a);
		arena_free(&a);
		a = (struct arena)ARENA_INIT;
	}
	route_close(&w->route);
	return 0;
}

/* ---- several connections ---- */

static void hear(struct worker *w, int fd)
{
	struct series_verdict v;
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, (char *)&v + have, sizeof(v) - have)) != 0) {
		if (n < 0 && errno != EINTR)
			return;
		have += n > 0 ? (size_t)n : 0;
		if (have < sizeof(v))
			continue;
		note(w, &v);
		have = 0;
	}
}

/* What stops a connection before its first mail is the verdict on none. */
static void tell_trouble(struct worker *w, const struct fault *f)
{
	struct series_verdict v = { .fate = SERIES_FAILED,
				    .exit = fault_exit(f) };

	snprintf(v.name, sizeof(v.name), "a connection");
	snprintf(v.text, sizeof(v.text), "%s", f->text);
	tell(w, &v);
}

/* -1: there could be no process. */
static pid_t start(struct worker *w, const int fds[2], struct fault *f)
{
	pid_t pid = fork();

	if (pid < 0)
		return fault_errno(f, FAULT_OS, errno,
				   "no process for a connection");
	if (pid > 0)
		return pid;
	close(fds[0]);
	w->report = fds[1];
	if (work(w, f) < 0)
		tell_trouble(w, f);
	process_end();
}

static int wait_for(pid_t pid, struct fault *f)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fault_errno(f, FAULT_OS, errno,
					   "a connection's process is lost");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return fault_set(f, FAULT_OS,
			 "a connection ended before its mails were sent; "
			 "resume the series");
}

static int work_together(struct worker *w, unsigned count, struct fault *f)
{
	pid_t pids[SERIES_CONNECTIONS_MAX];
	unsigned started = 0;
	int fds[2], r = 0;

	if (pipe(fds) < 0)
		return fault_errno(f, FAULT_OS, errno,
				   "no pipe for the connections");
	while (r == 0 && started < count) {
		pids[started] = start(w, fds, f);
		r = pids[started] < 0 ? -1 : 0;
		started += r == 0;
	}
	close(fds[1]);
	if (r < 0)
		atomic_store(&w->shared->stop, true);
	hear(w, fds[0]);
	close(fds[0]);
	for (unsigned i = 0; i < started; i++)
		if (wait_for(pids[i], f) < 0)
			r = -1;
	return r;
}

/* ---- all of it ---- */

static unsigned count_before(const struct series *s)
{
	struct arena a = ARENA_INIT;
	unsigned count = 0;

	for (unsigned n = 1; s->journal && !s->again && n <= s->total; n++) {
		if (journal_has(s->journal, s->ops->key(s->context, n, &a)))
			count++;
		arena_free(&a);
		a = (struct arena)ARENA_INIT;
	}
	return count;
}

int series_run(const struct series *s, struct series_result *out,
	       struct fault *f)
{
	struct worker w = { .series = s, .report = -1, .result = out };
	struct fault failed = FAULT_INIT;
	unsigned count = s->connections;
	int r;

	*out = (struct series_result){ .before = count_before(s) };
	w.fault = &failed;
	w.shared = mmap(NULL, sizeof(*w.shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w.shared == MAP_FAILED)
		return fault_errno(f, FAULT_OS, errno,
				   "no memory for the connections");
	if (count > s->total - out->before)
		count = s->total - out->before;
	r = count > 1 ? work_together(&w, count, f) : work(&w, f);
	munmap(w.shared, sizeof(*w.shared));
	if (r == 0 && fault_is_set(&failed)) {
		*f = failed;
		r = -1;
	}
	return r;
}
