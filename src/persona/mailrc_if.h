/* mailrc_if.h - the conditions of "if" and "elif" in a start-up file of mailx.
 *
 * POSIX has "s" and "r", others "t"; s-nail compares words, too, in which it
 * expands variables.  What another program would know and we do not makes a
 * condition MAYBE, and so what hangs on it. */
#ifndef PERSONA_MAILRC_IF_H
#define PERSONA_MAILRC_IF_H

#include "persona/mailrc.h"

enum truth { NO, YES, MAYBE };

static inline enum truth truth_not(enum truth t)
{
	return t == MAYBE ? MAYBE : t == YES ? NO : YES;
}

static inline enum truth truth_and(enum truth one, enum truth other)
{
	if (one == NO || other == NO)
		return NO;
	return one == YES && other == YES ? YES : MAYBE;
}

static inline enum truth truth_or(enum truth one, enum truth other)
{
	return truth_not(truth_and(truth_not(one), truth_not(other)));
}

/* What stands behind "if". */
enum truth mailrc_condition(const struct mailrc *rc, const char *text);

#endif
