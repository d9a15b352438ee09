/* setup_cron.h - the line of the user's crontab, read and written by
 * crontab(1).  Nobody's other line is touched. */
#ifndef CMD_SETUP_CRON_H
#define CMD_SETUP_CRON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define SETUP_CRON_MARK "# mailsend --setup-queue" /* the line ends so */

/* With `line` (it has no line break) our line becomes that, with NULL there is
 * none.  1; 0 when it was so already; -1 with the error, ERROR_UNAVAILABLE when
 * there is no crontab(1).  With `try_only` nothing is written. */
int setup_cron(const char *line, bool try_only, struct error *f);

#endif
