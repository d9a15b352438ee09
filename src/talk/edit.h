/* edit.h - a line editor.
 *
 * The input is the octets of a terminal in raw mode; the output is the line
 * and, for the screen, the octets that draw it on one row, scrolled if it is
 * longer.  Characters are UTF-8 if the terminal uses it, and are never split.
 * The history is kept in memory only, as long as this struct exists. */
#ifndef TALK_EDIT_H
#define TALK_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define EDIT_LINE_MAX	 8192 /* octets; more is ignored */
#define EDIT_HISTORY_MAX 200  /* lines; then the oldest is dropped */

enum edit_event {
	EDIT_MORE,
	EDIT_DONE,  /* Enter: the line is complete */
	EDIT_END,   /* ctrl-d on an empty line */
	EDIT_BREAK, /* ctrl-c on an empty line; else that empties it */
	EDIT_CLEAR, /* ctrl-l: clear the screen */
	EDIT_STOP,  /* ctrl-z */
};

struct edit {
	struct buf line;
	size_t at; /* octets before the cursor */
	bool is_utf8;
	bool is_hidden; /* the input is not shown */

	char *history[EDIT_HISTORY_MAX];
	size_t count, chosen; /* chosen == count: the new line */
	struct buf kept; /* the new line, while one of the history is shown */

	enum { EDIT_PLAIN, EDIT_ESCAPE, EDIT_SEQUENCE, EDIT_SHIFTED } state;
	unsigned number; /* of the escape sequence */

	/* Appends to `out` the completion of `word`, the line before the
	 * cursor; or NULL. */
	void (*complete)(void *context, const char *word, struct buf *out);
	void *context;
};

void edit_init(struct edit *e, bool is_utf8);
void edit_free(struct edit *e);
/* A new, empty line. */
void edit_begin(struct edit *e, bool is_hidden);
enum edit_event edit_key(struct edit *e, unsigned char c);
/* Skips empty lines and repetitions of the last one. */
void edit_remember(struct edit *e, const char *line);
/* The row: prompt and line, with the cursor in its place.  `prompt` is
 * `prompt_columns` wide, without its colours. */
void edit_draw(const struct edit *e, const char *prompt, size_t prompt_columns,
	       size_t columns, struct buf *out);

/* ---- the terminal in raw mode, and back ---- */

/* One at a time.  It must be restored however we end: meanwhile signals that
 * would end us are only noted (base/interrupt). */
int edit_terminal_enter(int fd, struct error *f);
/* Restores the terminal; then a signal that was noted takes effect. */
void edit_terminal_leave(void);
/* Only restores the terminal, from any place where we have to end at once. */
void edit_terminal_restore(void);
/* Stops the process as ctrl-z does, with the terminal restored. */
int edit_terminal_stop(struct error *f);
size_t edit_terminal_columns(void);

#endif
