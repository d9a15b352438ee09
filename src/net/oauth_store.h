/* oauth_store.h - what a log-in left behind: an account's tokens.
 *
 * A JSON file, 0600, STATE/oauth/ACCOUNT.json (root: below /var/lib/mailsend),
 * or whatever the account's two commands keep.  The file is replaced whole and
 * synced before its name is (flow/atomic_file.h): a crash leaves the one or the
 * other.  The lock is a file of its own, since a rename changes the file. */
#ifndef NET_OAUTH_STORE_H
#define NET_OAUTH_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* All in an arena; NULL: it is not there. */
struct oauth_record {
	const char *provider, *client_id, *user;
	const char *token_endpoint, *revocation_endpoint;
	const char *access_token, *refresh_token, *scope;
	int64_t obtained, expires; /* of the access token, Unix time */
};

struct oauth_store {
	struct arena *arena;
	const struct account *account;
	const char *directory, *name; /* of the file; not for commands */
	int lock;		      /* -1: not held */
};

int oauth_store_open(struct oauth_store *s, struct arena *a,
		     const struct account *account, struct error *f);
/* Waits for its turn as long as a refresh may take, then ERROR_TEMPORARY. */
int oauth_store_lock(struct oauth_store *s, struct error *f);
/* 1 with a record, 0: nobody has logged in; -1 with the error: a file that
 * others can read, or that is damaged, is ERROR_CONFIG. */
int oauth_store_read(struct oauth_store *s, struct oauth_record *r,
		     struct error *f);
/* Under the lock. */
int oauth_store_write(struct oauth_store *s, const struct oauth_record *r,
		      struct error *f);
/* Under the lock; nothing there is no error. */
int oauth_store_remove(struct oauth_store *s, struct error *f);
/* Where it is, for people: a path, or "oauth_store_write". */
const char *oauth_store_place(const struct oauth_store *s);
void oauth_store_close(struct oauth_store *s);

#endif
