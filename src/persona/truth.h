/* truth.h - yes, no, and what only another program could tell. */
#ifndef PERSONA_TRUTH_H
#define PERSONA_TRUTH_H

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

#endif
