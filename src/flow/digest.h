/* digest.h - SHA-256 of what passes, and MD5 where a message states one.
 *
 * The only place for OpenSSL's digests; libcrypto is loaded with the first
 * one.  Without it nothing can be checked, so that is an error (temporary). */
#ifndef FLOW_DIGEST_H
#define FLOW_DIGEST_H

#include <stddef.h>

#include "flow/sink.h"
#include "flow/source.h"

#define DIGEST_HEX_SIZE 65 /* lower case, and the NUL */

/* Passes on what it takes; next may be NULL. */
struct digest {
	struct sink sink;
	void *context;
	char hex[DIGEST_HEX_SIZE]; /* after close; half of it for MD5 */
};
/* ERROR_UNAVAILABLE sticks in f where there is no library. */
void digest_init(struct digest *d, struct sink *next, struct error *f);
void digest_init_md5(struct digest *d, struct sink *next, struct error *f);
/* After close, or instead of it. */
void digest_free(struct digest *d);

enum digest_kind { DIGEST_SHA256, DIGEST_SHA1, DIGEST_MD5 };
#define DIGEST_OCTETS_MAX 32
/* RFC 2104, of something small; `out` has room for DIGEST_OCTETS_MAX. */
int digest_hmac(enum digest_kind kind, const void *key, size_t key_size,
		const void *data, size_t n, unsigned char *out,
		struct error *f);

/* Of something small; `hex` has room for DIGEST_HEX_SIZE. */
int digest_text(const void *data, size_t n, char *hex, struct error *f);
int digest_slice(const struct slice *slice, char *hex, struct error *f);

#endif
