/* pipeline.c - one loop sends, one loop takes in, and each calls upon the other
 * before it waits.
 *
 * TLS asks that a send which did not go be tried again with the same bytes:
 * so `out` is never touched between the first try and the last. */
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

void pipeline_init(struct pipeline *fl, struct conn *conn,
		   pipeline_answer *answer, void *context)
{
	*fl = (struct pipeline){ .conn = conn,
				 .answer = answer,
				 .context = context };
	fl->out = memory_alloc(PIPELINE_ROOM);
	reply_init(&fl->reply);
}

void pipeline_free(struct pipeline *fl)
{
	free(fl->out);
	fl->out = NULL;
	reply_free(&fl->reply);
}

static int no_progress(struct pipeline *fl, const char *what, unsigned seconds,
		       struct error *f)
{
	fl->broken = true;
	return error_set(f, ERROR_TEMPORARY, "the server %s within %u seconds",
			 what, seconds);
}

static int already_lost(struct error *f)
{
	return error_set(f, ERROR_TEMPORARY, "the connection is lost already");
}

/* A whole reply goes to whom it answers. */
static int hand_over(struct pipeline *fl, struct error *f)
{
	struct owed owed = { .verb = VERB_NONE };
	char words[1024];
	int r;

	if (fl->count) {
		owed = fl->owed[fl->first];
		fl->first = (fl->first + 1) % PIPELINE_MAX;
		fl->count--;
	}
	if (fl->conn->trace) {
		reply_words(&fl->reply, words, sizeof(words));
		trace_line(fl->conn->trace, 'S', words, strlen(words));
	}
	r = fl->answer(fl->context, &owed, &fl->reply, f);
	reply_reset(&fl->reply);
	if (r < 0)
		fl->broken = true;
	return r;
}

static int take_in(struct pipeline *fl, const char *data, size_t n,
		   struct error *f)
{
	while (n) {
		size_t used;
		int whole = reply_feed(&fl->reply, data, n, &used, f);

		if (whole < 0) {
			fl->broken = true;
			return -1;
		}
		data += used;
		n -= used;
		if (whole && hand_over(fl, f) < 0)
			return -1;
	}
	return 0;
}

/* Until nothing is there now.  TLS may hold bytes back that poll() does not
 * see, so this always comes before a wait. */
int pipeline_listen(struct pipeline *fl, struct error *f)
{
	for (;;) {
		bool end = false;
		ssize_t n =
			conn_receive(fl->conn, fl->in, sizeof(fl->in), &end, f);

		if (n < 0 || end)
			fl->broken = true;
		if (n < 0)
			return -1;
		if (end)
			return error_set(f, ERROR_TEMPORARY,
					 "the server closed the connection");
		if (n == 0)
			return 0;
		fl->has_heard = true;
		if (take_in(fl, fl->in, (size_t)n, f) < 0)
			return -1;
	}
}

/* Nothing goes out any more; the server may have said why before it went. */
static int lost_while_sending(struct pipeline *fl, const struct error *lost,
			      struct error *f)
{
	struct error end = ERROR_INIT;

	fl->broken = true;
	pipeline_listen(fl, &end);
	*f = end.reply ? end : *lost;
	return -1;
}

/* What was heard proves that the line is alive; it gives no more time. */
static int wait_on(struct pipeline *fl, bool to_send, struct wait *w,
		   struct error *f)
{
	int ready;

	if (fl->has_heard)
		wait_moved(w, 0);
	fl->has_heard = false;
	ready = conn_wait(fl->conn, to_send, w, f);
	if (ready < 0)
		fl->broken = true;
	return ready;
}

/* 1: try again, with what is left. */
static int send_some(struct pipeline *fl, struct wait *w, struct error *f)
{
	struct error lost = ERROR_INIT;
	ssize_t n;

	if (fl->broken)
		return already_lost(f);
	if (pipeline_listen(fl, f) < 0)
		return -1;
	n = conn_send(fl->conn, fl->out + fl->out_done,
		      fl->out_len - fl->out_done, &lost);
	if (n < 0)
		return lost_while_sending(fl, &lost, f);
	fl->out_done += (size_t)n;
	if (n == 0)
		return wait_on(fl, true, w, f);
	wait_moved(w, (size_t)n);
	return 1;
}

int pipeline_flush(struct pipeline *fl, struct error *f)
{
	unsigned seconds = fl->timeout ? fl->timeout : BLOCK_SECONDS;
	struct wait w;

	wait_begin_stream(&w, seconds * UINT64_C(1000));
	w.act = "take more of the message";
	while (fl->out_done < fl->out_len) {
		int go_on = send_some(fl, &w, f);

		if (go_on < 0)
			return -1;
		if (!go_on && wait_was_slow(&w))
			return no_progress(fl, "took hardly anything",
					   seconds * WAIT_SLOWNESS, f);
		if (!go_on)
			return no_progress(fl, "took nothing more", seconds, f);
	}
	fl->gone += fl->out_len;
	fl->out_len = fl->out_done = 0;
	return 0;
}

uint64_t pipeline_mark(const struct pipeline *fl)
{
	return fl->gone + fl->out_len;
}

bool pipeline_has_sent(const struct pipeline *fl, uint64_t mark)
{
	return fl->gone + fl->out_done >= mark;
}

/* 1 when one came, 0 when the time is up. */
static int wait_for_reply(struct pipeline *fl, unsigned seconds,
			  struct error *f)
{
	size_t before = fl->count;
	struct wait w;

	wait_begin(&w, seconds * UINT64_C(1000));
	w.act = verbs[fl->owed[fl->first].verb].act;
	for (;;) {
		int ready;

		if (pipeline_listen(fl, f) < 0)
			return -1;
		if (fl->count != before)
			return 1;
		ready = wait_on(fl, false, &w, f);
		if (ready <= 0)
			return ready;
	}
}

/* As long as RFC 5321 says. */
static int wait_long(struct pipeline *fl, struct error *f)
{
	enum verb verb = fl->owed[fl->first].verb;
	unsigned seconds = fl->timeout ? fl->timeout : verbs[verb].seconds;
	int r = wait_for_reply(fl, seconds, f);
	char what[64];

	if (r)
		return r < 0 ? -1 : 0;
	snprintf(what, sizeof(what), "did not answer %s", verbs[verb].name);
	return no_progress(fl, what, seconds, f);
}

int pipeline_await(struct pipeline *fl, size_t most, struct error *f)
{
	if (fl->count > most)
		fl->round_trips++;
	if (pipeline_flush(fl, f) < 0)
		return -1;
	while (fl->count > most)
		if (wait_long(fl, f) < 0)
			return -1;
	return 0;
}

int pipeline_await_briefly(struct pipeline *fl, unsigned seconds,
			   struct error *f)
{
	if (fl->count)
		fl->round_trips++;
	if (pipeline_flush(fl, f) < 0)
		return -1;
	while (fl->count) {
		int r = wait_for_reply(fl, seconds, f);

		if (r <= 0)
			return r;
	}
	return 1;
}

int pipeline_hear_out(struct pipeline *fl, size_t most, struct error *f)
{
	int r = 0;

	while (r == 0 && fl->count > most)
		r = wait_long(fl, f);
	fl->broken = true;
	return r;
}

void pipeline_owe(struct pipeline *fl, const struct owed *owed)
{
	fl->owed[(fl->first + fl->count) % PIPELINE_MAX] = *owed;
	fl->count++;
}

/* With all answered, a reply that is there already was never asked for: it
 * must not be taken for the one to come. */
static int make_way(struct pipeline *fl, size_t n, struct error *f)
{
	if (fl->broken)
		return already_lost(f);
	if (!fl->count && !fl->out_len && pipeline_listen(fl, f) < 0)
		return -1;
	if (fl->count + 1 >= PIPELINE_MAX &&
	    pipeline_await(fl, PIPELINE_MAX / 2, f) < 0)
		return -1;
	if (PIPELINE_ROOM - fl->out_len < n)
		return pipeline_flush(fl, f);
	return 0;
}

int pipeline_say(struct pipeline *fl, const struct owed *owed,
		 const struct buf *command, struct error *f)
{
	if (command->overflow)
		return error_set(f, ERROR_SOFTWARE,
				 "a command of more than %zu octets was to be "
				 "sent",
				 command->max);
	if (make_way(fl, command->len + 2, f) < 0)
		return -1;
	trace_line(fl->conn->trace, 'C', command->data, command->len);
	memcpy(fl->out + fl->out_len, command->data, command->len);
	fl->out_len += command->len;
	memcpy(fl->out + fl->out_len, "\r\n", 2);
	fl->out_len += 2;
	if (owed->verb != VERB_NONE)
		pipeline_owe(fl, owed);
	return 0;
}

int pipeline_put(struct pipeline *fl, const void *data, size_t n,
		 struct error *f)
{
	const char *from = data;

	while (n) {
		size_t room, piece;
		char *to = pipeline_room(fl, &room, f);

		if (!to)
			return -1;
		piece = n < room ? n : room;
		memcpy(to, from, piece);
		pipeline_wrote(fl, piece);
		from += piece;
		n -= piece;
	}
	return 0;
}

char *pipeline_room(struct pipeline *fl, size_t *room, struct error *f)
{
	if (fl->broken) {
		already_lost(f);
		return NULL;
	}
	if (fl->out_len > PIPELINE_ROOM / 2 && pipeline_flush(fl, f) < 0)
		return NULL;
	*room = PIPELINE_ROOM - fl->out_len;
	return fl->out + fl->out_len;
}

void pipeline_wrote(struct pipeline *fl, size_t n)
{
	fl->out_len += n;
}

/* ---- the octets of a message ----
 *
 * BDAT needs no look at them, so a file is read straight into the room that is
 * sent; those of DATA go through the dot sink, in blocks. */

#define BLOCK ((size_t)64 * 1024) /* between two calls of the progress */

static void show(const struct session_progress *progress, uint64_t done,
		 const struct slice *bytes)
{
	if (progress)
		progress->sent(progress->context, done, bytes->length);
}

int pipeline_put_raw(struct pipeline *fl, const struct slice *bytes,
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

int pipeline_put_dotted(struct pipeline *fl, const struct slice *bytes,
			const struct session_progress *progress,
			struct error *f)
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
