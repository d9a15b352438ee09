/* edit.c - keys, the line, the row, the terminal.
 *
 * Emacs keys, as in every shell.  The row is redrawn after each key: terminals
 * are fast, and there is no state of the screen to keep in sync.  In raw mode,
 * ctrl-c and ctrl-z arrive as octets (no ISIG), because they are editing keys;
 * the output still converts NL to CR NL. */
#include "talk/edit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <wchar.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "base/text.h"

#define CONTROL(letter) ((letter)&0x1f)

void edit_init(struct edit *e, bool is_utf8)
{
	*e = (struct edit){ .is_utf8 = is_utf8 };
	buf_init(&e->line, EDIT_LINE_MAX);
	buf_init(&e->kept, EDIT_LINE_MAX);
	sysenv_use_locale(); /* for the width of characters */
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

/* ---- positions in the line ---- */

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
	struct buf more = BUF_INIT(64);

	if (!e->complete || e->is_hidden || e->at != e->line.len)
		return;
	e->complete(e->context, e->line.data, &more);
	insert(e, more.data, more.len);
	buf_free(&more);
}

/* ---- keys ---- */

/* The control key with the same function; 0 if unknown. */
static char key_of(char last, unsigned number)
{
	switch (last) {
	case 'A':
		return CONTROL('p');
	case 'B':
		return CONTROL('n');
	case 'C':
		return CONTROL('f');
	case 'D':
		return CONTROL('b');
	case 'H':
		return CONTROL('a');
	case 'F':
		return CONTROL('e');
	case '~':
		return number == 1 || number == 7   ? CONTROL('a')
		       : number == 4 || number == 8 ? CONTROL('e')
		       : number == 3		    ? CONTROL('d')
						    : 0;
	default:
		return 0;
	}
}

static void move_or_cut(struct edit *e, char c)
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

/* ESC [ 1 ; 5 C, ESC O H: unknown sequences are skipped completely. */
static void take_sequence(struct edit *e, char c)
{
	if (e->state == EDIT_ESCAPE) {
		e->number = 0;
		e->state = c == '['   ? EDIT_SEQUENCE
			   : c == 'O' ? EDIT_SHIFTED
				      : EDIT_PLAIN;
	} else if (e->state == EDIT_SEQUENCE && c < 0x40) {
		if (ascii_is_digit(c) && e->number < 1000)
			e->number = e->number * 10 + (unsigned)(c - '0');
	} else {
		e->state = EDIT_PLAIN;
		move_or_cut(e, key_of(c, e->number));
	}
}

enum edit_event edit_key(struct edit *e, unsigned char key)
{
	const char c = (char)key;

	if (e->state != EDIT_PLAIN && !text_is_control(c)) {
		take_sequence(e, c);
		return EDIT_MORE;
	}
	e->state = EDIT_PLAIN; /* a control character aborts the sequence */
	switch (c) {
	case '\r':
	case '\n':
		return EDIT_DONE;
	case CONTROL('l'):
		return EDIT_CLEAR;
	case CONTROL('z'):
		return EDIT_STOP;
	case CONTROL('d'):
		if (!e->line.len)
			return EDIT_END;
		break;
	case CONTROL('c'):
		if (!e->line.len)
			return EDIT_BREAK;
		edit_begin(e, e->is_hidden);
		return EDIT_MORE;
	case CONTROL('['):
		e->state = EDIT_ESCAPE;
		return EDIT_MORE;
	default:
		break;
	}
	if (text_is_control(c))
		move_or_cut(e, c);
	else
		insert(e, &c, 1);
	return EDIT_MORE;
}

/* ---- the row ---- */

/* Octets of the character and its width in columns; an invalid octet counts as
 * one '?'. */
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
		if (n == 1 && e->is_utf8 && (e->line.data[at] & 0x80))
			buf_putc(out, '?');
		else
			buf_put(out, e->line.data + at, n);
		used += one;
		at += n;
	}
	cursor = prompt_columns + columns_of(e, from, e->at);
	buf_puts(out, "\r");
	if (cursor)
		buf_printf(out, "\033[%zuC", cursor);
}

/* ---- the terminal ---- */

static struct {
	int fd;
	bool is_raw, is_catching;
	struct termios usual;
} terminal;

static int set(const struct termios *how)
{
	while (tcsetattr(terminal.fd, TCSADRAIN, how) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int make_raw(struct error *f)
{
	struct termios raw = terminal.usual;

	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (set(&raw) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot set up the terminal");
	terminal.is_raw = true;
	return 0;
}

int edit_terminal_enter(int fd, struct error *f)
{
	terminal.fd = fd;
	if (tcgetattr(fd, &terminal.usual) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot read the state of the terminal");
	terminal.is_catching = interrupt_catch();
	if (make_raw(f) == 0)
		return 0;
	edit_terminal_leave();
	return -1;
}

void edit_terminal_restore(void)
{
	if (terminal.is_raw)
		set(&terminal.usual);
	terminal.is_raw = false;
}

void edit_terminal_leave(void)
{
	edit_terminal_restore();
	if (terminal.is_catching)
		interrupt_release();
	terminal.is_catching = false;
}

int edit_terminal_stop(struct error *f)
{
	edit_terminal_restore();
	raise(SIGTSTP);
	return make_raw(f);
}

size_t edit_terminal_columns(void)
{
	struct winsize size;

	if (ioctl(terminal.fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}
