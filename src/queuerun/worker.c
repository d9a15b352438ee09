/* worker.c - claim, look again, try, release. */
#include "queuerun/worker.h"

#include <stdio.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "deliver/route.h"
#include "queuerun/attempt.h"

#define LIFE_MS 10000 /* between two signs of life */

struct shift {
	struct worker *worker;
	struct arena arena;
	struct route route;
	struct error trouble; /* why there is no route */
	struct session_progress progress;
	size_t mail;
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
		log_note("%s: waits as before, ended by %s", e->id,
			 interrupt_name());
	} else if (word == WORKER_DEFERRED) {
		why = reason(e, ENTRY_WAITING, &next);
		local = (time_t)(next + sysenv_zone(next) * 60);
		gmtime_r(&local, &t);
		snprintf(text, sizeof(text), "%02d:%02d", t.tm_hour % 24,
			 t.tm_min % 60);
		log_note("%s: put off until %s: %s", e->id, text, why);
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

static enum worker_word attempt(struct shift *sh, struct arena *a,
				struct queue_claim *c)
{
	const struct selection *s = sh->worker->selection;
	struct error f = ERROR_INIT;
	bool was_warned = c->entry.is_warned, unreachable;
	enum attempt_result result;
	enum worker_word word;

	if (error_is_set(&sh->trouble))
		return put_off(s, sh->worker->group, c, &sh->trouble);
	/* what could not be written down was told there */
	if (attempt_run(a, c, &sh->route, selection_is_due_only(s, &c->entry),
			&sh->progress, &result, &unreachable, &f) < 0)
		return WORKER_DEFERRED;
	word = result == ATTEMPT_SENT	  ? WORKER_SENT
	       : result == ATTEMPT_FAILED ? WORKER_FAILED
					  : WORKER_DEFERRED;
	note(s, &c->entry, word);
	if (c->entry.is_warned && !was_warned)
		sh->worker->tell(sh->worker->context, sh->mail,
				 WORKER_NOTIFIES);
	return word;
}

/* Somebody has it, or it is gone: he may have sent it. */
static enum worker_word not_ours(struct queue *q, struct arena *a,
				 const char *id)
{
	struct error ignored = ERROR_INIT;
	struct entry e;

	return queue_peek(q, a, QUEUE_WAITING, id, &e, &ignored) > 0
		       ? WORKER_BUSY
		       : WORKER_LEAVES;
}

/* With the mail locked: 1, or 0 with the word for why not. */
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

static enum worker_word handle(struct shift *sh)
{
	const struct worker *w = sh->worker;
	struct arena a = ARENA_INIT;
	struct queue q = { .folder = w->selection->queue->folder, .arena = &a };
	struct queue_claim c;
	enum worker_word word;

	if (claim(w->selection, w->group, &q, w->group->ids[sh->mail], &c,
		  &word)) {
		word = attempt(sh, &a, &c);
		queue_release(&c);
	}
	arena_free(&a);
	return word;
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

/* ---- all of them ---- */

static void sent(void *context, uint64_t done, uint64_t total)
{
	struct shift *sh = context;
	uint64_t now = sysenv_ticks();

	(void)done, (void)total;
	if (now - sh->told < LIFE_MS)
		return;
	sh->told = now;
	sh->worker->tell(sh->worker->context, sh->mail, WORKER_LIVES);
}

void worker_run(struct worker *w)
{
	const struct selection_group *g = w->group;
	struct shift sh = { .worker = w,
			    .arena = ARENA_INIT,
			    .trouble = g->trouble,
			    .progress = { .sent = sent, .context = &sh },
			    .told = sysenv_ticks() };
	int heard = 0;

	if (g->account)
		route_open(&sh.route, &sh.arena, g->config, g->account,
			   g->config_path, w->selection->flush->trace,
			   &sh.trouble);
	for (size_t i = w->from;
	     i < g->count && !interrupt_signal() && heard == 0; i++) {
		sh.mail = i;
		heard = w->tell(w->context, i, WORKER_BEGINS);
		if (heard == 0)
			heard = w->tell(w->context, i, handle(&sh));
	}
	if (heard == 0)
		w->tell(w->context, 0, WORKER_ENDS);
	if (g->account)
		route_close(&sh.route);
	arena_free(&sh.arena);
}
