/* worker.c - claim, check again, begin; collect, record, release. */
#include "queuerun/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "deliver/route.h"
#include "queuerun/attempt.h"

#define ALIVE_MS 10000 /* between two WORKER_ALIVE */

/* A mail that is claimed. */
struct claimed {
	size_t mail;
	struct arena arena;
	struct queue queue;
	struct queue_claim claim;
	struct attempt *attempt;
	bool was_warned;
};

struct batch {
	struct worker *worker;
	struct claimed *mails[ATTEMPT_MAX]; /* on their way */
	size_t count;
	int report_result; /* -1: nobody reads any more */
	struct arena arena;
	struct route route;
	struct error error; /* why there is no route */
	struct session_progress progress;
	uint64_t last_alive;
};

/* ---- the log ---- */

static const char *reason(const struct entry *e, enum entry_state state,
			  int64_t *next)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == state) {
			*next = e->recipients[i].next;
			return small_error_text(&e->recipients[i].last);
		}
	return "";
}

static void log_event(const struct selection *s, const struct entry *e,
		      enum worker_event event)
{
	int64_t next = 0;
	time_t local;
	char text[8] = "";
	struct tm t = { 0 };
	const char *why;

	if (!s->flush->verbose)
		return;
	if (event == WORKER_DEFERRED && interrupt_signal()) {
		log_note("%s: stays in the queue, ended by %s", e->id,
			 interrupt_name());
	} else if (event == WORKER_DEFERRED) {
		why = reason(e, ENTRY_WAITING, &next);
		local = (time_t)(next + sysenv_zone(next) * 60);
		gmtime_r(&local, &t);
		snprintf(text, sizeof(text), "%02d:%02d", t.tm_hour % 24,
			 t.tm_min % 60);
		log_note("%s: deferred until %s: %s", e->id, text, why);
	} else if (event == WORKER_FAILED) {
		why = reason(e, ENTRY_FAILED, &next);
		log_note("%s: failed: %s", e->id, why);
	} else {
		log_note("%s: sent", e->id);
	}
}

/* ---- one mail ---- */

static enum worker_event event_of(const struct entry *e)
{
	if (entry_count(e, ENTRY_WAITING))
		return WORKER_DEFERRED;
	return entry_count(e, ENTRY_FAILED) ? WORKER_FAILED : WORKER_SENT;
}

static enum worker_event defer(const struct selection *s,
			       const struct selection_group *g,
			       struct queue_claim *c, const struct error *why)
{
	struct error f = ERROR_INIT;
	bool due_only = selection_is_due_only(s, &c->entry);
	enum worker_event event;

	if (attempt_defer(c, &g->schedule, due_only, why, &f) < 0)
		log_error("%s: %s", c->entry.id, f.text);
	event = event_of(&c->entry);
	log_event(s, &c->entry, event);
	return event;
}

/* Another process has claimed it, or it is gone because it was sent. */
static enum worker_event not_ours(struct queue *q, struct arena *a,
				  const char *id)
{
	struct error ignored = ERROR_INIT;
	struct entry e;

	return queue_peek(q, a, QUEUE_WAITING, id, &e, &ignored) > 0
		       ? WORKER_BUSY
		       : WORKER_SKIPPED;
}

/* 1 with the mail locked, or 0 with the reason. */
static int claim(const struct selection *s, const struct selection_group *g,
		 struct queue *q, const char *id, struct queue_claim *c,
		 enum worker_event *event)
{
	struct error f = ERROR_INIT;
	int r = queue_claim(q, q->arena, QUEUE_WAITING, id, c, &f);

	if (r < 0) {
		log_warning("%s: %s", id, f.text);
		*event = f.cause == ERROR_DATA ? WORKER_BAD : WORKER_SKIPPED;
		return 0;
	}
	if (r == 0) {
		*event = not_ours(q, q->arena, id);
		return 0;
	}
	if (!selection_wants(s, g, &c->entry)) {
		queue_release(c);
		*event = WORKER_SKIPPED;
		return 0;
	}
	return 1;
}

enum worker_event worker_defer(const struct selection *s,
			       const struct selection_group *g, size_t mail,
			       const struct error *why)
{
	struct arena a = ARENA_INIT;
	struct queue q = { .folder = s->queue->folder, .arena = &a };
	struct queue_claim c;
	enum worker_event event;

	if (claim(s, g, &q, g->ids[mail], &c, &event)) {
		event = defer(s, g, &c, why);
		queue_release(&c);
	}
	arena_free(&a);
	return event;
}

/* ---- on their way ---- */

static void report(struct batch *b, size_t mail, enum worker_event event)
{
	if (b->report_result == 0)
		b->report_result =
			b->worker->report(b->worker->context, mail, event);
}

static void drop(struct claimed *m)
{
	queue_release(&m->claim);
	arena_free(&m->arena);
	free(m);
}

static enum worker_event event_for(enum attempt_result result)
{
	static const enum worker_event events[] = {
		[ATTEMPT_SENT] = WORKER_SENT,
		[ATTEMPT_DEFERRED] = WORKER_DEFERRED,
		[ATTEMPT_FAILED] = WORKER_FAILED,
	};

	return events[result];
}

static void finish_one(struct batch *b, struct claimed *m)
{
	const struct entry *e = &m->claim.entry;
	enum worker_event event = WORKER_DEFERRED;
	struct error f = ERROR_INIT;
	enum attempt_result result;
	bool unreachable;

	/* what could not be recorded was reported there */
	if (attempt_end(m->attempt, &result, &unreachable, &f) == 0) {
		event = event_for(result);
		log_event(b->worker->selection, e, event);
		if (e->is_warned && !m->was_warned)
			report(b, m->mail, WORKER_NOTICE);
	}
	report(b, m->mail, event);
	drop(m);
}

static void finish(struct batch *b)
{
	struct attempt *attempts[ATTEMPT_MAX];

	if (!b->count)
		return;
	route_collect(&b->route);
	for (size_t i = 0; i < b->count; i++)
		attempts[i] = b->mails[i]->attempt;
	attempt_record(attempts, b->count);
	for (size_t i = 0; i < b->count; i++)
		finish_one(b, b->mails[i]);
	b->count = 0;
}

/* Was it begun? Else *event is the result. */
static bool claim_and_begin(struct batch *b, struct claimed *m,
			    enum worker_event *event)
{
	const struct selection *s = b->worker->selection;
	const struct selection_group *g = b->worker->group;
	struct error f = ERROR_INIT;
	bool due_only;

	if (!claim(s, g, &m->queue, g->ids[m->mail], &m->claim, event))
		return false;
	m->was_warned = m->claim.entry.is_warned;
	*event = WORKER_DEFERRED;
	if (error_is_set(&b->error)) {
		*event = defer(s, g, &m->claim, &b->error);
		return false;
	}
	due_only = selection_is_due_only(s, &m->claim.entry);
	m->attempt = attempt_begin(&m->arena, &m->claim, &b->route, due_only,
				   &b->progress, &f);
	return m->attempt != NULL;
}

static void begin(struct batch *b, size_t mail)
{
	struct claimed *m = memory_alloc(sizeof(*m));
	enum worker_event event;

	*m = (struct claimed){ .mail = mail,
			       .arena = ARENA_INIT,
			       .claim = { .fd = -1 } };
	m->queue = (struct queue){
		.folder = b->worker->selection->queue->folder,
		.arena = &m->arena,
	};
	if (claim_and_begin(b, m, &event)) {
		b->mails[b->count++] = m;
		return;
	}
	report(b, mail, event);
	drop(m);
}

static bool has_room(const struct batch *b, size_t mail)
{
	return mail >= b->worker->alone && b->count < ATTEMPT_MAX &&
	       route_has_room(&b->route) && !interrupt_signal();
}

/* ---- all of them ---- */

static void on_progress(void *context, uint64_t done, uint64_t total)
{
	struct batch *b = context;
	uint64_t now = sysenv_ticks();

	(void)done, (void)total;
	if (now - b->last_alive < ALIVE_MS)
		return;
	b->last_alive = now;
	report(b, 0, WORKER_ALIVE);
}

void worker_run(struct worker *w)
{
	const struct selection_group *g = w->group;
	struct batch b = { .worker = w,
			   .arena = ARENA_INIT,
			   .error = g->error,
			   .progress = { .sent = on_progress, .context = &b },
			   .last_alive = sysenv_ticks() };

	if (g->account)
		route_open(&b.route, &b.arena, g->config, g->account,
			   g->config_path, w->selection->flush->trace,
			   &b.error);
	for (size_t i = 0;
	     i < g->count && !interrupt_signal() && b.report_result == 0; i++) {
		if (w->is_over[i])
			continue;
		report(&b, i, WORKER_BEGUN);
		if (b.report_result == 0)
			begin(&b, i);
		if (!has_room(&b, i))
			finish(&b);
	}
	finish(&b);
	report(&b, 0, WORKER_ENDED);
	if (g->account)
		route_close(&b.route);
	arena_free(&b.arena);
}
