/* errand.c - queue by queue. */
#include "queuerun/errand.h"

#include <string.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "queue/queue.h"
#include "queuerun/flush.h"

struct task {
	const struct errand *errand;
	const struct record_to *to;
	struct arena *arena;
	const char *folder;
	struct queue queue;
};

static int put(const struct task *t, const struct record *r, struct error *f)
{
	return t->to->put(t->to->context, r, f);
}

static int put_error(const struct task *t, const struct error *why,
		     uint32_t index, struct error *f)
{
	const struct record r = { .kind = RECORD_ERROR,
				  .error = *why,
				  .index = index };

	return put(t, &r, f);
}

/* ---- a run ---- */

static int run(struct task *t, struct error *f)
{
	const struct errand *e = t->errand;
	struct record done = { .kind = RECORD_RAN };
	struct error own = ERROR_INIT;
	struct flush fl = {
		.arena = t->arena,
		.folder = t->folder,
		.ids = e->choice.ids,
		.senders = e->choice.senders,
		.recipients = e->choice.recipients,
		.due_only = e->due_only,
		.verbose = e->verbose,
		.trace = e->trace,
	};

	if (e->notes_run)
		queue_note_run(t->arena, t->folder, sysenv_now());
	if (flush_run(&fl, &done.ran, &own) < 0 &&
	    put_error(t, &own, RECORD_NO_INDEX, f) < 0)
		return -1;
	return put(t, &done, f);
}

/* ---- ids ---- */

/* Who releases a mail that a limit held wants it to go now. */
static void send_freed(struct task *t, const char *id)
{
	bool is_all = strcmp(id, "ALL") == 0;
	struct error f = ERROR_INIT;
	struct flush fl = {
		.arena = t->arena,
		.folder = t->folder,
		.ids = { .words = &id, .count = !is_all },
		.due_only = true,
	};

	if (flush_start(&fl, false, &f) < 0)
		log_warning("the queue could not be run now: %s", f.text);
}

static int change(struct task *t, uint32_t index, struct error *f)
{
	const char *id = t->errand->choice.ids.words[index];
	struct mailq_changed done = { .count = 0 };
	struct error own = ERROR_INIT;
	int found = mailq_change(&t->queue, id, t->errand->change, &done, &own);
	const struct record r = { .kind = RECORD_FOUND,
				  .index = index,
				  .count = done.count };

	if (done.is_freed)
		send_freed(t, id);
	if (found < 0 && put_error(t, &own, index, f) < 0)
		return -1;
	return found || done.count ? put(t, &r, f) : 0;
}

struct printer {
	struct sink sink;
	const struct task *task;
};

static int put_data(struct sink *s, const void *data, size_t n)
{
	const struct printer *p = (const struct printer *)s;
	const char *at = data;

	while (n) {
		struct record r = { .kind = RECORD_DATA, .data = at };

		r.size = n < RECORD_DATA_MAX ? n : RECORD_DATA_MAX;
		if (put(p->task, &r, s->error) < 0)
			return -1;
		at += r.size;
		n -= r.size;
	}
	return 0;
}

static int print(struct task *t, uint32_t index, struct error *f)
{
	static const struct sink_ops ops = { .put = put_data };
	const char *id = t->errand->choice.ids.words[index];
	const struct record found = { .kind = RECORD_FOUND, .index = index };
	struct error own = ERROR_INIT, gone = ERROR_INIT;
	struct printer to = { .sink = { .ops = &ops, .error = &gone },
			      .task = t };
	struct slice message;
	int r = mailq_open(&t->queue, t->arena, id, &message, &own);

	if (r < 0)
		return put_error(t, &own, index, f);
	if (r == 0)
		return 0;
	if (put(t, &found, f) < 0) {
		mailq_close(&message);
		return -1;
	}
	r = pump_slice(&message, &to.sink);
	mailq_close(&message);
	return r < 0 ? put_error(t, &gone, index, f) : 0;
}

static int each_id(struct task *t, struct error *f)
{
	bool is_change = t->errand->kind == ERRAND_CHANGE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->errand->choice.ids.count; i++)
		r = is_change ? change(t, (uint32_t)i, f)
			      : print(t, (uint32_t)i, f);
	return r;
}

/* ---- all queues ---- */

static int list(struct task *t, struct error *f)
{
	struct error own = ERROR_INIT;

	if (mailq_visit(&t->queue, &t->errand->choice, t->errand->most, t->to,
			&own) == 0)
		return 0;
	return put_error(t, &own, RECORD_NO_INDEX, f);
}

static int do_one(struct task *t, struct error *f)
{
	struct error own = ERROR_INIT;

	if (t->errand->kind == ERRAND_RUN)
		return run(t, f);
	if (queue_open(&t->queue, t->arena, t->folder, false, &own) < 0)
		return put_error(t, &own, RECORD_NO_INDEX, f);
	return t->errand->kind == ERRAND_LIST ? list(t, f) : each_id(t, f);
}

int errand_do(const struct errand *e, const struct own_queues *queues,
	      const struct record_to *to, struct error *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < queues->count; i++) {
		struct arena a = ARENA_INIT;
		struct task t = { .errand = e,
				  .to = to,
				  .arena = &a,
				  .folder = queues->folders[i] };

		r = do_one(&t, f);
		arena_free(&a);
	}
	return r;
}
