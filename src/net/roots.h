/* roots.h - of a file of many CAs, those that a chain can lead to.
 *
 * To read a certificate's key is most of what OpenSSL has to do when it reads
 * a bundle: 140 of them take 40 ms, and a server's chain leads to one.  Here a
 * certificate's subject is found without the rest of it.  What is found is no
 * verdict: OpenSSL judges over it, and over the whole file where that is not
 * enough. */
#ifndef NET_ROOTS_H
#define NET_ROOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct roots {
	struct buf text; /* PEM; empty: not read */
};

/* False, and nothing is kept, where the file is to be given to the library as
 * it is: it cannot be read, has but a few certificates, or anything besides. */
bool roots_read(struct roots *r, const char *path);
void roots_free(struct roots *r);

/* A distinguished name, in DER. */
struct roots_name {
	const unsigned char *der;
	size_t length;
};

typedef void roots_found(void *context, const unsigned char *der,
			 size_t length);

/* Hands on each certificate, in DER, whose subject is one of the names, octet
 * for octet; one that cannot be read is passed over. */
void roots_find(const struct roots *r, const struct roots_name *names,
		size_t count, roots_found *found, void *context);

#endif
