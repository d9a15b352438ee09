/* oauth_provider.h - where a provider's OAuth 2 endpoints are (RFC 6749, 8414,
 * 8628, 7009), and what they want to be asked.
 *
 * The large ones are known by name; any other is asked for its endpoints at the
 * URL of its issuer: RFC 8414's document, then OpenID's. */
#ifndef NET_OAUTH_PROVIDER_H
#define NET_OAUTH_PROVIDER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "net/http.h"

/* In the arena, or for ever; NULL: it has none. */
struct oauth_provider {
	const char *name;
	const char *issuer; /* what `iss` has to be (RFC 9207) */
	const char *authorize, *device, *token, *revoke, *registration;
	const char *client_id; /* the account's; NULL: there is none yet */
	const char *scope;     /* what a person is asked for */
	const char *app_scope; /* what a program by itself asks for */
	const char *more;      /* added to the authorization request */
	const char *assertion; /* audience of an assertion; NULL: token */
	const char *console;   /* where a client id is made */
	const char *advice;    /* how: a sentence */
};

/* ERROR_CONFIG when the account names none, or its issuer has no endpoints;
 * temporary when it cannot be asked. */
int oauth_provider_find(struct arena *a, const struct account *account,
			struct oauth_provider *p, struct error *f);
/* The way and the trust of the account, for a request to `url`. */
void oauth_provider_request(struct arena *a, const struct account *account,
			    const char *url, struct http_request *request);

#endif
