/* talk.c - the event loop.
 *
 * One loop for both ends.  The server's output is read at once and shown line
 * by line; input is taken line by line, and only when no reply is pending: a
 * pipe is read in lockstep, and type-ahead on a terminal waits. */
#include "talk/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/sysenv.h"
#include "codec/base64.h"
#include "talk/talk_inside.h"

#define ROUNDS_MAX 16 /* reads before it is the input's turn again */

static void on_dial(void *context, const struct event *e)
{
	if (e->mark)
		talk_show(context, e->mark, e->text, e->n);
}

void talk_init(struct talk *t, const struct talk_options *options)
{
	*t = (struct talk){
		.options = options,
		.trace = { .take = on_dial, .context = t },
		.explains = options->is_terminal,
	};
	talk_state_init(&t->state);
	edit_init(&t->edit, options->is_utf8);
	t->edit.complete = talk_complete;
	t->edit.context = t;
	buf_init(&t->typed, TALK_LINE_MAX);
	buf_init(&t->received, TALK_LINE_MAX);
	talk_login_end(t);
}

void talk_free(struct talk *t)
{
	talk_login_end(t);
	talk_forget(t);
	talk_state_free(&t->state);
	edit_free(&t->edit);
	buf_wipe(&t->typed);
	buf_wipe(&t->received);
	free(t->file);
	free(t->transcript_path);
}

/* ---- input from the server ---- */

static void explain(struct talk *t, const char *line)
{
	struct buf text = BUF_INIT(1024);
	struct buf plain = BUF_INIT(TALK_LINE_MAX);
	const char *challenge = line + strcspn(line, " ");

	if (!t->explains)
		return;
	t->options->protocol->explain(&t->state, line, &text);
	if (t->state.is_challenge && !t->login.is_on &&
	    unbase64_text(challenge + strspn(challenge, " "), &plain) == 0 &&
	    plain.len)
		buf_printf(&text, ": \"%s\"", plain.data);
	if (text.len)
		talk_show(t, '=', text.data, text.len);
	buf_free(&text);
	buf_free(&plain);
}

static int send_pending_file(struct talk *t, struct error *f)
{
	bool is_wanted =
		t->state.input == TALK_BODY || t->state.input == TALK_OCTETS;
	char *path = t->file;
	int r = 0;

	t->file = NULL;
	if (is_wanted)
		r = talk_send_file(t, path, f);
	free(path);
	return r;
}

/* Skips the lines that belong to a refused command: they are not commands. */
static void pass_over(struct talk *t)
{
	struct talk_state *s = &t->state;

	t->may_be_secret = s->is_login;
	if (s->has_announced && !t->file)
		t->skips_octets = s->announced;
	s->has_announced = false;
	if (strcmp(s->verb, "DATA") != 0 || t->file)
		return;
	if (t->options->is_terminal) {
		buf_reset(&t->typed);
	} else {
		t->skips_body = true;
		talk_remark(t, "the message, up to the lone dot, is left out");
	}
}

static int end_reply(struct talk *t, struct error *f)
{
	struct talk_state *s = &t->state;

	s->is_awaited = false;
	if (s->ends_session) {
		t->is_over = true;
		return 0;
	}
	if (error_is_set(&s->refusal)) {
		talk_hide(t, s->refusal.text);
		t->refusal = s->refusal;
		pass_over(t);
	}
	if (t->login.is_on && s->input == TALK_ANSWER)
		return talk_login_answer(t, f);
	talk_login_confirm(t);
	return t->file ? send_pending_file(t, f) : 0;
}

static int handle_line(struct talk *t, struct error *f)
{
	struct buf *b = &t->received;
	size_t octets = b->len;
	enum talk_received kind;
	int r = 0;

	while (b->len && strchr("\r\n", b->data[b->len - 1]))
		buf_truncate(b, b->len - 1);
	for (size_t i = 0; i < b->len; i++)
		if (!b->data[i])
			b->data[i] = '?';
	kind = t->options->protocol->parse_reply(&t->state, b->data, octets);
	talk_show_received(t, b->data, b->len);
	explain(t, b->data);
	talk_login_challenge(t, b->data);
	if (kind == TALK_REPLY)
		r = end_reply(t, f);
	else if (kind == TALK_UNASKED && error_is_set(&t->state.refusal))
		t->refusal = t->state.refusal;
	buf_reset(b);
	return r;
}

static int take_octets(struct talk *t, const char *data, size_t n,
		       struct error *f)
{
	while (n && !t->is_over) {
		const char *end = memchr(data, '\n', n);
		size_t piece = end ? (size_t)(end - data) + 1 : n;

		if (buf_put(&t->received, data, piece) < 0) {
			t->is_lost = true;
			return error_set(f, ERROR_PROTOCOL,
					 "%s sends a line without an end",
					 t->line->place);
		}
		if (end && handle_line(t, f) < 0)
			return -1;
		data += piece;
		n -= piece;
	}
	return 0;
}

static int lose(struct talk *t, const struct error *why, struct error *f)
{
	t->is_over = t->is_lost = true;
	if (t->state.ends_session)
		return 0;
	talk_remark(t, "the server closed the connection");
	if (t->refusal.reply == 421)
		*f = t->refusal;
	else if (error_is_set(why))
		*f = *why;
	else
		error_set(f, ERROR_TEMPORARY, "%s closed the connection",
			  t->line->place);
	return -1;
}

/* 1 if there may be more. */
static int take_replies(struct talk *t, struct error *f)
{
	const struct talk_line *l = t->line;
	struct error why = ERROR_INIT;
	char room[4096];

	for (int i = 0; i < ROUNDS_MAX && !t->is_over; i++) {
		bool end;
		ssize_t n =
			l->receive(l->context, room, sizeof(room), &end, &why);

		if (n < 0 || end)
			return lose(t, &why, f);
		if (n == 0)
			return 0;
		wait_progress(&t->wait, (size_t)n);
		if (take_octets(t, room, (size_t)n, f) < 0)
			return -1;
	}
	return 1;
}

/* ---- waiting ---- */

static bool wants_input(const struct talk *t)
{
	if (t->is_ended)
		return false;
	if (t->options->is_terminal)
		return t->typed.len < TALK_INPUT_ROOM;
	return !t->state.is_awaited;
}

static int read_input(struct talk *t, struct error *f)
{
	char room[TALK_INPUT_ROOM];
	size_t most = TALK_LINE_MAX - t->typed.len;
	ssize_t n = read(STDIN_FILENO, room,
			 most < sizeof(room) ? most : sizeof(room));

	if (n < 0 && errno != EINTR && errno != EAGAIN && errno != EIO)
		return error_errno(f, ERROR_IO, errno,
				   "cannot read standard input");
	if (n == 0 || (n < 0 && errno == EIO))
		t->is_ended = true;
	if (n <= 0)
		return 0;
	wait_progress(&t->wait, (size_t)n);
	buf_put(&t->typed, room, (size_t)n);
	if (t->options->is_terminal && t->state.is_awaited &&
	    memchr(room, 3, (size_t)n))
		talk_break_off(t);
	explicit_bzero(room, (size_t)n);
	return 0;
}

/* Milliseconds. */
static uint64_t patience(const struct talk *t)
{
	uint64_t now = sysenv_ticks();

	if (!t->state.is_awaited || (t->options->is_terminal && !t->is_ended))
		return WAIT_FOREVER;
	return now < t->deadline ? t->deadline - now : 0;
}

static int out_of_time(struct talk *t, struct error *f)
{
	t->is_over = t->is_lost = true;
	if (t->state.ends_session)
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds", t->line->place,
			 t->options->seconds);
}

static int broken_off(struct talk *t, struct error *f)
{
	t->is_over = t->is_lost = true;
	return interrupt_error(f);
}

static int wait_for_either(struct talk *t, struct error *f)
{
	struct pollfd p[2] = {
		{ .fd = t->line->socket, .events = POLLIN },
		{ .fd = wants_input(t) ? STDIN_FILENO : -1, .events = POLLIN },
	};
	enum wait_end end;

	if (t->options->is_terminal && !t->state.is_awaited && !t->is_ended &&
	    (!t->is_drawn || t->is_stale))
		talk_draw(t);
	wait_limit(&t->wait, patience(t));
	end = wait_poll(&t->wait, p, 2, f);
	switch (end) {
	case WAIT_READY:
		return p[1].revents ? read_input(t, f) : 0;
	case WAIT_TIME:
		return out_of_time(t, f);
	case WAIT_WOKEN:
		return broken_off(t, f);
	case WAIT_ERROR:
		break;
	}
	t->is_over = t->is_lost = true;
	return -1;
}

/* While the server floods us nothing waits, but ctrl-c and the timeout are
 * still checked. */
static int look_up(struct talk *t, struct error *f)
{
	struct pollfd p = { .fd = wants_input(t) ? STDIN_FILENO : -1,
			    .events = POLLIN };

	if (!patience(t))
		return out_of_time(t, f);
	if (interrupt_signal())
		return broken_off(t, f);
	return poll(&p, 1, 0) > 0 ? read_input(t, f) : 0;
}

static int converse(struct talk *t, struct error *f)
{
	while (!t->is_over) {
		int more = take_replies(t, f), done;

		if (more < 0 || (more && look_up(t, f) < 0))
			return -1;
		if (t->is_over)
			break;
		done = talk_take_input(t, f);
		if (done < 0)
			return -1;
		if (error_is_set(&t->output_error)) {
			*f = t->output_error;
			return -1;
		}
		if (!more && !done && wait_for_either(t, f) < 0)
			return -1;
	}
	return 0;
}

int talk_hold(struct talk *t, const struct talk_line *line, struct error *f)
{
	int r;

	t->line = line;
	wait_begin(&t->wait, WAIT_FOREVER);
	if (interrupt_signal())
		return interrupt_error(f);
	if (t->options->is_terminal && edit_terminal_enter(STDIN_FILENO, f) < 0)
		return -1;
	r = converse(t, f);
	if (t->options->is_terminal) {
		talk_print(t, "");
		edit_terminal_leave();
	}
	if (r < 0 || t->options->is_terminal || !error_is_set(&t->refusal))
		return r;
	*f = t->refusal;
	return -1;
}
