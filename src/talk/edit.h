/* edit.h - a line that is being typed.
 *
 * Keys go in as octets, the way a terminal in raw mode sends them; what comes
 * out is the line and, for the screen, the octets that draw it on one row,
 * scrolled where it is longer.  Characters are those of UTF-8 where the
 * terminal has it, never halves of them.  Lines that are remembered live as
 * long as this does: no file keeps them. */
#ifndef TALK_EDIT_H
#define TALK_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define EDIT_LINE_MAX	 8192 /* octets; more is not taken */
#define EDIT_HISTORY_MAX 200  /* lines; then the oldest goes */

enum edit_event {
	EDIT_MORE,
	EDIT_DONE,  /* Enter: the line is whole */
	EDIT_END,   /* ctrl-d on an empty line */
	EDIT_BREAK, /* ctrl-c on an empty line; else that empties it */
	EDIT_CLEAR, /* ctrl-l: an empty screen is wished for */
	EDIT_STOP,  /* ctrl-z */
};

struct edit {
	struct buf line;
	size_t at; /* octets before the cursor */
	bool is_utf8;
	bool is_hidden; /* what is typed does not show */

	char *history[EDIT_HISTORY_MAX];
	size_t count, chosen; /* chosen == count: the new line */
	struct buf kept;      /* the new line, while an old one shows */

	enum { EDIT_PLAIN, EDIT_ESCAPE, EDIT_SEQUENCE, EDIT_SHIFTED } state;
	unsigned number; /* of the sequence */

	/* Appends to `out` what would make `word`, the line before the
	 * cursor, whole; or NULL. */
	void (*complete)(void *context, const char *word, struct buf *out);
	void *context;
};

void edit_init(struct edit *e, bool is_utf8);
void edit_free(struct edit *e);
/* A new, empty line. */
void edit_begin(struct edit *e, bool is_hidden);
enum edit_event edit_key(struct edit *e, unsigned char c);
/* Not the empty one, nor the same twice running. */
void edit_remember(struct edit *e, const char *line);
/* The row: prompt and line, with the cursor at its place.  `prompt` has
 * `prompt_columns`, whatever colours it holds. */
void edit_draw(const struct edit *e, const char *prompt, size_t prompt_columns,
	       size_t columns, struct buf *out);

/* ---- the terminal in raw mode, and back ---- */

/* One at a time.  However we end, it is to be put back: signals that would end
 * us are noted meanwhile (base/interrupt). */
int edit_terminal_enter(int fd, struct error *f);
/* Puts it back; then a signal that came in between takes its effect. */
void edit_terminal_leave(void);
/* Puts it back and no more, from wherever we have to end at once. */
void edit_terminal_restore(void);
/* Stops us as ctrl-z does, in the terminal's usual state. */
int edit_terminal_stop(struct error *f);
size_t edit_terminal_columns(void);

#endif
