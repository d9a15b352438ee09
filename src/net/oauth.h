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

/* ---- for those who log in ---- */

/* URL-encoded (RFC 3986 2.3). */
void oauth_encode(struct buf *out, const char *text);
/* Appends "name=value" (with a & before it, unless it is the first),
 * URL-encoded; a NULL value adds nothing. */
void oauth_put(struct buf *form, const char *name, const char *value);
/* The account's, or the one that was registered when it logged in. */
const char *oauth_client(const struct account *account,
			 const struct oauth_record *r);
/* client_id and, where the account has them, its secret or its assertion. */
int oauth_put_client(struct buf *form, struct arena *a,
		     const struct account *account,
		     const struct oauth_provider *p, struct error *f);

/* What an endpoint answered; wipe with oauth_answer_free. */
struct oauth_answer {
	void *json;	/* an object (json_t), or NULL */
	char error[64]; /* RFC 6749 5.2, 8628 3.5: "invalid_grant"; or "" */
	const char *described;
};
/* 0 when it granted.  -1 with the error otherwise; answer->error says whether
 * it was the endpoint who refused. */
int oauth_post(struct arena *a, const struct account *account, const char *url,
	       const struct buf *form, struct oauth_answer *answer,
	       struct error *f);
void oauth_answer_free(struct oauth_answer *answer);
/* Takes the tokens of an answer into the record; what is not in there stays
 * (RFC 6749 6).  ERROR_PROTOCOL without an access token. */
int oauth_take(struct arena *a, const struct oauth_answer *answer,
	       struct oauth_record *r, struct error *f);
/* Only this grant: client credentials, a certificate, a service account. */
bool oauth_is_app(const struct account *account);

#endif
