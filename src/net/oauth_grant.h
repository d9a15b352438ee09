/* oauth_grant.h - requests to a token endpoint (RFC 6749 4 and 6, 7523, 8628):
 * the form, the reply, and the grants without a person. */
#ifndef NET_OAUTH_GRANT_H
#define NET_OAUTH_GRANT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "net/oauth.h"

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

/* The reply of an endpoint; free it with oauth_answer_free, which wipes it. */
struct oauth_answer {
	void *json;	/* an object (json_t), or NULL */
	char error[64]; /* RFC 6749 5.2, 8628 3.5: "invalid_grant"; or "" */
	const char *described;
};
/* 0 if it was granted.  -1 with the error otherwise; answer->error is set if
 * the endpoint refused. */
int oauth_post(struct arena *a, const struct account *account, const char *url,
	       const struct buf *form, struct oauth_answer *answer,
	       struct error *f);
void oauth_answer_free(struct oauth_answer *answer);
/* Copies the tokens of a reply into the record; missing ones are kept (RFC 6749
 * 6).  ERROR_PROTOCOL without an access token. */
int oauth_take(struct arena *a, const struct oauth_answer *answer,
	       struct oauth_record *r, struct error *f);
/* Only this grant: client credentials, a certificate, a service account. */
bool oauth_is_app(const struct account *account);
/* The grant without a person: a refresh token, or an application's.
 * ERROR_PERMISSION if there was no login. */
int oauth_grant(struct arena *a, const struct account *account,
		struct oauth_record *r, struct oauth_answer *answer,
		struct error *f);
/* Sets the error for a missing login; -1. */
int oauth_nobody(const struct account *account, struct error *f);

#endif
