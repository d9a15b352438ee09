/* cause.h - why a check failed, and what to change where.
 *
 * By its reply, or by what was seen where no server said so; the words are the
 * glossary's. */
#ifndef PROBE_CAUSE_H
#define PROBE_CAUSE_H

#include "probe/check.h"

/* Fills cause, why, way_out and settings of a check with a fault, as far as
 * they are known. */
void cause_find(struct check *c);

#endif
