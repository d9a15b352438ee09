/* talk_input.c - what is typed, or comes down a pipe, a line at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "net/glossary.h"
#include "talk/talk_inside.h"

#define FAREWELL_SECONDS 5

/* ---- what is typed ---- */

/* Behind a log-in that was refused at once may come the answers to challenges
 * that never did. */
static bool is_stray_secret(const struct talk *t, const char *line)
{
	const char *protocol = t->options->protocol->name;
	char one[16], two[16];
	const char *rest;

	if (!t->may_be_secret)
		return false;
	rest = talk_verb(line, one, sizeof(one));
	talk_verb(rest, two, sizeof(two));
	return !glossary_verb(protocol, one, strlen(one), NULL) &&
	       !glossary_verb(protocol, two, strlen(two), NULL);
}

static bool is_skipped(struct talk *t, const char *line)
{
	size_t n = strlen(line) + 2;

	if (t->skips_octets) {
		t->skips_octets -= t->skips_octets > n ? n : t->skips_octets;
		return true;
	}
	if (!t->skips_body)
		return false;
	t->skips_body = strcmp(line, ".") != 0;
	return true;
}

int talk_take(struct talk *t, const char *line, struct error *f)
{
	if (is_skipped(t, line))
		return 0;
	if (talk_is_command(t, line))
		return talk_command(t, line, f);
	if (t->state.input != TALK_COMMAND)
		return talk_say_line(t, line, NULL, f);
	if (!line[strspn(line, " \t")])
		return 0;
	if (is_stray_secret(t, line)) {
		talk_remark(t, "*** is not sent: the server asked for no "
			       "answer");
		return 0;
	}
	return talk_say(t, line, f);
}

static int take_typed(struct talk *t, struct error *f)
{
	struct buf *b = &t->typed;
	char *end = memchr(b->data, '\n', b->len);
	size_t n = end ? (size_t)(end - b->data) : b->len;
	char *line;
	int r;

	if (!end && !(t->is_ended && b->len)) {
		if (b->len < TALK_LINE_MAX)
			return 0;
		return error_set(f, ERROR_DATA,
				 "a line has more than %d octets",
				 TALK_LINE_MAX);
	}
	line = memory_alloc(n + 1);
	memcpy(line, b->data, n);
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	buf_shift(b, end ? (size_t)(end - b->data) + 1 : b->len);
	if (strlen(line) != n)
		r = error_set(f, ERROR_DATA, "a line has a NUL in it");
	else
		r = talk_take(t, line, f);
	explicit_bzero(line, n);
	free(line);
	return r < 0 ? -1 : 1;
}

/* ---- keys ---- */

static bool hides_input(const struct talk *t)
{
	return t->state.input == TALK_ANSWER ||
	       (t->state.input == TALK_OCTETS && t->state.is_login);
}

void talk_draw(struct talk *t)
{
	const char *prompt =
		t->options->has_colour ? "\033[36mC:\033[0m " : "C: ";
	bool is_hidden;
	struct buf out = BUF_INIT(4 * EDIT_LINE_MAX);

	if (t->edit.is_hidden != hides_input(t))
		edit_begin(&t->edit, hides_input(t));
	is_hidden = t->edit.is_hidden;
	edit_draw(&t->edit, is_hidden ? "C: (not shown) " : prompt,
		  is_hidden ? 15 : 3, edit_terminal_columns(), &out);
	t->is_drawn = false; /* it begins with an erasure of its own */
	talk_print(t, out.data);
	t->is_drawn = true;
	t->is_stale = false;
	buf_free(&out);
}

static int take_edited(struct talk *t, struct error *f)
{
	struct edit *e = &t->edit;
	bool is_command = t->state.input == TALK_COMMAND;
	size_t n = e->line.len + 1;
	char *line = memcpy(memory_alloc(n), e->line.data, n);
	int r;

	edit_begin(e, false);
	talk_print(t, "");
	t->state.is_login = is_command ? false : t->state.is_login;
	r = talk_take(t, line, f);
	if (is_command && !t->state.is_login && !ascii_begins(line, "\\base64"))
		edit_remember(e, line);
	explicit_bzero(line, n);
	free(line);
	edit_begin(e, hides_input(t));
	return r < 0 ? -1 : 1;
}

void talk_break_off(struct talk *t)
{
	t->is_over = true;
	talk_remark(t, "broken off");
}

static int end_typing(struct talk *t)
{
	if (t->state.input == TALK_BODY)
		talk_remark(t,
			    "a lone dot ends the message; ctrl-c breaks off");
	else
		t->is_ended = true;
	return 1;
}

static int stop(struct talk *t, struct error *f)
{
	talk_print(t, "");
	return edit_terminal_stop(f) < 0 ? -1 : 1;
}

/* 1 when something was done, 0 when there is nothing more to look at. */
static int take_keys(struct talk *t, struct error *f)
{
	while (t->typed.len) {
		unsigned char c = (unsigned char)t->typed.data[0];
		enum edit_event event;

		if (t->edit.is_hidden != hides_input(t))
			edit_begin(&t->edit, hides_input(t));
		event = edit_key(&t->edit, c);
		buf_shift(&t->typed, 1);
		switch (event) {
		case EDIT_DONE:
			return take_edited(t, f);
		case EDIT_END:
			return end_typing(t);
		case EDIT_BREAK:
			talk_break_off(t);
			return 1;
		case EDIT_CLEAR:
			talk_print(t, "\033[H\033[2J");
			break;
		case EDIT_STOP:
			return stop(t, f);
		case EDIT_MORE:
			break;
		}
		t->is_stale = true;
	}
	return 0;
}

/* The input is over: a goodbye where that can be said. */
static int end_input(struct talk *t, struct error *f)
{
	switch (t->state.input) {
	case TALK_BODY:
	case TALK_OCTETS:
		t->is_over = true;
		return error_set(f, ERROR_DATA,
				 "the input ended in the midst of a message: "
				 "it was not sent");
	case TALK_ANSWER:
		return talk_say_line(t, "*", "*", f) < 0 ? -1 : 1;
	case TALK_LINE:
		return talk_say_line(t, "DONE", "DONE", f) < 0 ? -1 : 1;
	default:
		break;
	}
	if (talk_say(t, t->options->protocol->farewell, f) < 0)
		return -1;
	t->deadline = sysenv_ticks() + FAREWELL_SECONDS * UINT64_C(1000);
	return 1;
}

int talk_take_input(struct talk *t, struct error *f)
{
	int r;

	if (t->state.is_awaited)
		return 0;
	r = t->options->is_terminal ? take_keys(t, f) : take_typed(t, f);
	if (r != 0)
		return r;
	return t->is_ended ? end_input(t, f) : 0;
}
