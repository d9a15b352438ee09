/* evaluate.h - what a command of the user's own says.
 *
 * For `eval` and `passwordeval` alone: the text comes from a configuration
 * file whose owner was looked at (guard.h), and goes to /bin/sh.  The command
 * reads /dev/null, since standard input is the message, and keeps the
 * terminal and standard error, so that it can ask for a passphrase. */
#ifndef CONFIG_EVALUATE_H
#define CONFIG_EVALUATE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the first line of its output, without the line end.  `what` begins
 * each error: "FILE:LINE: passwordeval"; the command itself is never shown, it
 * may hold a secret.  ERROR_CONFIG when it fails, prints nothing, or prints
 * more than `out` takes; temporary when it did not end within `seconds`. */
int evaluate_first_line(const char *command, const char *what, unsigned seconds,
			struct buf *out, struct error *f);

#endif
