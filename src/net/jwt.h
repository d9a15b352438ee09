/* jwt.h - a signed assertion (RFC 7515, 7519, 7523): who we are, instead of a
 * secret.
 *
 * Also the URL's base64 (RFC 4648 5), which PKCE (RFC 7636) needs. */
#ifndef NET_JWT_H
#define NET_JWT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Without padding. */
void jwt_base64url(struct buf *out, const void *data, size_t n);
/* The base64url of SHA-256. */
int jwt_sha256(struct buf *out, const void *data, size_t n, struct error *f);

/* The signing key: a PEM text with a private key, and the certificate if the
 * endpoint identifies us by it. */
struct jwt_key {
	const char *pem; /* borrowed */
	size_t length;
	const char *name;    /* of the file, for errors */
	bool by_certificate; /* PS256 with its thumbprint (x5t#S256), as
				Microsoft requires; otherwise RS256 */
};

/* Appends "HEADER.CLAIMS.SIGNATURE"; the claims are JSON.  ERROR_CONFIG for a
 * file without a key that can be used. */
int jwt_sign(struct buf *out, const struct jwt_key *key, const char *claims,
	     struct error *f);

#endif
