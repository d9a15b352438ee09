/* pipeline.c - one loop sends, one loop receives, and each calls the other
 * before it waits.
 *
 * TLS requires that a send that did not succeed is repeated with the same
 * bytes, so `out` does not change between the first try and the last. */
#include "smtp/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/dot.h"
#include "flow/sink.h"
#include "net/wait.h"
#include "smtp/session.h"

#define BLOCK_SECONDS 180 /* RFC 5321 4.5.3.2.5: for octets to go */

/* RFC 5321 4.5.3.2 */
static const struct {
	const char *name;
	const char *act; /* what it is to do */
	unsigned seconds;
} verbs[] = {
	[VERB_NONE] = { "the last command", "answer", 300 },
	[VERB_RSET] = { "RSET", "answer RSET", 300 },
	[VERB_MAIL] = { "MAIL", "answer MAIL", 300 },
	[VERB_RCPT] = { "RCPT", "answer RCPT", 300 },
	[VERB_DATA] = { "DATA", "answer DATA", 120 },
	[VERB_CONTENT] = { "the message", "take the message", 600 },
	[VERB_QUIT] = { "QUIT", "answer QUIT", 300 },
};

void pipeline_init(struct pipeline *p, struct conn *conn,
		   pipeline_reply_handler *on_reply, void *context)
{
	*p = (struct pipeline){ .conn = conn,
				.on_reply = on_reply,
				.context = context };
	p->out = memory_alloc(PIPELINE_ROOM);
	reply_init(&p->reply);
}

void pipeline_free(struct pipeline *p)
{
	free(p->out);
	p->out = NULL;
	reply_free(&p->reply);
}

static int no_progress(struct pipeline *p, const char *what, unsigned seconds,
		       struct error *f)
{
	p->broken = true;
	return error_set(f, ERROR_TEMPORARY, "the server %s within %u seconds",
			 what, seconds);
}

static int already_lost(struct error *f)
{
	return error_set(f, ERROR_TEMPORARY, "the connection is lost already");
}

/* Passes a complete reply on, with the command it answers. */
static int dispatch_reply(struct pipeline *p, struct error *f)
{
	struct pending pending = { .verb = VERB_NONE };
	char words[1024];
	int r;

	if (p->count) {
		pending = p->pending[p->first];
		p->first = (p->first + 1) % PIPELINE_MAX;
		p->count--;
	}
	if (p->conn->trace) {
		reply_words(&p->reply, words, sizeof(words));
		trace_line(p->conn->trace, 'S', words, strlen(words));
	}
	r = p->on_reply(p->context, &pending, &p->reply, f);
	reply_reset(&p->reply);
	if (r < 0)
		p->broken = true;
	return r;
}

static int feed_replies(struct pipeline *p, const char *data, size_t n,
			struct error *f)
{
	while (n) {
		size_t used;
		int whole = reply_feed(&p->reply, data, n, &used, f);

		if (whole < 0) {
			p->broken = true;
			return -1;
		}
		data += used;
		n -= used;
		if (whole && dispatch_reply(p, f) < 0)
			return -1;
	}
	return 0;
}

/* Reads until nothing is left.  TLS may have buffered bytes that poll() does
 * not report, so this always comes before a wait. */
int pipeline_receive(struct pipeline *p, struct error *f)
{
	for (;;) {
		bool end = false;
		ssize_t n =
			conn_receive(p->conn, p->in, sizeof(p->in), &end, f);

		if (n < 0 || end)
			p->broken = true;
		if (n < 0)
			return -1;
		if (end)
			return error_set(f, ERROR_TEMPORARY,
					 "the server closed the connection");
		if (n == 0)
			return 0;
		p->has_received = true;
		if (feed_replies(p, p->in, (size_t)n, f) < 0)
			return -1;
	}
}

/* Nothing can be sent any more; the server may have sent the reason before it
 * closed. */
static int lost_while_sending(struct pipeline *p, const struct error *lost,
			      struct error *f)
{
	struct error end = ERROR_INIT;

	p->broken = true;
	pipeline_receive(p, &end);
	*f = end.reply ? end : *lost;
	return -1;
}

/* Octets that arrived prove that the connection is alive; they give no more
 * time. */
static int wait_on(struct pipeline *p, bool to_send, struct wait *w,
		   struct error *f)
{
	int ready;

	if (p->has_received)
		wait_progress(w, 0);
	p->has_received = false;
	ready = conn_wait(p->conn, to_send, w, f);
	if (ready < 0)
		p->broken = true;
	return ready;
}

/* 1: try again, with what is left. */
static int send_some(struct pipeline *p, struct wait *w, struct error *f)
{
	struct error lost = ERROR_INIT;
	ssize_t n;

	if (p->broken)
		return already_lost(f);
	if (pipeline_receive(p, f) < 0)
		return -1;
	n = conn_send(p->conn, p->out + p->out_done, p->out_len - p->out_done,
		      &lost);
	if (n < 0)
		return lost_while_sending(p, &lost, f);
	p->out_done += (size_t)n;
	if (n == 0)
		return wait_on(p, true, w, f);
	wait_progress(w, (size_t)n);
	return 1;
}

int pipeline_flush(struct pipeline *p, struct error *f)
{
	unsigned seconds = p->timeout ? p->timeout : BLOCK_SECONDS;
	struct wait w;

	wait_begin_stream(&w, seconds * UINT64_C(1000));
	w.act = "take more of the message";
	while (p->out_done < p->out_len) {
		int go_on = send_some(p, &w, f);

		if (go_on < 0)
			return -1;
		if (!go_on && wait_was_slow(&w))
			return no_progress(p, "took hardly anything",
					   seconds * WAIT_SLOWNESS, f);
		if (!go_on)
			return no_progress(p, "took nothing more", seconds, f);
	}
	p->flushed += p->out_len;
	p->out_len = p->out_done = 0;
	return 0;
}

uint64_t pipeline_mark(const struct pipeline *p)
{
	return p->flushed + p->out_len;
}

bool pipeline_has_sent(const struct pipeline *p, uint64_t mark)
{
	return p->flushed + p->out_done >= mark;
}

/* 1 when a reply came, 0 when the time is up. */
static int wait_for_reply(struct pipeline *p, unsigned seconds, struct error *f)
{
	size_t before = p->count;
	struct wait w;

	wait_begin(&w, seconds * UINT64_C(1000));
	w.act = verbs[p->pending[p->first].verb].act;
	for (;;) {
		int ready;

		if (pipeline_receive(p, f) < 0)
			return -1;
		if (p->count != before)
			return 1;
		ready = wait_on(p, false, &w, f);
		if (ready <= 0)
			return ready;
	}
}

/* As long as RFC 5321 requires, or as configured. */
static int wait_by_rfc(struct pipeline *p, struct error *f)
{
	enum verb verb = p->pending[p->first].verb;
	unsigned seconds = p->timeout ? p->timeout : verbs[verb].seconds;
	int r = wait_for_reply(p, seconds, f);
	char what[64];

	if (r)
		return r < 0 ? -1 : 0;
	snprintf(what, sizeof(what), "did not answer %s", verbs[verb].name);
	return no_progress(p, what, seconds, f);
}

int pipeline_await(struct pipeline *p, size_t most, struct error *f)
{
	if (p->count > most)
		p->round_trips++;
	if (pipeline_flush(p, f) < 0)
		return -1;
	while (p->count > most)
		if (wait_by_rfc(p, f) < 0)
			return -1;
	return 0;
}

int pipeline_await_briefly(struct pipeline *p, unsigned seconds,
			   struct error *f)
{
	if (p->count)
		p->round_trips++;
	if (pipeline_flush(p, f) < 0)
		return -1;
	while (p->count) {
		int r = wait_for_reply(p, seconds, f);

		if (r <= 0)
			return r;
	}
	return 1;
}

int pipeline_drain(struct pipeline *p, size_t most, struct error *f)
{
	int r = 0;

	while (r == 0 && p->count > most)
		r = wait_by_rfc(p, f);
	p->broken = true;
	return r;
}

void pipeline_expect(struct pipeline *p, const struct pending *pending)
{
	p->pending[(p->first + p->count) % PIPELINE_MAX] = *pending;
	p->count++;
}

/* When nothing is pending, a reply that is there already answers no command:
 * it must not be mistaken for the reply to the next one. */
static int make_room(struct pipeline *p, size_t n, struct error *f)
{
	if (p->broken)
		return already_lost(f);
	if (!p->count && !p->out_len && pipeline_receive(p, f) < 0)
		return -1;
	if (p->count + 1 >= PIPELINE_MAX &&
	    pipeline_await(p, PIPELINE_MAX / 2, f) < 0)
		return -1;
	if (PIPELINE_ROOM - p->out_len < n)
		return pipeline_flush(p, f);
	return 0;
}

int pipeline_put_command(struct pipeline *p, const struct pending *pending,
			 const struct buf *command, struct error *f)
{
	if (command->overflow)
		return error_set(f, ERROR_SOFTWARE,
				 "a command of more than %zu octets was to be "
				 "sent",
				 command->max);
	if (make_room(p, command->len + 2, f) < 0)
		return -1;
	trace_line(p->conn->trace, 'C', command->data, command->len);
	memcpy(p->out + p->out_len, command->data, command->len);
	p->out_len += command->len;
	memcpy(p->out + p->out_len, "\r\n", 2);
	p->out_len += 2;
	if (pending->verb != VERB_NONE)
		pipeline_expect(p, pending);
	return 0;
}

/* ---- the octets of a message ----
 *
 * BDAT sends them as they are, so a file is read straight into the send buffer;
 * those of DATA go through the dot sink, in blocks. */

#define BLOCK ((size_t)64 * 1024) /* between two calls of the progress */

static void show_progress(const struct session_progress *progress,
			  uint64_t done, const struct slice *bytes)
{
	if (progress)
		progress->sent(progress->context, done, bytes->length);
}

/* Where the next octets may be written, at least half of the room. */
static char *find_room(struct pipeline *p, size_t *room, struct error *f)
{
	if (p->broken) {
		already_lost(f);
		return NULL;
	}
	if (p->out_len > PIPELINE_ROOM / 2 && pipeline_flush(p, f) < 0)
		return NULL;
	*room = PIPELINE_ROOM - p->out_len;
	return p->out + p->out_len;
}

int pipeline_put_raw(struct pipeline *p, const struct slice *bytes,
		     const struct session_progress *progress, struct error *f)
{
	struct source from;
	ssize_t n;

	source_of_slice(&from, bytes);
	do {
		size_t room;
		char *to = find_room(p, &room, f);

		if (!to)
			return -1;
		n = source_read(&from, to, room, f);
		if (n < 0)
			return -1;
		p->out_len += (size_t)n;
		show_progress(progress, from.done, bytes);
	} while (n);
	return 0;
}

/* The end of the chain. */
struct line_sink {
	struct sink sink;
	struct pipeline *pipeline;
};

static int line_put(struct sink *sink, const void *data, size_t n)
{
	struct pipeline *p = ((struct line_sink *)sink)->pipeline;
	const char *from = data;

	while (n) {
		size_t room, piece;
		char *to = find_room(p, &room, sink->error);

		if (!to)
			return -1;
		piece = n < room ? n : room;
		memcpy(to, from, piece);
		p->out_len += piece;
		from += piece;
		n -= piece;
	}
	return 0;
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
		show_progress(m->progress, m->done, m->bytes);
	}
	return 0;
}

static const struct sink_ops meter_ops = { .put = meter_put };

int pipeline_put_dotted(struct pipeline *p, const struct slice *bytes,
			const struct session_progress *progress,
			struct error *f)
{
	struct line_sink line = {
		.sink = { .ops = &line_ops, .error = f },
		.pipeline = p,
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
