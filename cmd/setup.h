/* setup.h - having the system run the queue: systemd's units where systemd
 * runs, else a line of the crontab.
 *
 * Each step is told on standard output.  A file that is there already, is
 * another one and was not made by this is never touched: ERROR_CANTCREAT. */
#ifndef CMD_SETUP_H
#define CMD_SETUP_H

#include "base/arena.h"
#include "base/error.h"
#include "persona/cmdline.h"

/* As c->queue.setup says: "on", "remove" or "show".  `folder` is the queue's.
 */
int setup_queue(struct arena *a, const struct cmdline *c, const char *folder,
		struct error *f);

#endif
