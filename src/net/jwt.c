/* jwt.c - signatures by libcrypto's EVP functions, loaded at run time. */
#include "net/jwt.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/library.h"
#include "base/text.h"
#include "codec/base64.h"
#include "flow/digest.h"

#define SIGNATURE_MAX 2048 /* octets: RSA with 16384 bits */

static struct {
	BIO *(*memory)(const void *, int);
	int (*free_memory)(BIO *);
	EVP_PKEY *(*read_key)(BIO *, EVP_PKEY **, pem_password_cb *, void *);
	X509 *(*read_certificate)(BIO *, X509 **, pem_password_cb *, void *);
	void (*free_key)(EVP_PKEY *);
	void (*free_certificate)(X509 *);
	int (*fingerprint)(const X509 *, const EVP_MD *, unsigned char *,
			   unsigned *);
	int (*is_a)(const EVP_PKEY *, const char *);
	const EVP_MD *(*sha256)(void);
	EVP_MD_CTX *(*new)(void);
	void (*free)(EVP_MD_CTX *);
	int (*init)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *,
		    EVP_PKEY *);
	int (*padding)(EVP_PKEY_CTX *, int);
	int (*salt)(EVP_PKEY_CTX *, int);
	int (*sign)(EVP_MD_CTX *, unsigned char *, size_t *,
		    const unsigned char *, size_t);
	void (*clear_errors)(void);
} crypto;

static const struct library_symbol symbols[] = {
	{ "BIO_new_mem_buf", &crypto.memory },
	{ "BIO_free", &crypto.free_memory },
	{ "PEM_read_bio_PrivateKey", &crypto.read_key },
	{ "PEM_read_bio_X509", &crypto.read_certificate },
	{ "EVP_PKEY_free", &crypto.free_key },
	{ "X509_free", &crypto.free_certificate },
	{ "X509_digest", &crypto.fingerprint },
	{ "EVP_PKEY_is_a", &crypto.is_a },
	{ "EVP_sha256", &crypto.sha256 },
	{ "EVP_MD_CTX_new", &crypto.new },
	{ "EVP_MD_CTX_free", &crypto.free },
	{ "EVP_DigestSignInit", &crypto.init },
	{ "EVP_PKEY_CTX_set_rsa_padding", &crypto.padding },
	{ "EVP_PKEY_CTX_set_rsa_pss_saltlen", &crypto.salt },
	{ "EVP_DigestSign", &crypto.sign },
	{ "ERR_clear_error", &crypto.clear_errors },
	{ NULL, NULL },
};

static struct library libcrypto = { .file = "libcrypto.so.3",
				    .package = "libssl3",
				    .symbols = symbols };

/* ---- base64url ---- */

void jwt_base64url(struct buf *out, const void *data, size_t n)
{
	const unsigned char *octets = data;
	char group[4];

	/* in groups of three octets: no padding in between */
	for (size_t at = 0; at < n; at += 3) {
		size_t some = n - at < 3 ? n - at : 3;

		base64_text(group, octets + at, some);
		for (size_t i = 0; i <= some; i++)
			buf_putc(out, group[i] == '+'	? '-'
				      : group[i] == '/' ? '_'
							: group[i]);
	}
}

int jwt_sha256(struct buf *out, const void *data, size_t n, struct error *f)
{
	char hex[DIGEST_HEX_SIZE];
	unsigned char octets[(DIGEST_HEX_SIZE - 1) / 2];

	if (digest_text(data, n, hex, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)text_hex_octet(hex + 2 * i);
	jwt_base64url(out, octets, sizeof(octets));
	return 0;
}

/* ---- the key ---- */

/* An encrypted key must not prompt on the terminal. */
static int no_passphrase(char *room, int size, int writing, void *context)
{
	(void)room, (void)size, (void)writing, (void)context;
	return -1;
}

static EVP_PKEY *read_key(const struct jwt_key *key, struct error *f)
{
	BIO *bio = crypto.memory(key->pem, (int)key->length);
	EVP_PKEY *k =
		bio ? crypto.read_key(bio, NULL, no_passphrase, NULL) : NULL;

	if (bio)
		crypto.free_memory(bio);
	if (k && crypto.is_a(k, "RSA"))
		return k;
	crypto.clear_errors();
	error_set(f, ERROR_CONFIG,
		  k ? "%s has a key that is not RSA, which the token endpoint "
		      "would not take"
		    : "%s has no private key (PEM, without a passphrase)",
		  key->name);
	if (k)
		crypto.free_key(k);
	return NULL;
}

static int put_thumbprint(struct buf *header, const struct jwt_key *key,
			  struct error *f)
{
	BIO *bio = crypto.memory(key->pem, (int)key->length);
	X509 *x = bio ? crypto.read_certificate(bio, NULL, no_passphrase, NULL)
		      : NULL;
	unsigned char print[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int r = 0;

	if (bio)
		crypto.free_memory(bio);
	if (!x || !crypto.fingerprint(x, crypto.sha256(), print, &n))
		r = error_set(f, ERROR_CONFIG,
			      "%s has no certificate beside its key",
			      key->name);
	crypto.clear_errors();
	if (x)
		crypto.free_certificate(x);
	if (r < 0)
		return -1;
	buf_puts(header, ",\"x5t#S256\":\"");
	jwt_base64url(header, print, n);
	buf_putc(header, '"');
	return 0;
}

static int put_header(struct buf *out, const struct jwt_key *key,
		      struct error *f)
{
	struct buf header = BUF_INIT(512);
	int r = 0;

	buf_printf(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\"",
		   key->by_certificate ? "PS256" : "RS256");
	if (key->by_certificate)
		r = put_thumbprint(&header, key, f);
	buf_putc(&header, '}');
	if (r == 0)
		jwt_base64url(out, header.data, header.len);
	buf_free(&header);
	return r;
}

static bool sign(const struct jwt_key *key, EVP_PKEY *k, const struct buf *text,
		 unsigned char *signature, size_t *n)
{
	EVP_MD_CTX *ctx = crypto.new();
	EVP_PKEY_CTX *padding = NULL;
	bool good =
		ctx && crypto.init(ctx, &padding, crypto.sha256(), NULL, k) > 0;

	if (good && key->by_certificate)
		good = crypto.padding(padding, RSA_PKCS1_PSS_PADDING) > 0 &&
		       /* as long as the digest (RFC 7518 3.5) */
		       crypto.salt(padding, RSA_PSS_SALTLEN_DIGEST) > 0;
	good = good &&
	       crypto.sign(ctx, signature, n, (const unsigned char *)text->data,
			   text->len) > 0;
	if (ctx)
		crypto.free(ctx);
	return good;
}

int jwt_sign(struct buf *out, const struct jwt_key *key, const char *claims,
	     struct error *f)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);
	struct buf text;
	EVP_PKEY *k;
	int r = 0;

	if (library_load(&libcrypto, f) < 0)
		return -1;
	k = read_key(key, f);
	if (!k)
		return -1;
	buf_init(&text, out->max);
	r = put_header(&text, key, f);
	buf_putc(&text, '.');
	jwt_base64url(&text, claims, strlen(claims));
	if (r == 0 && !sign(key, k, &text, signature, &n)) {
		crypto.clear_errors();
		r = error_set(f, ERROR_CONFIG, "the key of %s cannot sign",
			      key->name);
	}
	buf_putc(&text, '.');
	jwt_base64url(&text, signature, n);
	if (r == 0)
		buf_put(out, text.data, text.len);
	buf_free(&text);
	crypto.free_key(k);
	return r;
}
