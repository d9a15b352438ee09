/* edit_terminal.h - the terminal in raw mode, and back.
 *
 * One at a time.  However we end, it is to be put back: signals that would end
 * us are noted, and raised again by edit_terminal_leave. */
#ifndef TALK_EDIT_TERMINAL_H
#define TALK_EDIT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Of the descriptor, which is a terminal. */
int edit_terminal_enter(int fd, struct error *f);
/* Puts it back; then a signal that came in between takes its effect. */
void edit_terminal_leave(void);
/* Puts it back and no more, from wherever we have to end at once. */
void edit_terminal_restore(void);
/* Did a signal ask us to end? */
bool edit_terminal_is_asked(void);
/* Readable once that is so. */
int edit_terminal_wake(void);
/* Stops us as ctrl-z does, in the terminal's usual state. */
int edit_terminal_stop(struct error *f);
size_t edit_terminal_columns(void);

#endif
