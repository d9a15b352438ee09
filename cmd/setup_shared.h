/* setup_shared.h - what the service of a machine is to know: the account that
 * sends for everybody, with those in its `fallback`, as a configuration without
 * a secret, and the secrets, as files of root's that systemd hands to it as
 * credentials (systemd.exec(5)).
 *
 * A secret goes to systemd-creds(1) by a file in memory and never by argv, and
 * no output has it. */
#ifndef CMD_SETUP_SHARED_H
#define CMD_SETUP_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "setup_steps.h"

#define SHARED_CREDENTIALS_MAX 32
/* Where a credential is while the service runs (systemd.exec(5)). */
#define SHARED_UNIT	   "mailsend-submit.service"
#define SHARED_CREDENTIALS "/run/credentials/" SHARED_UNIT

struct shared_credential {
	const char *name;
	const char *path;  /* a file that it is; NULL: it is the secret */
	struct buf secret; /* one line */
};

struct shared {
	struct arena *arena;
	const char *account; /* its name */
	const char *source;  /* the file that it is from */
	const char *address; /* of the account; NULL */
	const char *conf;    /* accounts, for the service */
	const char *client;  /* settings that are kept for the clients */
	struct shared_credential credentials[SHARED_CREDENTIALS_MAX];
	size_t count;
};

/* Asks for the secrets, unless it is `only_shown`; wipe it in any case.
 * ERROR_CONFIG where there is nothing that could send. */
int shared_make(struct shared *p, struct arena *a, const struct request *r,
		bool only_shown, struct error *f);
void shared_wipe(struct shared *p);

/* ---- the secrets ---- */

#define SECRETS	     "/etc/mailsend/credentials"
#define SECRETS_LIST "/etc/mailsend/undo/secrets" /* paths that are ours */

/* Encrypted where systemd-creds is and can, else as they are, 0600.  *lines are
 * those of the unit that name them.  ERROR_CANTCREAT where a file of such a
 * name is another's. */
int shared_write_secrets(struct steps *s, struct shared *p, const char **lines);
/* The same lines out of a unit that has them, but that of service.conf. */
const char *shared_secret_lines(struct arena *a, const char *unit);
/* Those of the list, and it. */
int shared_delete_secrets(struct steps *s);

#endif
