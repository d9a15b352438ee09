/* oauth.h - a valid access token for an account (RFC 6749).
 *
 * A token is used until shortly before its end, then one process refreshes it
 * under the store's lock and the others find the new one there.  What the
 * endpoint says decides: nobody there, or "not now", is temporary, and a token
 * that is still valid is used; a grant that is gone is ERROR_PERMISSION, with
 * "run mailsend --login".  Nothing is deleted that was not replaced. */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "net/oauth_provider.h"
#include "net/oauth_store.h"

struct oauth_token {
	const char *access, *scope; /* in the arena */
	const char *user;	    /* the account's, or who logged in; NULL */
	int64_t expires;	    /* Unix time; 0: not said */
	bool is_new;		    /* fetched by this very call */
};

/* Does the account log in with tokens that we get? */
bool oauth_is_used(const struct account *account);
/* `refused`: a token that a server did not take, so that another is wanted;
 * NULL: any that is valid.  Is it the one in the store no more, then that is
 * the other. */
int oauth_get(struct arena *a, const struct account *account,
	      const char *refused, struct oauth_token *token, struct error *f);

/* What an account logs in with: a token where it has them from us, else as
 * secret_get has it.  *is_cached (NULL: never mind): another token may be had
 * by oauth_again. */
int oauth_secret(struct arena *a, const struct account *account,
		 const char **user, struct buf *password, bool *is_cached,
		 struct error *f);
/* A server refused the token in `password` (535): puts another in its place.
 * -1 with the error in place of that refusal. */
int oauth_again(struct arena *a, const struct account *account,
		struct buf *password, struct error *f);

#endif
