/* shared.h - the configuration of the machine's service: the account that
 * sends for all users, with its `fallback` accounts, without secrets; and the
 * secrets, as files of root's that systemd passes as credentials
 * (systemd.exec(5)).
 *
 * A secret is passed to systemd-creds(1) by a file in memory and never by argv,
 * and is never printed. */
#ifndef INSTALL_SHARED_H
#define INSTALL_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "install/steps.h"

#define SHARED_CREDENTIALS_MAX 32
/* The path of a credential while the service runs (systemd.exec(5)). */
#define SHARED_UNIT	   "mailsend-submit.service"
#define SHARED_CREDENTIALS "/run/credentials/" SHARED_UNIT

struct shared_credential {
	const char *name;
	const char *path;  /* an existing file; NULL: `secret` is written */
	struct buf secret; /* one line */
};

struct shared {
	struct arena *arena;
	const char *account; /* its name */
	const char *source;  /* the file it was read from */
	const char *address; /* of the account; NULL */
	const char *conf;    /* accounts, for the service */
	const char *client;  /* settings that stay with the clients */
	struct shared_credential credentials[SHARED_CREDENTIALS_MAX];
	size_t count;
};

/* Reads the secrets, unless `only_shown`; call shared_wipe in any case.
 * ERROR_CONFIG if there is no account that could send. */
int shared_make(struct shared *p, struct arena *a, const struct request *r,
		bool only_shown, struct error *f);
void shared_wipe(struct shared *p);

/* ---- the secrets ---- */

#define SECRETS	     "/etc/mailsend/credentials"
#define SECRETS_LIST "/etc/mailsend/undo/secrets" /* paths of our files */

/* Writes them, encrypted if systemd-creds can, otherwise with mode 0600.
 * *lines name them in the unit.  ERROR_CANTCREAT if such a file exists and is
 * not ours. */
int shared_write_secrets(struct steps *s, struct shared *p, const char **lines);
/* The same lines of an existing unit, except that of service.conf. */
const char *shared_secret_lines(struct arena *a, const char *unit);
/* Deletes the files of the list, and the list. */
int shared_delete_secrets(struct steps *s);

#endif
