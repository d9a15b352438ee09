/* chain.h - the certificates that a server presented, for people.
 *
 * They are recorded with OpenSSL's verdict during the handshake, so that they
 * are known when the handshake fails, too.
 *
 * All text is the server's: UTF-8 without controls, cut to a sane length. */
#ifndef NET_CHAIN_H
#define NET_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define CHAIN_MAX 10

/* The parts of a name that are of interest to people. */
enum chain_part {
	CHAIN_COMMON_NAME,
	CHAIN_ORGANIZATION,
	CHAIN_UNIT,
	CHAIN_LOCALITY,
	CHAIN_STATE,
	CHAIN_COUNTRY,
	CHAIN_PARTS,
};

struct chain_certificate {
	const char *subject, *issuer; /* "CN = mail.example.org, O = ..." */
	const char *owner[CHAIN_PARTS], *signer[CHAIN_PARTS]; /* or NULL */
	const char *names;    /* hosts and addresses it is for, ", " between */
	const char *key;      /* "RSA 2048" */
	int64_t since, until; /* seconds since 1970; 0: cannot be told */
	const char *sha256, *sha1; /* "AB:CD:..." */
};

/* The server's own first; text lives in the arena. */
struct chain {
	struct arena *arena;
	struct chain_certificate certificates[CHAIN_MAX];
	size_t count;
	long verify;	  /* X509_V_*: 0 where the chain is good */
	const char *why;  /* OpenSSL's words for it */
	size_t at;	  /* the certificate it is about */
	bool is_accepted; /* by what was checked: the chain or a fingerprint */
};

/* `store` is the X509_STORE_CTX of a finished verification; a pin_saw of pin.h,
 * whose context is the chain. */
void chain_record(void *store, bool accepted, void *chain);

#endif
