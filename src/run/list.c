/* list.c - see list.h. */
#include "run/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"
#include "run/phrase.h"

#define NAME_WIDTH 24

static void add(struct list *l, struct arena *a, const char *name,
		const struct run_options *o)
{
	struct error f = ERROR_INIT;
	struct state_entry entry;
	struct list_job *job;
	int64_t last, now = sysenv_now();

	l->jobs = arena_grow(a, l->jobs, l->count, &l->room, sizeof(*l->jobs));
	job = &l->jobs[l->count++];
	*job = (struct list_job){ .name = name };
	if (state_open(&entry, a, name, &f) < 0 ||
	    state_read(entry.path, &job->state, &f) < 0)
		job->error = arena_dup(a, f.text);
	else if (!job->state.started)
		job->error = "no run of it is known";
	job->is_running = state_is_running(&job->state);
	last = job->state.started > job->state.ended ? job->state.started
						     : job->state.ended;
	job->is_lost = job->state.pid && !job->state.ended && !job->is_running;
	/* a time in the future, of a wrong clock, tells nothing */
	job->is_missed =
		o->missed && (last < now - o->missed || last > now + o->missed);
}

static int by_name(const void *one, const void *other)
{
	const struct list_job *x = one, *y = other;

	return strcmp(x->name, y->name);
}

int list_read(struct list *l, struct arena *a, const struct run_options *o,
	      struct error *f)
{
	struct state_walk *w;
	const char *name;

	*l = (struct list){ .count = 0 };
	for (size_t i = 0; i < o->name_count; i++)
		add(l, a, o->names[i], o);
	if (o->name && !o->name_count)
		add(l, a, o->name, o);
	if (l->count)
		return 0;
	w = state_walk_open(a, f);
	if (!w)
		return -1;
	while ((name = state_walk_next(w, f)))
		add(l, a, name, o);
	state_walk_close(w);
	if (l->count)
		qsort(l->jobs, l->count, sizeof(*l->jobs), by_name);
	return error_is_set(f) ? -1 : 0;
}

/* ---- for people ---- */

static void pad(struct buf *out, size_t start, size_t width)
{
	while (text_width(out->data + start, out->len - start) < width)
		buf_putc(out, ' ');
	buf_putc(out, ' ');
}

static void put_time(struct buf *out, int64_t when)
{
	char text[DATE_SIZE];

	date_format_short(text, when);
	buf_puts(out, text);
}

static void put_job(const struct list_job *job, int64_t now, struct buf *out)
{
	const struct state *s = &job->state;
	size_t start = out->len;

	text_puts_safe(out, job->name);
	pad(out, start, NAME_WIDTH);
	if (job->error) {
		buf_printf(out, "%s\n", job->error);
		return;
	}
	start = out->len;
	put_time(out, s->started);
	pad(out, start, 17);
	start = out->len;
	text_puts_safe(out, job->is_running ? "running"
			    : job->is_lost  ? "lost"
					    : s->status);
	if (s->failures > 1)
		buf_printf(out, ", %u in a row", s->failures);
	pad(out, start, 30);
	start = out->len;
	if (s->ended)
		phrase_span(out, s->milliseconds);
	pad(out, start, 12);
	if (s->next > now)
		put_time(out, s->next);
	else
		buf_putc(out, '-');
	buf_putc(out, '\n');
}

void list_text(const struct list *l, struct buf *out)
{
	int64_t now = sysenv_now();

	if (!l->count) {
		buf_puts(out, "No job has been run yet.\n");
		return;
	}
	buf_printf(out, "%-*s %-17s %-30s %-12s %s\n", NAME_WIDTH, "JOB",
		   "LAST RUN", "STATUS", "DURATION", "SAME MAIL FROM");
	for (size_t i = 0; i < l->count; i++)
		put_job(&l->jobs[i], now, out);
}

/* ---- for a monitor ---- */

static bool has_failed(const struct list_job *job)
{
	return job->is_lost || job->state.failures;
}

/* The names of jobs with this status, and the reasons. */
static void put_those(const struct list *l, int status, struct buf *out)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct list_job *job = &l->jobs[i];

		if (status == 3 ? !job->error
		    : status == 2
			    ? job->error || !job->is_missed
			    : job->error || job->is_missed || !has_failed(job))
			continue;
		buf_puts(out, "; ");
		text_puts_safe(out, job->name);
		if (status == 3)
			buf_printf(out, ": %s", job->error);
		else if (status == 2)
			buf_puts(out, " has not run since ");
		else
			buf_printf(out, ": %s",
				   job->is_lost ? "lost" : job->state.status);
		if (status == 2)
			put_time(out, job->state.started);
	}
}

int list_monitor(const struct list *l, struct buf *out)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
					     "UNKNOWN" };
	size_t counts[4] = { 0 };
	int status = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct list_job *job = &l->jobs[i];

		counts[job->error	 ? 3
		       : job->is_missed	 ? 2
		       : has_failed(job) ? 1
					 : 0]++;
	}
	if (counts[2])
		status = 2;
	else if (counts[3] || !l->count)
		status = 3;
	else if (counts[1])
		status = 1;
	buf_printf(out, "RUN %s - %zu job%s, %zu missed, %zu failed",
		   words[status], l->count, l->count == 1 ? "" : "s", counts[2],
		   counts[1]);
	if (!l->count)
		buf_puts(out, "; no job is known");
	for (int one = 3; one; one--)
		put_those(l, one, out);
	buf_printf(out, " | jobs=%zu missed=%zu failed=%zu\n", l->count,
		   counts[2], counts[1]);
	return status;
}
