/* setup_secrets.h - the secrets of the machine's service: files of root's that
 * systemd hands to it as credentials (systemd.exec(5)).
 *
 * A secret goes to systemd-creds(1) by a file in memory and never by argv, and
 * nothing that is told has it. */
#ifndef CMD_SETUP_SECRETS_H
#define CMD_SETUP_SECRETS_H

#include "setup_shared.h"
#include "setup_steps.h"

#define SECRETS	     "/etc/mailsend/credentials"
#define SECRETS_LIST "/etc/mailsend/undo/secrets" /* paths that are ours */

/* Encrypted where systemd-creds is and can, else as they are, 0600.  *lines are
 * those of the unit that name them.  ERROR_CANTCREAT where a file of such a
 * name is another's. */
int secrets_keep(struct steps *s, struct shared *p, const char **lines);
/* The same lines out of a unit that has them, but that of service.conf. */
const char *secrets_lines(struct arena *a, const char *unit);
/* Those of the list, and it. */
int secrets_delete(struct steps *s);

#endif
