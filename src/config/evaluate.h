/* evaluate.h - commands of the configuration that print or check a password.
 *
 * Only for `eval`, `passwordeval` and `serve_auth_command`: the text comes from
 * a configuration file whose owner was checked (guard.h), and is run by
 * /bin/sh.  The first two read /dev/null, as stdin is the message, and keep the
 * terminal and stderr, so that they can ask for a passphrase. */
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

/* Is this the password of that user?  The command gets two lines on stdin, the
 * user and the password, and exits with status 0 if they are right.  75, 111, a
 * signal or a timeout mean "not now"; any other status means "wrong".  Returns
 * 1 right, 0 wrong, -1 with the error, which is temporary. */
int evaluate_credentials(const char *command, unsigned seconds,
			 const char *user, const char *password,
			 struct error *f);

#endif
