/* unit.h - the result of a systemd unit, for OnFailure=.
 *
 * For one run of the unit, its invocation: the one in $MONITOR_INVOCATION_ID
 * (systemd 251), otherwise the last.  `systemctl show` has its result and its
 * resources; the output is its part of the journal. */
#ifndef RUN_UNIT_H
#define RUN_UNIT_H

#include "run/run.h"

/* Fills in what a job would: run->job, run->unit_result, run->capture.  What
 * cannot be determined becomes a note. */
void unit_read(struct run_record *run);

#endif
