/* queue.h - the commands about the queue: list it, look at it for a monitor,
 * change it, print from it, run it, have the system run it. */
#ifndef CMD_QUEUE_H
#define CMD_QUEUE_H

#include "base/arena.h"
#include "base/error.h"
#include "persona/cmdline.h"

/* For COMMAND_LIST_QUEUE, _CHECK_, _CHANGE_, _RUN_ and _SETUP_QUEUE and
 * COMMAND_PRINT_QUEUED.  The exit status, or -1 with the error that is still
 * to be told.  A configuration that is wrong stops none of them: the queue is
 * then where it is without one. */
int queue_command(struct arena *a, const struct cmdline *c, struct error *f);

#endif
