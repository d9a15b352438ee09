/* series_worker.c - draw, make, send; then record, and report.
 *
 *	state of a mail		on disk		reported
 *	drawn			no		no
 *	begun			no		no
 *	finished: has verdicts	no		no
 *	recorded		in the file	no
 *	synced			yes		yes
 *
 * As many mails as there is room for are begun before any is finished.  Those
 * that finish together have one sync, and nothing is reported as sent that is
 * not on disk.  A crash before that sends them again, with the same
 * Message-IDs.
 *
 * Of the parts of one mail the first goes alone: a recipient that the server
 * refuses gets no other part. */
#include "submit/series_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/interrupt.h"
#include "submit/submit.h"

#define RESCUE_MS (60 * 1000) /* for the rest, after a signal */

struct series_mail {
	struct arena arena;
	const char *key; /* in the journal */
	struct composition composition;
	size_t had; /* recipients who got it before */
	struct submit_mail sending;
	bool is_begun;
	struct outcome out;
	struct error error;
	struct series_verdict verdict;
	/* for progress */
	struct series_worker *worker;
	struct session_progress progress;
	uint64_t ahead; /* octets of those before it that are not finished */
};

bool series_worker_is_stopped(const struct series_worker *w)
{
	return interrupt_signal() || atomic_load(&w->shared->stop);
}

/* After a signal nothing is sent, but the rest has to be saved. */
static bool is_rescuing(const struct series_worker *w)
{
	return w->series->is_rest_lost && interrupt_signal();
}

void series_worker_stop(struct series_worker *w)
{
	atomic_store(&w->shared->stop, true);
}

/* ---- recipients ---- */

const char *series_key_for(struct arena *a, const char *key,
			   const struct recipient *one)
{
	return arena_format(a, "%s <%s>", key, one->address);
}

/* The order is the same in each mail: the next one is near the last. */
static atomic_bool *refusal_of(struct series_worker *w,
			       const struct recipient *one)
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

/* Removes recipients who have it or were refused; returns how many have it. */
static size_t skip_recipients(struct series_worker *w, struct envelope *e,
			      const char *key, struct arena *a)
{
	const struct series *s = w->series;
	size_t left = 0, had = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *one = &e->recipients[i];
		const atomic_bool *refused = refusal_of(w, one);

		if (s->journal && !s->again &&
		    journal_has(s->journal, series_key_for(a, key, one)))
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

static int record_refused(struct series_worker *w, const struct recipient *one,
			  struct series_verdict *v, struct arena *a,
			  struct error *f)
{
	atomic_bool *refused = refusal_of(w, one);
	size_t n = strlen(v->refused);

	if (!refused || atomic_exchange(refused, true))
		return 0;
	snprintf(v->refused + n, sizeof(v->refused) - n, "%s%s", n ? ", " : "",
		 one->address);
	return journal_put(w->series->journal,
			   series_key_for(a, "refused", one), f);
}

/* If some have it and the others were refused, the series continues without
 * these. */
static int record_each(struct series_worker *w, const struct envelope *e,
		       size_t had, const char *key, struct series_verdict *v,
		       struct arena *a, bool *is_any, struct error *f)
{
	size_t have = had, refused = 0;

	for (size_t i = 0; i < e->count; i++) {
		have += has_it(&e->recipients[i]);
		refused += is_refused(&e->recipients[i]);
	}
	*is_any = have > 0;
	if (!have)
		return 0;
	if (w->series->envelope && have + refused == had + e->count) {
		v->status = v->queue_id[0] ? SERIES_QUEUED : SERIES_SENT;
		v->exit = 0;
		for (size_t i = 0; i < e->count; i++)
			if (is_refused(&e->recipients[i]) &&
			    record_refused(w, &e->recipients[i], v, a, f) < 0)
				return -1;
		return journal_put(w->series->journal, key, f);
	}
	for (size_t i = 0; i < e->count; i++)
		if (has_it(&e->recipients[i]) &&
		    journal_put(w->series->journal,
				series_key_for(a, key, &e->recipients[i]),
				f) < 0)
			return -1;
	return 0;
}

/* ---- begin ---- */

static void on_progress(void *context, uint64_t done, uint64_t total)
{
	const struct series_mail *m = context;
	const struct series *s = m->worker->series;

	s->ops->on_progress(s->context, m->verdict.n, m->ahead + done, total);
}

/* Without a journal a failed mail is saved; for parts, the caller saves the
 * file. */
static bool keeps_failed(const struct series *s)
{
	return s->journal && !journal_is_there(s->journal) && !s->envelope;
}

static void submit(struct series_worker *w, struct series_mail *m)
{
	const struct series *s = w->series;
	const struct submission submission = {
		.composition = &m->composition,
		.config = s->config,
		.trace = s->trace,
		.route = &w->route,
		.progress = s->ops->on_progress && w->report_fd < 0
				    ? &m->progress
				    : NULL,
		.limit = s->limit,
		.keeping = keeps_failed(s) ? SUBMIT_KEEP : SUBMIT_KEEP_NONE,
	};

	m->is_begun = true;
	submit_begin(&m->sending, &submission, &m->out);
}

/* Do not connect again. */
static void close_hosts(struct route *r)
{
	for (unsigned i = 0; i < r->count; i++)
		smarthost_close(&r->hosts[i]);
}

/* After a signal the rest of the input is read: that may take longer. */
static int make(struct series_worker *w, unsigned n, struct series_mail *m)
{
	const struct series *s = w->series;
	unsigned patience = interrupt_extend(s->is_rest_lost ? RESCUE_MS : 0);
	int r = s->ops->make(s->context, n, &m->arena, &m->composition,
			     m->verdict.name, &m->error);

	interrupt_restore(patience);
	return r;
}

static struct series_mail *mail_new(struct series_worker *w, unsigned n)
{
	const struct series *s = w->series;
	struct series_mail *m = memory_alloc(sizeof(*m));

	*m = (struct series_mail){
		.arena = ARENA_INIT,
		.out = { .account = s->account->name },
		.verdict = { .n = n, .status = SERIES_FAILED },
		.worker = w,
		.progress = { .sent = on_progress, .context = m },
	};
	m->composition = (struct composition){ .arena = &m->arena };
	m->key = s->ops->key(s->context, n, &m->arena);
	for (unsigned i = 0; i < w->count; i++)
		m->ahead += w->mails[i]->composition.stage.size;
	return m;
}

static void mail_drop(struct series_mail *m)
{
	composition_free(&m->composition);
	arena_free(&m->arena);
	free(m);
}

static void begin_mail(struct series_worker *w, unsigned n)
{
	struct series_mail *m = mail_new(w, n);
	struct envelope *e = &m->composition.envelope;

	if (make(w, n, m) == 0) {
		m->had = skip_recipients(w, e, m->key, &m->arena);
		if (is_rescuing(w))
			close_hosts(&w->route);
		if (e->count)
			submit(w, m);
	}
	w->mails[w->count++] = m;
}

/* ---- finish ---- */

static void fill_verdict(struct series_mail *m)
{
	const struct composition *c = &m->composition;
	const struct outcome *out = &m->out;
	const struct error *f = &m->error;
	struct series_verdict *v = &m->verdict;

	v->size = c->stage.size;
	v->exit = outcome_exit(out, f);
	v->status = v->exit	    ? SERIES_FAILED
		    : out->queue_id ? SERIES_QUEUED
				    : SERIES_SENT;
	v->is_held = out->held_by != NULL;
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

/* A mail that was sent and is not in the journal would be sent again. */
static void set_unwritten(struct series_worker *w, struct series_verdict *v,
			  const struct error *trouble)
{
	series_worker_stop(w);
	v->exit = error_exit(trouble);
	v->is_unwritten = v->status != SERIES_FAILED;
	snprintf(v->text, sizeof(v->text),
		 "%s, and that cannot be recorded: --resume "
		 "sends it once more: %.600s",
		 v->status == SERIES_SENT ? "it was sent"
		 : v->status == SERIES_QUEUED
			 ? "it is queued"
			 : "some of its recipients have it",
		 trouble->text);
	v->status = SERIES_FAILED;
}

/* Is anything of it in the journal? */
static bool record(struct series_worker *w, struct series_mail *m)
{
	struct series_verdict *v = &m->verdict;
	struct error trouble = ERROR_INIT;
	bool is_any = false;
	int r;

	if (!w->series->journal)
		return false;
	if (v->status != SERIES_FAILED) {
		is_any = true;
		r = journal_put(w->series->journal, m->key, &trouble);
	} else {
		r = record_each(w, &m->composition.envelope, m->had, m->key, v,
				&m->arena, &is_any, &trouble);
	}
	if (r == 0)
		return is_any;
	set_unwritten(w, v, &trouble);
	return false;
}

static void record_all(struct series_worker *w)
{
	bool is_recorded[SESSION_MAILS_MAX], is_any = false;
	struct error trouble = ERROR_INIT;

	crash_point("series-sent");
	for (unsigned i = 0; i < w->count; i++) {
		is_recorded[i] = record(w, w->mails[i]);
		is_any |= is_recorded[i];
	}
	if (!is_any || journal_sync(w->series->journal, &trouble) == 0)
		return;
	for (unsigned i = 0; i < w->count; i++)
		if (is_recorded[i])
			set_unwritten(w, &w->mails[i]->verdict, &trouble);
}

/* Can it be drawn again: did a signal come before it was sent? */
static bool is_left(const struct series_worker *w, const struct series_mail *m)
{
	return m->verdict.status == SERIES_FAILED &&
	       m->error.cause == ERROR_INTERRUPTED && !w->series->is_rest_lost;
}

static void finish_mails(struct series_worker *w)
{
	route_collect(&w->route);
	for (unsigned i = 0; i < w->count; i++) {
		struct series_mail *m = w->mails[i];

		if (m->is_begun)
			submit_finish(&m->sending, &m->error);
		fill_verdict(m);
	}
	if (w->count)
		record_all(w);
	for (unsigned i = 0; i < w->count; i++) {
		struct series_mail *m = w->mails[i];

		if (m->verdict.status == SERIES_FAILED && w->series->envelope)
			series_worker_stop(w);
		if (!is_left(w, m) && !w->report(w, &m->verdict))
			series_worker_stop(w);
		mail_drop(m);
	}
	w->has_finished |= w->count > 0;
	w->count = 0;
}

/* ---- all of them ---- */

bool series_is_wanted(const struct series *s, unsigned n)
{
	return !s->ops->wanted || s->ops->wanted(s->context, n);
}

bool series_is_done(const struct series *s, unsigned n, struct arena *a)
{
	return !s->again && s->journal &&
	       journal_has(s->journal, s->ops->key(s->context, n, a));
}

/* Leave some for other connections. */
static bool is_fair_share(const struct series_worker *w)
{
	unsigned drawn = atomic_load(&w->shared->next);
	unsigned left = drawn < w->series->total ? w->series->total - drawn : 0;

	return w->connections < 2 || w->count < left / (2 * w->connections);
}

static long descriptors(const struct composition *c)
{
	return inputs_descriptors(&c->inputs) +
	       (c->owned && c->owned->fd >= 0) +
	       (c->has_stage && c->stage.fd >= 0);
}

/* For the files of one more mail like the last one.  The other half of the
 * descriptors is for a file that is split. */
static bool has_descriptors(const struct series_worker *w)
{
	long most = inputs_descriptors_max() / 2, held = 0, last = 0;

	for (unsigned i = 0; i < w->count; i++) {
		last = descriptors(&w->mails[i]->composition);
		held += last;
	}
	return !most || held + last <= most;
}

static bool has_room(const struct series_worker *w)
{
	bool is_alone = w->series->envelope && !w->has_finished;

	return !is_alone && w->count < SESSION_MAILS_MAX && is_fair_share(w) &&
	       route_has_room(&w->route) && has_descriptors(w) &&
	       !interrupt_signal();
}

void series_worker_run(struct series_worker *w)
{
	const struct series *s = w->series;
	unsigned n;

	while ((is_rescuing(w) || !series_worker_is_stopped(w)) &&
	       (n = atomic_fetch_add(&w->shared->next, 1) + 1) <= s->total) {
		struct arena a = ARENA_INIT;
		bool goes = series_is_wanted(s, n) && !series_is_done(s, n, &a);

		arena_free(&a);
		if (!goes)
			continue;
		if (is_rescuing(w))
			finish_mails(w);
		begin_mail(w, n);
		if (!has_room(w))
			finish_mails(w);
	}
	finish_mails(w);
}
