/* oauth.h - a valid access token for an account (RFC 6749).
 *
 * A token is used until shortly before it expires, then one process refreshes
 * it under the store's lock, and the others find the new one there.  The reply
 * of the endpoint decides: no reply, or "not now", is temporary, and a token
 * that is still valid is used; a revoked grant is ERROR_PERMISSION, with "run
 * mailsend --login".  Nothing is deleted without a replacement. */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "net/http.h"

struct oauth_token {
	const char *access, *scope; /* in the arena */
	const char *user;	    /* the account's, or who logged in; NULL */
	int64_t expires;	    /* Unix time; 0: unknown */
	bool is_new;		    /* requested by this call */
};

/* Does the account log in with tokens that we request? */
bool oauth_is_used(const struct account *account);
/* `refused`: a token that a server rejected, so that another is needed; NULL:
 * any valid one.  If the store has another one now, it is used. */
int oauth_get(struct arena *a, const struct account *account,
	      const char *refused, struct oauth_token *token, struct error *f);

/* The secret for a login: a token if we request them, otherwise from
 * secret_get.  *is_cached, which may be NULL: oauth_again may get another
 * token. */
int oauth_secret(struct arena *a, const struct account *account,
		 const char **user, struct buf *password, bool *is_cached,
		 struct error *f);
/* A server refused the token in `password` (535): replaces it with another.  -1
 * with the error that replaces that refusal. */
int oauth_again(struct arena *a, const struct account *account,
		struct buf *password, struct error *f);

/* ---- where tokens are stored ---- */

/* The tokens of a login: a JSON file, 0600, STATE/oauth/ACCOUNT.json (root:
 * below /var/lib/mailsend), or what the account's two commands store.  The file
 * is replaced as a whole and synced first (flow/atomic_file.h): a crash leaves
 * the old or the new one.  The lock is a separate file, since a rename changes
 * the file. */

/* All in an arena; NULL: missing. */
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
/* Waits for as long as a refresh may take, then ERROR_TEMPORARY. */
int oauth_store_lock(struct oauth_store *s, struct error *f);
/* 1 with a record, 0: no login yet; -1 with the error: ERROR_CONFIG for a file
 * that others can read, or that is damaged. */
int oauth_store_read(struct oauth_store *s, struct oauth_record *r,
		     struct error *f);
/* Under the lock. */
int oauth_store_write(struct oauth_store *s, const struct oauth_record *r,
		      struct error *f);
/* Under the lock; a missing file is not an error. */
int oauth_store_remove(struct oauth_store *s, struct error *f);
/* Its location, for people: a path, or "oauth_store_write". */
const char *oauth_store_place(const struct oauth_store *s);
void oauth_store_close(struct oauth_store *s);

/* ---- providers (oauth_provider.c) ---- */

/* The endpoints (RFC 6749, 8414, 8628, 7009), and the parameters of a request.
 *
 * Large providers are known by name; others publish their endpoints at the URL
 * of their issuer: RFC 8414's document, then OpenID's. */

/* In the arena, or static; NULL: it has none. */
struct oauth_provider {
	const char *name;
	const char *issuer; /* what `iss` has to be (RFC 9207) */
	const char *authorize, *device, *token, *revoke, *registration;
	const char *client_id; /* the account's; NULL: none yet */
	const char *scope;     /* for a person's login */
	const char *app_scope; /* for an application's login */
	const char *more;      /* added to the authorization request */
	const char *assertion; /* audience of an assertion; NULL: token */
	const char *console;   /* where a client id is registered */
	const char *advice;    /* how to register: a sentence */
};

/* ERROR_CONFIG if the account names none, or its issuer publishes no endpoints;
 * temporary if the issuer cannot be reached. */
int oauth_provider_find(struct arena *a, const struct account *account,
			struct oauth_provider *p, struct error *f);
/* The account's proxy and trust, for a request to `url`. */
void oauth_provider_request(struct arena *a, const struct account *account,
			    const char *url, struct http_request *request);

#endif
