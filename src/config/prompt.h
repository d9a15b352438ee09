/* prompt.h - a password from the person at the terminal.
 *
 * Over /dev/tty, so that standard input stays the message.  What is typed is
 * not shown; the terminal is as it was afterwards, by whatever signal it
 * ended. */
#ifndef CONFIG_PROMPT_H
#define CONFIG_PROMPT_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the line.  ERROR_CONFIG when the terminal cannot be had or nothing
 * was typed; a signal that was to end us does. */
int prompt_password(const char *question, struct buf *out, struct error *f);

#endif
