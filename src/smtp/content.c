/* content.c - BDAT needs no look at the octets, so a file is read straight
 * into the room that is sent; DATA's go through the dot sink, in blocks. */
#include "smtp/content.h"

#include "codec/dot.h"
#include "flow/sink.h"
#include "smtp/session.h"

#define BLOCK ((size_t)64 * 1024) /* between two calls of the progress */

static void show(const struct session_progress *progress, uint64_t done,
		 const struct slice *bytes)
{
	if (progress)
		progress->sent(progress->context, done, bytes->length);
}

int content_put_raw(struct pipeline *fl, const struct slice *bytes,
		    const struct session_progress *progress, struct error *f)
{
	struct source from;
	ssize_t n;

	source_of_slice(&from, bytes);
	do {
		size_t room;
		char *to = pipeline_room(fl, &room, f);

		if (!to)
			return -1;
		n = source_read(&from, to, room, f);
		if (n < 0)
			return -1;
		pipeline_wrote(fl, (size_t)n);
		show(progress, from.done, bytes);
	} while (n);
	return 0;
}

/* The end of the chain. */
struct line_sink {
	struct sink sink;
	struct pipeline *flight;
};

static int line_put(struct sink *sink, const void *data, size_t n)
{
	struct line_sink *to = (struct line_sink *)sink;

	return pipeline_put(to->flight, data, n, sink->error);
}

static const struct sink_ops line_ops = { .put = line_put };

/* Its beginning: counts what goes in, before the dots. */
struct meter {
	struct sink sink;
	const struct session_progress *progress;
	const struct slice *bytes;
	uint64_t done;
};

static int meter_put(struct sink *sink, const void *data, size_t n)
{
	struct meter *m = (struct meter *)sink;
	const char *from = data;

	while (n) {
		size_t piece = n < BLOCK ? n : BLOCK;

		if (sink_put(sink->next, from, piece) < 0)
			return -1;
		from += piece;
		n -= piece;
		m->done += piece;
		show(m->progress, m->done, m->bytes);
	}
	return 0;
}

static const struct sink_ops meter_ops = { .put = meter_put };

int content_put_dotted(struct pipeline *fl, const struct slice *bytes,
		       const struct session_progress *progress, struct error *f)
{
	struct line_sink line = {
		.sink = { .ops = &line_ops, .error = f },
		.flight = fl,
	};
	struct dot dot;
	struct meter meter = {
		.sink = { .ops = &meter_ops, .next = &dot.sink, .error = f },
		.progress = progress,
		.bytes = bytes,
	};

	dot_init(&dot, &line.sink);
	if (pump_slice(bytes, &meter.sink) < 0)
		return -1;
	return sink_close(&dot.sink);
}
