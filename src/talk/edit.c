/* edit.c - keys, the line, the row.
 *
 * Emacs's keys, as in every shell.  The row is drawn anew after each key: a
 * terminal is fast, and there is no state of the screen to get wrong. */
#include "talk/edit.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/arena.h"
#include "base/text.h"

#define CONTROL(letter) ((letter)&0x1f)

void edit_init(struct edit *e, bool is_utf8)
{
	*e = (struct edit){ .is_utf8 = is_utf8 };
	buf_init(&e->line, EDIT_LINE_MAX);
	buf_init(&e->kept, EDIT_LINE_MAX);
}

void edit_free(struct edit *e)
{
	buf_wipe(&e->line);
	buf_wipe(&e->kept);
	for (size_t i = 0; i < e->count; i++)
		free(e->history[i]);
	e->count = 0;
}

void edit_begin(struct edit *e, bool is_hidden)
{
	if (e->is_hidden)
		buf_wipe(&e->line);
	else
		buf_reset(&e->line);
	buf_reset(&e->kept);
	e->at = 0;
	e->is_hidden = is_hidden;
	e->chosen = e->count;
	e->state = EDIT_PLAIN;
}

void edit_remember(struct edit *e, const char *line)
{
	size_t size = strlen(line) + 1;
	char *copy;

	if (!*line || (e->count && !strcmp(e->history[e->count - 1], line)))
		return;
	if (e->count == EDIT_HISTORY_MAX) {
		free(e->history[0]);
		memmove(e->history, e->history + 1,
			(EDIT_HISTORY_MAX - 1) * sizeof(*e->history));
		e->count--;
	}
	copy = memory_alloc(size);
	memcpy(copy, line, size);
	e->history[e->count++] = copy;
	e->chosen = e->count;
}

/* ---- places in the line ---- */

static bool is_middle(const struct edit *e, size_t at)
{
	return e->is_utf8 && at < e->line.len &&
	       text_is_continuation(e->line.data[at]);
}

static size_t before(const struct edit *e, size_t at)
{
	while (at && is_middle(e, --at))
		;
	return at;
}

static size_t after(const struct edit *e, size_t at)
{
	if (at < e->line.len)
		at++;
	while (is_middle(e, at))
		at++;
	return at;
}

static size_t word_before(const struct edit *e, size_t at)
{
	while (at && e->line.data[at - 1] == ' ')
		at--;
	while (at && e->line.data[at - 1] != ' ')
		at--;
	return at;
}

/* ---- changes ---- */

static void cut(struct edit *e, size_t from, size_t to)
{
	struct buf *l = &e->line;

	memmove(l->data + from, l->data + to, l->len - to);
	buf_truncate(l, l->len - (to - from));
	e->at = from;
}

static void insert(struct edit *e, const char *text, size_t n)
{
	struct buf *l = &e->line;
	size_t tail = l->len - e->at;

	if (buf_put(l, text, n) < 0) {
		l->overflow = false;
		return;
	}
	memmove(l->data + e->at + n, l->data + e->at, tail);
	memcpy(l->data + e->at, text, n);
	e->at += n;
}

static void replace(struct edit *e, const char *text)
{
	buf_reset(&e->line);
	buf_puts(&e->line, text);
	e->at = e->line.len;
}

static void choose(struct edit *e, int step)
{
	if (e->is_hidden || (step < 0 && e->chosen == 0) ||
	    (step > 0 && e->chosen == e->count))
		return;
	if (e->chosen == e->count) {
		buf_reset(&e->kept);
		buf_put(&e->kept, e->line.data, e->line.len);
	}
	e->chosen = step < 0 ? e->chosen - 1 : e->chosen + 1;
	replace(e,
		e->chosen == e->count ? e->kept.data : e->history[e->chosen]);
}

static void complete(struct edit *e)
{
	struct buf more;
	char *word;

	if (!e->complete || e->is_hidden || e->at != e->line.len)
		return;
	buf_init(&more, 64);
	word = e->line.data;
	e->complete(e->context, word, &more);
	insert(e, more.data, more.len);
	buf_free(&more);
}

/* ---- keys ---- */

static void end_sequence(struct edit *e, char c)
{
	unsigned n = e->number;

	if (c == 'A')
		choose(e, -1);
	else if (c == 'B')
		choose(e, 1);
	else if (c == 'C')
		e->at = after(e, e->at);
	else if (c == 'D')
		e->at = before(e, e->at);
	else if (c == 'H' || (c == '~' && (n == 1 || n == 7)))
		e->at = 0;
	else if (c == 'F' || (c == '~' && (n == 4 || n == 8)))
		e->at = e->line.len;
	else if (c == '~' && n == 3)
		cut(e, e->at, after(e, e->at));
}

/* ESC [ 1 ; 5 C, ESC O H: what is not known is passed over whole. */
static void take_sequence(struct edit *e, unsigned char c)
{
	if (e->state == EDIT_ESCAPE) {
		e->number = 0;
		e->state = c == '['   ? EDIT_SEQUENCE
			   : c == 'O' ? EDIT_SHIFTED
				      : EDIT_PLAIN;
		return;
	}
	if (e->state == EDIT_SEQUENCE && c < 0x40) {
		if (c >= '0' && c <= '9' && e->number < 1000)
			e->number = e->number * 10 + (c - '0');
		return;
	}
	e->state = EDIT_PLAIN;
	end_sequence(e, (char)c);
}

static void move_or_cut(struct edit *e, unsigned char c)
{
	switch (c) {
	case CONTROL('a'):
		e->at = 0;
		break;
	case CONTROL('e'):
		e->at = e->line.len;
		break;
	case CONTROL('b'):
		e->at = before(e, e->at);
		break;
	case CONTROL('f'):
		e->at = after(e, e->at);
		break;
	case CONTROL('p'):
		choose(e, -1);
		break;
	case CONTROL('n'):
		choose(e, 1);
		break;
	case CONTROL('k'):
		cut(e, e->at, e->line.len);
		break;
	case CONTROL('u'):
		cut(e, 0, e->at);
		break;
	case CONTROL('w'):
		cut(e, word_before(e, e->at), e->at);
		break;
	case CONTROL('d'):
		cut(e, e->at, after(e, e->at));
		break;
	case CONTROL('h'):
	case 127:
		cut(e, before(e, e->at), e->at);
		break;
	case '\t':
		complete(e);
		break;
	default:
		break;
	}
}

enum edit_event edit_key(struct edit *e, unsigned char c)
{
	const char text = (char)c;

	if (e->state != EDIT_PLAIN) {
		take_sequence(e, c);
		return EDIT_MORE;
	}
	if (c == '\r' || c == '\n')
		return EDIT_DONE;
	if (c == CONTROL('d') && !e->line.len)
		return EDIT_END;
	if (c == CONTROL('l'))
		return EDIT_CLEAR;
	if (c == CONTROL('z'))
		return EDIT_STOP;
	if (c == CONTROL('c')) {
		if (!e->line.len)
			return EDIT_BREAK;
		edit_begin(e, e->is_hidden);
	} else if (c == 27) {
		e->state = EDIT_ESCAPE;
	} else if (c < 32 || c == 127) {
		move_or_cut(e, c);
	} else {
		insert(e, &text, 1);
	}
	return EDIT_MORE;
}

/* ---- the row ---- */

/* Octets of the character, and the columns it takes; an octet that is none
 * counts for one '?'. */
static size_t measure(const struct edit *e, size_t at, size_t *columns)
{
	uint32_t code;
	size_t n = text_character(e->line.data + at, e->line.len - at, &code);
	int width;

	*columns = 1;
	if (!e->is_utf8 || !n || code < 0xA0)
		return 1;
	width = wcwidth((wchar_t)code);
	*columns = width < 0 ? 1 : (size_t)width;
	return n;
}

static size_t columns_of(const struct edit *e, size_t from, size_t to)
{
	size_t sum = 0, one;

	while (from < to) {
		from += measure(e, from, &one);
		sum += one;
	}
	return sum;
}

static void put_character(const struct edit *e, size_t at, size_t n,
			  struct buf *out)
{
	bool is_alone = n == 1 && e->is_utf8 && (e->line.data[at] & 0x80);

	if (is_alone)
		buf_putc(out, '?');
	else
		buf_put(out, e->line.data + at, n);
}

void edit_draw(const struct edit *e, const char *prompt, size_t prompt_columns,
	       size_t columns, struct buf *out)
{
	size_t room =
		columns > prompt_columns + 8 ? columns - prompt_columns - 1 : 8;
	size_t from = 0, used = 0, cursor, one;

	buf_printf(out, "\r\033[K%s", prompt);
	if (e->is_hidden)
		return;
	while (columns_of(e, from, e->at) > room)
		from = after(e, from);
	for (size_t at = from; at < e->line.len;) {
		size_t n = measure(e, at, &one);

		if (used + one > room)
			break;
		put_character(e, at, n, out);
		used += one;
		at += n;
	}
	cursor = prompt_columns + columns_of(e, from, e->at);
	buf_puts(out, "\r");
	if (cursor)
		buf_printf(out, "\033[%zuC", cursor);
}
