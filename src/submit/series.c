/* series.c - a counter of the next mail for all connections, and a pipe for
 * their verdicts.
 *
 * The counter, the flag to stop and the refused recipients are in memory that
 * the processes share; a verdict is one write, which is atomic on a pipe.  A
 * single connection needs no process of its own.
 *
 * With several connections, each connects before it draws a mail: if the server
 * accepts fewer than requested, those send everything. */
#include "submit/series_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "deliver/route.h"

_Static_assert(sizeof(struct series_verdict) <= PIPE_BUF,
	       "a verdict is one write");

/* ---- verdicts ---- */

static void count_verdict(struct series_worker *w,
			  const struct series_verdict *v)
{
	struct series_result *r = w->result;

	if (v->status == SERIES_SENT)
		r->sent++;
	else if (v->status == SERIES_QUEUED)
		r->queued++;
	else if (!r->failed++)
		r->exit = v->exit;
	r->held += v->is_held && v->status == SERIES_QUEUED;
	r->unwritten += v->is_unwritten;
	if (v->status == SERIES_FAILED && !error_is_set(w->error))
		error_set(w->error, ERROR_UNAVAILABLE, "%s: %s", v->name,
			  v->text);
	w->series->ops->on_verdict(w->series->context, v);
}

static bool report(struct series_worker *w, const struct series_verdict *v)
{
	if (w->report_fd < 0)
		count_verdict(w, v);
	return w->report_fd < 0 ||
	       io_write_all(w->report_fd, v, sizeof(*v)) == 0;
}

const char *series_word(const struct series_verdict *v)
{
	static const char *const words[] = { "sent", "queued", "failed" };

	if (v->is_unwritten)
		return v->queue_id[0] ? "queued" : "sent";
	return v->is_held ? "held" : words[v->status];
}

/* ---- a connection ---- */

/* May this connection draw mails?  If none could be made, the last one does, so
 * that its failure is that of the mails. */
static bool may_send(struct series_worker *w)
{
	struct error busy = ERROR_INIT;
	uint64_t size;

	if (w->connections < 2 || route_size(&w->route, &size, &busy) == 0)
		return true;
	if (atomic_fetch_add(&w->shared->unconnected, 1) + 1 == w->connections)
		return true;
	log_note("one connection fewer: %s", busy.text);
	return false;
}

/* The route lives as long as its connection. */
static int run_connection(struct series_worker *w, struct error *f)
{
	const struct series *s = w->series;
	struct arena a = ARENA_INIT;
	int r = route_open(&w->route, &a, s->config, s->account, s->config_path,
			   s->trace, f);

	if (r == 0) {
		if (may_send(w))
			series_worker_run(w);
		route_close(&w->route);
	}
	arena_free(&a);
	return r;
}

/* ---- several connections ---- */

struct processes {
	pid_t pids[SERIES_CONNECTIONS_MAX];
	unsigned started;
	bool is_stopping;
};

/* Waits for a verdict, also after a signal; a signal that only this process got
 * is passed on. */
static void wait_for_verdict(struct processes *all, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (all->is_stopping || interrupt_poll(&p, 1, -1) >= 0 ||
	    !interrupt_is_due())
		return;
	all->is_stopping = true;
	for (unsigned i = 0; i < all->started; i++)
		kill(all->pids[i], SIGTERM);
}

static void read_verdicts(struct series_worker *w, struct processes *all,
			  int fd)
{
	struct series_verdict v;

	for (;;) {
		wait_for_verdict(all, fd);
		if (io_read_full(fd, &v, sizeof(v)) != (ssize_t)sizeof(v))
			return;
		count_verdict(w, &v);
	}
}

/* Reports a connection that failed before its first mail. */
static void report_error(struct series_worker *w, const struct error *f)
{
	struct series_verdict v = { .status = SERIES_FAILED,
				    .exit = error_exit(f) };

	snprintf(v.name, sizeof(v.name), "a connection");
	snprintf(v.text, sizeof(v.text), "%s", f->text);
	report(w, &v);
}

/* -1: there is no process. */
static pid_t start(struct series_worker *w, const int fds[2], struct error *f)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(f, ERROR_OS, errno,
				   "no process for a connection");
	if (pid > 0)
		return pid;
	log_stop_progress();
	close(fds[0]);
	w->report_fd = fds[1];
	if (run_connection(w, f) < 0)
		report_error(w, f);
	process_end();
}

static int wait_for(pid_t pid, struct error *f)
{
	int status;

	if (io_reap(pid, &status) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "a connection's process is lost");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(f, ERROR_OS,
			 "the process of a connection ended early, and "
			 "it is unknown whether its last mails were "
			 "sent; resume the series");
}

static int run_processes(struct series_worker *w, unsigned count,
			 struct error *f)
{
	struct processes all = { .started = 0 };
	int fds[2], r = 0;

	w->connections = count;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "no pipe for the connections");
	while (r == 0 && all.started < count) {
		all.pids[all.started] = start(w, fds, f);
		r = all.pids[all.started] < 0 ? -1 : 0;
		all.started += r == 0;
	}
	close(fds[1]);
	if (r < 0)
		series_worker_stop(w);
	read_verdicts(w, &all, fds[0]);
	close(fds[0]);
	for (unsigned i = 0; i < all.started; i++)
		if (wait_for(all.pids[i], f) < 0)
			r = -1;
	return r;
}

/* ---- all of it ---- */

static void count_all(const struct series *s, struct series_result *out)
{
	for (unsigned n = 1; n <= s->total; n++) {
		struct arena a = ARENA_INIT;

		if (series_is_wanted(s, n)) {
			out->wanted++;
			out->before += series_is_done(s, n, &a);
		}
		arena_free(&a);
	}
}

static struct series_shared *make_shared(const struct series *s,
					 struct error *f)
{
	size_t recipients = s->envelope ? s->envelope->count : 0;
	size_t size =
		sizeof(struct series_shared) + recipients * sizeof(atomic_bool);
	struct series_shared *shared = process_share(size, f);

	if (shared)
		shared->size = size;
	return shared;
}

/* Recipients refused before stay refused, unless everything is sent again. */
static void load_refused(struct series_worker *w)
{
	const struct series *s = w->series;
	struct arena a = ARENA_INIT;

	for (size_t i = 0;
	     s->envelope && s->journal && !s->again && i < s->envelope->count;
	     i++)
		if (journal_has(s->journal,
				series_key_for(&a, "refused",
					       &s->envelope->recipients[i])))
			atomic_store(&w->shared->refused[i], true);
	arena_free(&a);
}

static void sum_up(const struct series_worker *w)
{
	const struct envelope *e = w->series->envelope;
	struct series_result *r = w->result;

	for (size_t i = 0; e && i < e->count; i++)
		r->refused += atomic_load(&w->shared->refused[i]);
	if (r->refused && !r->exit)
		r->exit = EXIT_SOME_REFUSED;
	r->is_stopped = series_worker_is_stopped(w) && !r->failed &&
			r->before + r->sent + r->queued < r->wanted;
}

int series_run(const struct series *s, struct series_result *out,
	       struct error *f)
{
	struct error failed = ERROR_INIT;
	struct series_worker w = { .series = s,
				   .report = report,
				   .report_fd = -1,
				   .result = out,
				   .error = &failed };
	unsigned left;
	int r;

	*out = (struct series_result){ .wanted = 0 };
	count_all(s, out);
	left = out->wanted - out->before;
	w.shared = make_shared(s, f);
	if (!w.shared)
		return -1;
	load_refused(&w);
	if (s->connections > 1 && left > 1)
		r = run_processes(&w,
				  s->connections < left ? s->connections : left,
				  f);
	else
		r = run_connection(&w, f);
	sum_up(&w);
	munmap(w.shared, w.shared->size);
	if (r == 0 && error_is_set(&failed)) {
		*f = failed;
		r = -1;
	}
	return r;
}
