/* unit.h - what became of a unit of systemd's, for OnFailure=.
 *
 * Of one run of the unit, its invocation: the one that the manager names in
 * $MONITOR_INVOCATION_ID (systemd 251), else the last.  `systemctl show` has
 * how it ended, and what it used; the output is its part of the journal. */
#ifndef RUN_UNIT_H
#define RUN_UNIT_H

#include "run/run.h"

/* Fills in what a job would have: run->job, run->unit_result, run->capture.
 * What cannot be found out is a note. */
void unit_read(struct run_record *run);

#endif
