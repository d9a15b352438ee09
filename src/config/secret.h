/* secret.h - reads the password from where the user keeps it.
 *
 * In this order: `password`, `passwordeval` (a command of the configuration,
 * run by the shell, the first line of its output), `password_file`,
 * `password_credential` (a file that the service manager provides for this
 * service, systemd.exec(5)), `password_env`, `password_fd`, then ~/.netrc for
 * host and user, then a prompt on the terminal.  The first one that is
 * configured is used: if it fails, no other is tried.  It is kept in one buf,
 * which the caller wipes, and passed to dial only. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

#define SECRET_MAX 65536

/* Call it once in a run: a descriptor can be read only once, and a person
 * should be asked only once.  Initialises *password (wipe it in any case) and
 * *user: the account's, or from ~/.netrc if the account has none.  Both stay
 * empty if the mechanism (or auth off) needs none.  ERROR_CONFIG if there is no
 * user or no password, with where to put it. */
int secret_get(struct arena *a, const struct account *account,
	       const char **user, struct buf *password, struct error *f);

/* Asks for a password on /dev/tty, as stdin is the message, and appends the
 * line.  Echo is off meanwhile and restored on every signal.  ERROR_CONFIG if
 * the terminal cannot be opened or nothing was typed. */
int secret_prompt(const char *question, struct buf *out, struct error *f);

#endif
