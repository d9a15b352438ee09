/* mailrc_if.h - the conditions of "if" and "elif" in a start-up file of mailx.
 *
 * POSIX has "s" and "r", others "t"; s-nail compares words, too, in which it
 * expands variables.  What another program would know and we do not makes a
 * condition MAYBE, and so what hangs on it. */
#ifndef PERSONA_MAILRC_IF_H
#define PERSONA_MAILRC_IF_H

#include "persona/mailrc.h"
#include "persona/truth.h"

/* What stands behind "if". */
enum truth mailrc_condition(const struct mailrc *rc, const char *text);

#endif
