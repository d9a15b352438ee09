/* cause.h - why a check failed, and what to change where.
 *
 * Replies are advice.h's; here stands what no server said. */
#ifndef PROBE_CAUSE_H
#define PROBE_CAUSE_H

#include "probe/check.h"

/* Fills cause, why, way_out and settings of a check with a fault, as far as
 * they are known. */
void cause_find(struct check *c);

#endif
