/* cause.h - why a check failed, and what to change where.
 *
 * By its reply, or by what was seen where no server said so; the words are the
 * glossary's. */
#ifndef CHECK_CAUSE_H
#define CHECK_CAUSE_H

#include "check/check.h"

/* Fills cause, why, way_out and settings of a check with an error, as far as
 * they are known. */
void cause_find(struct check *c);

#endif
