/* pin.h - what is done with OpenSSL directly, besides libcurl.
 *
 * A certificate with a configured fingerprint is checked in the handshake,
 * before we send anything: neither the chain nor the name matters then.  Also
 * the names of the protocol and cipher of a connection, for people.
 *
 * OpenSSL's one place beside our own servers and digests.  The handles are
 * those of the OpenSSL that libcurl has loaded; pin_load tells whether it is a
 * supported one. */
#ifndef NET_PIN_H
#define NET_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "net/roots.h"

struct pin {
	unsigned char digest[32];
	size_t length; /* 16 MD5, 20 SHA-1, 32 SHA-256 */
	bool refused;  /* a certificate was received and did not match */
	char seen[3 * 32 + 1]; /* its digest, "AB:CD:..." */
};

/* Hex digits, with or without colons; ERROR_CONFIG if it is not a digest. */
int pin_parse(struct pin *p, const char *hex, struct error *f);
/* `backend` as libcurl names its TLS: "OpenSSL/3.0.17". */
int pin_load(const char *backend, struct error *f);

/* A server's certificate, checked in the handshake. */
struct pin_judge {
	struct pin *pin; /* instead of the chain; or NULL */
	/* The CAs that the server's chain names are added from these; or
	 * NULL */
	const struct roots *roots;
	/* Also read, during the handshake, if the CAs of the SSL_CTX are not
	 * enough; NULL: there is no such file */
	const char *bundle;
	/* An observer, or NULL; `store` is the X509_STORE_CTX of the verdict */
	void (*saw)(void *store, bool accepted, void *context);
	void *context;

	/* The verdict. */
	bool is_given; /* a certificate was received */
	bool is_accepted;
	long verify; /* X509_V_*; of a certificate that names an authority we
			know and is not signed by its key it is
			X509_V_ERR_CERT_SIGNATURE_FAILURE, wherever OpenSSL
			stopped */
};

/* For an SSL_CTX that verifies its peer; the judge must outlive it. */
void pin_install(struct pin_judge *judge, void *ssl_ctx);

/* "TLSv1.3, TLS_AES_256_GCM_SHA384"; false before the end of the handshake. */
bool pin_describe_tls(void *ssl, char *out, size_t size);
/* "subject CN=..., issuer ..., until ..., sha256 ...". */
bool pin_describe_peer(void *ssl, char *out, size_t size);

/* What only the two ends of the connection know: octets of tls-exporter (RFC
 * 9266) from TLS 1.3 on, of tls-unique (RFC 5929) before; 0: none. */
#define PIN_BINDING_MAX 36
size_t pin_bind(void *ssl, unsigned char out[PIN_BINDING_MAX],
		bool *is_exporter);

#endif
