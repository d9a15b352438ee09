/* secret.h - the password, from wherever the user keeps it.
 *
 * In this order: `password`, `passwordeval` (a command from the user's own
 * config, run by the shell, its first line of output), `password_file`,
 * `password_credential` (a file that the service manager made for this service,
 * systemd.exec(5)), `password_env`, `password_fd`, then ~/.netrc for host and
 * user, then a prompt on the terminal.  The first that is configured is the one
 * that counts: when it fails, no other is tried.  It is kept in one buf, which
 * the caller wipes, and goes nowhere but to dial. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

#define SECRET_MAX 65536

/* Ask once for each run: a descriptor can be read only once, and a person
 * should be asked only once.  Initialises *password (wipe it in any case) and
 * *user: the account's, or from ~/.netrc when the account names none.  Both
 * stay empty where the mechanism (or auth being off) needs none.  ERROR_CONFIG
 * when there is no user or no password to be had, with where to put it. */
int secret_get(struct arena *a, const struct account *account,
	       const char **user, struct buf *password, struct error *f);

/* Asks for a password on /dev/tty, since stdin is the message, and appends the
 * line.  Echo is off meanwhile and restored whatever signal arrives.
 * ERROR_CONFIG when the terminal cannot be opened or nothing was typed; a
 * signal that ends the process still does. */
int secret_prompt(const char *question, struct buf *out, struct error *f);

#endif
