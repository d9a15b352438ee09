/* series.c - a counter that all connections draw from, and a pipe back.
 *
 * The counter, the word to stop and who was refused lie in memory that the
 * processes share; a verdict is one write, which a pipe keeps whole.  One
 * connection needs no process of its own.
 *
 * Of several connections each is made before it draws: where a server takes
 * fewer than were asked for, those that it takes send all of it. */
#include "submit/series.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/command.h"
#include "base/crash.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "deliver/route.h"
#include "submit/submit.h"

#define RESCUE_MS (60 * 1000) /* for all that is left after a signal */
_Static_assert(sizeof(struct series_verdict) <= PIPE_BUF,
	       "a verdict is one write");

struct shared {
	size_t size;
	atomic_uint next;    /* the number last drawn */
	atomic_uint without; /* connections that could not be made */
	atomic_bool stop;
	atomic_bool refused[]; /* the common envelope's recipients */
};

struct worker {
	const struct series *series;
	struct shared *shared;
	struct route route;
	unsigned connections;
	int report; /* the pipe; -1: tell at once */
	struct series_result *result;
	struct error *error; /* of the first that failed */
	size_t recipient;    /* behind the one that was looked up last */
};

static bool is_stopped(const struct worker *w)
{
	return interrupt_signal() || atomic_load(&w->shared->stop);
}

/* Nothing is sent any more, but what is left has to be kept. */
static bool is_rescuing(const struct worker *w)
{
	return w->series->is_rest_lost && interrupt_signal();
}

static void stop(struct worker *w)
{
	atomic_store(&w->shared->stop, true);
}

/* ---- verdicts ---- */

static void note(struct worker *w, const struct series_verdict *v)
{
	struct series_result *r = w->result;

	if (v->fate == SERIES_SENT)
		r->sent++;
	else if (v->fate == SERIES_QUEUED)
		r->queued++;
	else if (!r->failed++)
		r->exit = v->exit;
	r->unwritten += v->is_unwritten;
	if (v->fate == SERIES_FAILED && !error_is_set(w->error))
		error_set(w->error, ERROR_UNAVAILABLE, "%s: %s", v->name,
			  v->text);
	w->series->ops->told(w->series->context, v);
}

static void tell(struct worker *w, const struct series_verdict *v)
{
	if (w->report < 0)
		note(w, v);
	else if (io_write_all(w->report, v, sizeof(*v)) < 0)
		stop(w); /* nobody listens any more */
}

static void fill_verdict(struct series_verdict *v, const struct composition *c,
			 const struct outcome *out, const struct error *f)
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
	if (out->dead_letter)
		snprintf(v->text, sizeof(v->text),
			 "%.400s; it was kept in %.300s", f->text,
			 out->dead_letter);
	else
		snprintf(v->text, sizeof(v->text), "%s",
			 error_is_set(f) ? f->text : out->reply);
}

const char *series_word(const struct series_verdict *v)
{
	static const char *const words[] = { "sent", "queued", "failed" };

	if (v->is_unwritten)
		return v->queue_id[0] ? "queued" : "sent";
	return words[v->fate];
}

/* ---- recipients ---- */

static const char *key_for(struct arena *a, const char *key,
			   const struct recipient *one)
{
	return arena_format(a, "%s <%s>", key, one->address);
}

/* Each mail has them in the same order: the next one is near the last. */
static atomic_bool *refusal_of(struct worker *w, const struct recipient *one)
{
	const struct envelope *e = w->series->envelope;
	size_t count = e ? e->count : 0;

	for (size_t n = 0; n < count; n++) {
		size_t i = (w->recipient + n) % count;

		if (strcmp(e->recipients[i].address, one->address) == 0) {
			w->recipient = i + 1;
			return &w->shared->refused[i];
		}
	}
	return NULL;
}

/* Takes those out of the envelope who have it, or are refused; how many have
 * it. */
static size_t leave_out(struct worker *w, struct envelope *e, const char *key,
			struct arena *a)
{
	const struct series *s = w->series;
	size_t left = 0, had = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *one = &e->recipients[i];
		const atomic_bool *refused = refusal_of(w, one);

		if (s->journal && !s->again &&
		    journal_has(s->journal, key_for(a, key, one)))
			had++;
		else if (!refused || !atomic_load(refused))
			e->recipients[left++] = *one;
	}
	e->count = left;
	return had;
}

static bool has_it(const struct recipient *one)
{
	return one->is_queued ||
	       (one->decided && !small_error_is_set(&one->verdict));
}

static bool is_refused(const struct recipient *one)
{
	return one->decided && small_error_is_set(&one->verdict) &&
	       one->verdict.reply && !one->verdict.temporary;
}

static int note_refused(struct worker *w, const struct recipient *one,
			struct series_verdict *v, struct arena *a,
			struct error *f)
{
	atomic_bool *refused = refusal_of(w, one);
	size_t n = strlen(v->refused);

	if (!refused || atomic_exchange(refused, true))
		return 0;
	snprintf(v->refused + n, sizeof(v->refused) - n, "%s%s", n ? ", " : "",
		 one->address);
	return journal_add(w->series->journal, key_for(a, "refused", one), f);
}

/* Some have it, and the others will never: then the series goes on without
 * these. */
static int note_each(struct worker *w, const struct envelope *e, size_t had,
		     const char *key, struct series_verdict *v, struct arena *a,
		     struct error *f)
{
	size_t have = had, refused = 0;

	for (size_t i = 0; i < e->count; i++) {
		have += has_it(&e->recipients[i]);
		refused += is_refused(&e->recipients[i]);
	}
	if (!have)
		return 0;
	if (w->series->envelope && have + refused == had + e->count) {
		v->fate = v->queue_id[0] ? SERIES_QUEUED : SERIES_SENT;
		v->exit = 0;
		for (size_t i = 0; i < e->count; i++)
			if (is_refused(&e->recipients[i]) &&
			    note_refused(w, &e->recipients[i], v, a, f) < 0)
				return -1;
		return journal_add(w->series->journal, key, f);
	}
	for (size_t i = 0; i < e->count; i++)
		if (has_it(&e->recipients[i]) &&
		    journal_add(w->series->journal,
				key_for(a, key, &e->recipients[i]), f) < 0)
			return -1;
	return 0;
}

/* ---- one mail ---- */

struct moving {
	const struct series *series;
	unsigned n;
};

static void moved(void *context, uint64_t done, uint64_t total)
{
	const struct moving *m = context;

	m->series->ops->moved(m->series->context, m->n, done, total);
}

/* Where nothing remembers them, a mail that fails is kept; of parts it is their
 * file that is, by whoever split it. */
static bool is_kept(const struct series *s)
{
	return s->journal && !journal_is_there(s->journal) && !s->envelope;
}

static void submit(struct worker *w, unsigned n, struct composition *c,
		   struct outcome *out, struct error *f)
{
	const struct series *s = w->series;
	struct moving moving = { s, n };
	struct session_progress progress = { .sent = moved,
					     .context = &moving };
	const struct submission submission = {
		.composition = c,
		.config = s->config,
		.trace = s->trace,
		.route = &w->route,
		.progress = s->ops->moved && w->report < 0 ? &progress : NULL,
		.keeping = is_kept(s) ? SUBMIT_KEEP : SUBMIT_KEEP_NONE,
	};

	submit_send(&submission, out, f);
}

/* A mail that went and cannot be written down would go again. */
static void write_down(struct worker *w, const struct envelope *e, size_t had,
		       const char *key, struct series_verdict *v,
		       struct arena *a)
{
	struct error trouble = ERROR_INIT;
	int r;

	crash_point("series-sent");
	if (!w->series->journal)
		return;
	r = v->fate != SERIES_FAILED
		    ? journal_add(w->series->journal, key, &trouble)
		    : note_each(w, e, had, key, v, a, &trouble);
	if (r == 0)
		return;
	stop(w);
	v->exit = error_exit(&trouble);
	v->is_unwritten = v->fate != SERIES_FAILED;
	snprintf(v->text, sizeof(v->text),
		 "%s, and that cannot be written down: with --resume it goes "
		 "once more: %.600s",
		 v->fate == SERIES_SENT	    ? "it was sent"
		 : v->fate == SERIES_QUEUED ? "it is queued"
					    : "some of its recipients have it",
		 trouble.text);
	v->fate = SERIES_FAILED;
}

/* No connection is made again. */
static void hang_up(struct route *r)
{
	for (unsigned i = 0; i < r->count; i++)
		smarthost_close(&r->hosts[i]);
}

/* Reading it takes time that a signal leaves us for nothing else. */
static int make(struct worker *w, unsigned n, struct arena *a,
		struct composition *c, char *name, struct error *f)
{
	const struct series *s = w->series;
	unsigned patience = interrupt_extend(s->is_rest_lost ? RESCUE_MS : 0);
	int r = s->ops->make(s->context, n, a, c, name, f);

	interrupt_restore(patience);
	return r;
}

static void send_one(struct worker *w, unsigned n, struct arena *a)
{
	const struct series *s = w->series;
	const char *key = s->ops->key(s->context, n, a);
	struct series_verdict v = { .n = n, .fate = SERIES_FAILED };
	struct outcome out = { .account = s->account->name };
	struct error f = ERROR_INIT;
	struct composition c = { .arena = a };
	size_t had = 0;
	bool is_left;

	if (make(w, n, a, &c, v.name, &f) == 0) {
		had = leave_out(w, &c.envelope, key, a);
		if (is_rescuing(w))
			hang_up(&w->route);
		if (c.envelope.count)
			submit(w, n, &c, &out, &f);
	}
	fill_verdict(&v, &c, &out, &f);
	/* a signal came before it went: it is as if it had not been drawn */
	is_left = v.fate == SERIES_FAILED && f.cause == ERROR_INTERRUPTED &&
		  !s->is_rest_lost;
	write_down(w, &c.envelope, had, key, &v, a);
	if (v.fate == SERIES_FAILED && s->envelope)
		stop(w);
	composition_free(&c);
	if (!is_left)
		tell(w, &v);
}

static bool is_wanted(const struct series *s, unsigned n)
{
	return !s->ops->wanted || s->ops->wanted(s->context, n);
}

static bool is_done(const struct series *s, unsigned n, struct arena *a)
{
	return !s->again && s->journal &&
	       journal_has(s->journal, s->ops->key(s->context, n, a));
}

/* Until there is nothing more to draw. */
static void draw(struct worker *w)
{
	const struct series *s = w->series;
	unsigned n;

	while ((is_rescuing(w) || !is_stopped(w)) &&
	       (n = atomic_fetch_add(&w->shared->next, 1) + 1) <= s->total) {
		struct arena a = ARENA_INIT;

		if (is_wanted(s, n) && !is_done(s, n, &a))
			send_one(w, n, &a);
		arena_free(&a);
	}
}

/* May this one draw?  Where no connection could be made, the last does, so that
 * what becomes of the mails then becomes of them. */
static bool connects(struct worker *w)
{
	struct error busy = ERROR_INIT;
	uint64_t size;

	if (w->connections < 2 || route_size(&w->route, &size, &busy) == 0)
		return true;
	if (atomic_fetch_add(&w->shared->without, 1) + 1 == w->connections)
		return true;
	log_note("one connection fewer: %s", busy.text);
	return false;
}

/* The route lives as long as its connection. */
static int work(struct worker *w, struct error *f)
{
	const struct series *s = w->series;
	struct arena a = ARENA_INIT;
	int r = route_open(&w->route, &a, s->config, s->account, s->config_path,
			   s->trace, f);

	if (r == 0) {
		if (connects(w))
			draw(w);
		route_close(&w->route);
	}
	arena_free(&a);
	return r;
}

/* ---- several connections ---- */

struct crew {
	pid_t pids[SERIES_CONNECTIONS_MAX];
	unsigned started;
	bool was_told; /* to end */
};

/* What they tell is heard to the end, signal or not; a signal that only we got
 * is passed on. */
static void await_word(struct crew *crew, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (crew->was_told || interrupt_poll(&p, 1, -1) >= 0 ||
	    !interrupt_is_due())
		return;
	crew->was_told = true;
	for (unsigned i = 0; i < crew->started; i++)
		kill(crew->pids[i], SIGTERM);
}

static void hear(struct worker *w, struct crew *crew, int fd)
{
	struct series_verdict v;

	for (;;) {
		await_word(crew, fd);
		if (io_read_full(fd, &v, sizeof(v)) != (ssize_t)sizeof(v))
			return;
		note(w, &v);
	}
}

/* What stops a connection before its first mail is the verdict on none. */
static void tell_trouble(struct worker *w, const struct error *f)
{
	struct series_verdict v = { .fate = SERIES_FAILED,
				    .exit = error_exit(f) };

	snprintf(v.name, sizeof(v.name), "a connection");
	snprintf(v.text, sizeof(v.text), "%s", f->text);
	tell(w, &v);
}

/* -1: there could be no process. */
static pid_t start(struct worker *w, const int fds[2], struct error *f)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(f, ERROR_OS, errno,
				   "no process for a connection");
	if (pid > 0)
		return pid;
	log_stop_progress();
	close(fds[0]);
	w->report = fds[1];
	if (work(w, f) < 0)
		tell_trouble(w, f);
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
			 "the process of a connection ended early, and what "
			 "became of its last mail is not known; resume the "
			 "series");
}

static int work_together(struct worker *w, unsigned count, struct error *f)
{
	struct crew crew = { .started = 0 };
	int fds[2], r = 0;

	w->connections = count;
	if (pipe(fds) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "no pipe for the connections");
	while (r == 0 && crew.started < count) {
		crew.pids[crew.started] = start(w, fds, f);
		r = crew.pids[crew.started] < 0 ? -1 : 0;
		crew.started += r == 0;
	}
	close(fds[1]);
	if (r < 0)
		stop(w);
	hear(w, &crew, fds[0]);
	close(fds[0]);
	for (unsigned i = 0; i < crew.started; i++)
		if (wait_for(crew.pids[i], f) < 0)
			r = -1;
	return r;
}

/* ---- all of it ---- */

static void count_all(const struct series *s, struct series_result *out)
{
	for (unsigned n = 1; n <= s->total; n++) {
		struct arena a = ARENA_INIT;

		if (is_wanted(s, n)) {
			out->wanted++;
			out->before += is_done(s, n, &a);
		}
		arena_free(&a);
	}
}

static struct shared *share(const struct series *s, struct error *f)
{
	size_t recipients = s->envelope ? s->envelope->count : 0;
	size_t size = sizeof(struct shared) + recipients * sizeof(atomic_bool);
	struct shared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED) {
		error_errno(f, ERROR_OS, errno,
			    "no memory for the connections");
		return NULL;
	}
	shared->size = size;
	return shared;
}

/* Who was refused before is so still, unless all of it is asked for again. */
static void recall_refused(struct worker *w)
{
	const struct series *s = w->series;
	struct arena a = ARENA_INIT;

	for (size_t i = 0;
	     s->envelope && s->journal && !s->again && i < s->envelope->count;
	     i++)
		if (journal_has(s->journal,
				key_for(&a, "refused",
					&s->envelope->recipients[i])))
			atomic_store(&w->shared->refused[i], true);
	arena_free(&a);
}

static void sum_up(const struct worker *w)
{
	const struct envelope *e = w->series->envelope;
	struct series_result *r = w->result;

	for (size_t i = 0; e && i < e->count; i++)
		r->refused += atomic_load(&w->shared->refused[i]);
	if (r->refused && !r->exit)
		r->exit = EXIT_SOME_REFUSED;
	r->is_stopped = is_stopped(w) && !r->failed &&
			r->before + r->sent + r->queued < r->wanted;
}

int series_run(const struct series *s, struct series_result *out,
	       struct error *f)
{
	struct error failed = ERROR_INIT;
	struct worker w = {
		.series = s, .report = -1, .result = out, .error = &failed
	};
	unsigned left;
	int r;

	*out = (struct series_result){ .wanted = 0 };
	count_all(s, out);
	left = out->wanted - out->before;
	w.shared = share(s, f);
	if (!w.shared)
		return -1;
	recall_refused(&w);
	if (s->connections > 1 && left > 1)
		r = work_together(&w,
				  s->connections < left ? s->connections : left,
				  f);
	else
		r = work(&w, f);
	sum_up(&w);
	munmap(w.shared, w.shared->size);
	if (r == 0 && error_is_set(&failed)) {
		*f = failed;
		r = -1;
	}
	return r;
}
