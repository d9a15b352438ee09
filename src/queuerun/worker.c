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

#define LIFE_MS 10000 /* between two WORKER_LIVES */

/* A mail that is claimed. */
struct parcel {
	size_t mail;
	struct arena arena;
	struct queue queue;
	struct queue_claim claim;
	struct attempt *attempt;
	bool was_warned;
};

struct shift {
	struct worker *worker;
	struct parcel *parcels[ATTEMPT_MAX]; /* on their way */
	size_t count;
	int heard; /* -1: nobody reads any more */
	struct arena arena;
	struct route route;
	struct error trouble; /* why there is no route */
	struct session_progress progress;
	uint64_t told;
};

/* ---- for people ---- */

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

static void note(const struct selection *s, const struct entry *e,
		 enum worker_word word)
{
	int64_t next = 0;
	time_t local;
	char text[8] = "";
	struct tm t = { 0 };
	const char *why;

	if (!s->flush->verbose)
		return;
	if (word == WORKER_DEFERRED && interrupt_signal()) {
		log_note("%s: stays in the queue, ended by %s", e->id,
			 interrupt_name());
	} else if (word == WORKER_DEFERRED) {
		why = reason(e, ENTRY_WAITING, &next);
		local = (time_t)(next + sysenv_zone(next) * 60);
		gmtime_r(&local, &t);
		snprintf(text, sizeof(text), "%02d:%02d", t.tm_hour % 24,
			 t.tm_min % 60);
		log_note("%s: deferred until %s: %s", e->id, text, why);
	} else if (word == WORKER_FAILED) {
		why = reason(e, ENTRY_FAILED, &next);
		log_note("%s: failed: %s", e->id, why);
	} else {
		log_note("%s: sent", e->id);
	}
}

/* ---- one mail ---- */

static enum worker_word word_of(const struct entry *e)
{
	if (entry_count(e, ENTRY_WAITING))
		return WORKER_DEFERRED;
	return entry_count(e, ENTRY_FAILED) ? WORKER_FAILED : WORKER_SENT;
}

static enum worker_word put_off(const struct selection *s,
				const struct selection_group *g,
				struct queue_claim *c, const struct error *why)
{
	struct error f = ERROR_INIT;
	bool due_only = selection_is_due_only(s, &c->entry);
	enum worker_word word;

	if (attempt_put_off(c, &g->schedule, due_only, why, &f) < 0)
		log_error("%s: %s", c->entry.id, f.text);
	word = word_of(&c->entry);
	note(s, &c->entry, word);
	return word;
}

/* Another process has it, or it is gone: it may have been sent. */
static enum worker_word not_ours(struct queue *q, struct arena *a,
				 const char *id)
{
	struct error ignored = ERROR_INIT;
	struct entry e;

	return queue_peek(q, a, QUEUE_WAITING, id, &e, &ignored) > 0
		       ? WORKER_BUSY
		       : WORKER_LEAVES;
}

/* With the mail locked: 1, or 0 with the reason why not. */
static int claim(const struct selection *s, const struct selection_group *g,
		 struct queue *q, const char *id, struct queue_claim *c,
		 enum worker_word *word)
{
	struct error f = ERROR_INIT;
	int r = queue_claim(q, q->arena, QUEUE_WAITING, id, c, &f);

	if (r < 0) {
		log_warning("%s: %s", id, f.text);
		*word = f.cause == ERROR_DATA ? WORKER_BAD : WORKER_LEAVES;
		return 0;
	}
	if (r == 0) {
		*word = not_ours(q, q->arena, id);
		return 0;
	}
	if (!selection_wants(s, g, &c->entry)) {
		queue_release(c);
		*word = WORKER_LEAVES;
		return 0;
	}
	return 1;
}

enum worker_word worker_put_off(const struct selection *s,
				const struct selection_group *g, size_t mail,
				const struct error *why)
{
	struct arena a = ARENA_INIT;
	struct queue q = { .folder = s->queue->folder, .arena = &a };
	struct queue_claim c;
	enum worker_word word;

	if (claim(s, g, &q, g->ids[mail], &c, &word)) {
		word = put_off(s, g, &c, why);
		queue_release(&c);
	}
	arena_free(&a);
	return word;
}

/* ---- on their way ---- */

static void tell(struct shift *sh, size_t mail, enum worker_word word)
{
	if (sh->heard == 0)
		sh->heard = sh->worker->tell(sh->worker->context, mail, word);
}

static void drop(struct parcel *p)
{
	queue_release(&p->claim);
	arena_free(&p->arena);
	free(p);
}

static enum worker_word word_for(enum attempt_result result)
{
	static const enum worker_word words[] = {
		[ATTEMPT_SENT] = WORKER_SENT,
		[ATTEMPT_DEFERRED] = WORKER_DEFERRED,
		[ATTEMPT_FAILED] = WORKER_FAILED,
	};

	return words[result];
}

static void land_one(struct shift *sh, struct parcel *p)
{
	const struct entry *e = &p->claim.entry;
	enum worker_word word = WORKER_DEFERRED;
	struct error f = ERROR_INIT;
	enum attempt_result result;
	bool unreachable;

	/* what could not be recorded was reported there */
	if (attempt_end(p->attempt, &result, &unreachable, &f) == 0) {
		word = word_for(result);
		note(sh->worker->selection, e, word);
		if (e->is_warned && !p->was_warned)
			tell(sh, p->mail, WORKER_NOTIFIES);
	}
	tell(sh, p->mail, word);
	drop(p);
}

static void land(struct shift *sh)
{
	struct attempt *attempts[ATTEMPT_MAX];

	if (!sh->count)
		return;
	route_collect(&sh->route);
	for (size_t i = 0; i < sh->count; i++)
		attempts[i] = sh->parcels[i]->attempt;
	attempt_record(attempts, sh->count);
	for (size_t i = 0; i < sh->count; i++)
		land_one(sh, sh->parcels[i]);
	sh->count = 0;
}

/* Was it begun? Else *word is the result. */
static bool take_off(struct shift *sh, struct parcel *p, enum worker_word *word)
{
	const struct selection *s = sh->worker->selection;
	const struct selection_group *g = sh->worker->group;
	struct error f = ERROR_INIT;
	bool due_only;

	if (!claim(s, g, &p->queue, g->ids[p->mail], &p->claim, word))
		return false;
	p->was_warned = p->claim.entry.is_warned;
	*word = WORKER_DEFERRED;
	if (error_is_set(&sh->trouble)) {
		*word = put_off(s, g, &p->claim, &sh->trouble);
		return false;
	}
	due_only = selection_is_due_only(s, &p->claim.entry);
	p->attempt = attempt_begin(&p->arena, &p->claim, &sh->route, due_only,
				   &sh->progress, &f);
	return p->attempt != NULL;
}

static void begin(struct shift *sh, size_t mail)
{
	struct parcel *p = memory_alloc(sizeof(*p));
	enum worker_word word;

	*p = (struct parcel){ .mail = mail,
			      .arena = ARENA_INIT,
			      .claim = { .fd = -1 } };
	p->queue = (struct queue){
		.folder = sh->worker->selection->queue->folder,
		.arena = &p->arena,
	};
	if (take_off(sh, p, &word)) {
		sh->parcels[sh->count++] = p;
		return;
	}
	tell(sh, mail, word);
	drop(p);
}

static bool has_room(const struct shift *sh, size_t mail)
{
	return mail >= sh->worker->alone && sh->count < ATTEMPT_MAX &&
	       route_has_room(&sh->route) && !interrupt_signal();
}

/* ---- all of them ---- */

static void sent(void *context, uint64_t done, uint64_t total)
{
	struct shift *sh = context;
	uint64_t now = sysenv_ticks();

	(void)done, (void)total;
	if (now - sh->told < LIFE_MS)
		return;
	sh->told = now;
	tell(sh, 0, WORKER_LIVES);
}

void worker_run(struct worker *w)
{
	const struct selection_group *g = w->group;
	struct shift sh = { .worker = w,
			    .arena = ARENA_INIT,
			    .trouble = g->trouble,
			    .progress = { .sent = sent, .context = &sh },
			    .told = sysenv_ticks() };

	if (g->account)
		route_open(&sh.route, &sh.arena, g->config, g->account,
			   g->config_path, w->selection->flush->trace,
			   &sh.trouble);
	for (size_t i = 0; i < g->count && !interrupt_signal() && sh.heard == 0;
	     i++) {
		if (w->is_over[i])
			continue;
		tell(&sh, i, WORKER_BEGINS);
		if (sh.heard == 0)
			begin(&sh, i);
		if (!has_room(&sh, i))
			land(&sh);
	}
	land(&sh);
	tell(&sh, 0, WORKER_ENDS);
	if (g->account)
		route_close(&sh.route);
	arena_free(&sh.arena);
}
