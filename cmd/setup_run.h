/* setup_run.h - commands of the system, run without a shell. */
#ifndef CMD_SETUP_RUN_H
#define CMD_SETUP_RUN_H

#include "base/buf.h"
#include "base/error.h"
#include "base/identity.h"

#define SETUP_NO_PROGRAM 127 /* the status where there is no such command */

/* Looks along $PATH.  `input` may be NULL for nothing; what the command writes
 * is added to `out` and `err`, either of which may be NULL.  It may take
 * `seconds`, 0 for however long (base/command.h).  0 with its exit status, 128
 * and the number where a signal ended it; -1 when it could not be run. */
int setup_run(const char *const *argv, unsigned seconds,
	      const struct buf *input, struct buf *out, struct buf *err,
	      int *status, struct error *f);

/* The same as another user, of root; NULL: as we are. */
int setup_run_as(const struct identity *who, const char *const *argv,
		 unsigned seconds, const struct buf *input, struct buf *out,
		 struct buf *err, int *status, struct error *f);

#endif
