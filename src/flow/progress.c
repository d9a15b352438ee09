/* progress.c - checked for each piece, shown five times a second. */
#include "flow/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "flow/slice.h"

#define FIRST_MS 1000
#define NEXT_MS	 200

void progress_init(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){
		.what = what,
		.total = total,
		.is_wanted = log_has_progress(),
	};
	if (p->is_wanted)
		p->start = p->shown = sysenv_ticks();
}

static void show(const struct progress *p, uint64_t now)
{
	uint64_t elapsed = now - p->start, rate, left;
	char done[16], total[16], speed[16];

	if (p->is_count) {
		log_progress("%s: %" PRIu64 " of %" PRIu64, p->what, p->done,
			     p->total);
		return;
	}
	rate = p->done * 1000 / (elapsed ? elapsed : 1);
	text_size(done, sizeof(done), p->done);
	text_size(total, sizeof(total), p->total);
	text_size(speed, sizeof(speed), rate);
	if (!p->total || p->done > p->total) {
		log_progress("%s: %s, %s/s", p->what, done, speed);
		return;
	}
	left = rate ? (p->total - p->done) / rate : 0;
	log_progress("%s: %s of %s, %s/s, %" PRIu64 ":%02u left", p->what, done,
		     total, speed, left / 60, (unsigned)(left % 60));
}

void progress_step(struct progress *p, uint64_t done)
{
	uint64_t now;

	p->done = done;
	if (!p->is_wanted || done < p->least)
		return;
	now = sysenv_ticks();
	if (now - p->start < FIRST_MS || now - p->shown < NEXT_MS)
		return;
	p->shown = now;
	show(p, now);
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct progress *p = (struct progress *)sink;

	progress_step(p, p->done + n);
	return sink_put(sink->next, data, n);
}

/* Nothing is read for it, so there is nothing to wait for. */
static int refer(struct sink *sink, const struct slice *from,
		 const struct encoder *encoder)
{
	struct progress *p = (struct progress *)sink;
	int r = sink_refer(sink->next, from, encoder);

	if (r > 0)
		progress_step(p, p->done + encoder->size(from->length));
	return r;
}

static const struct sink_ops ops = { .put = put, .refer = refer };

void progress_sink(struct progress *p, struct sink *next, const char *what,
		   uint64_t total)
{
	progress_init(p, what, total);
	p->sink = (struct sink){ .ops = &ops,
				 .next = next,
				 .error = next->error };
}

void progress_end(struct progress *p)
{
	if (p->is_wanted)
		log_progress_end();
}
