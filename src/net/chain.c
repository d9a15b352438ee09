/* chain.c - OpenSSL's structures, read before they are freed.
 *
 * The chain that OpenSSL built for its verdict is used, including a trusted
 * root at its end; if none was built (a fingerprint decided), the certificates
 * that the server sent. */
#include "net/chain.h"

#include <string.h>
#include <time.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/library.h"
#include "base/text.h"

#define TEXT_MAX 2000

static struct {
	X509 *(*leaf)(const X509_STORE_CTX *);
	void *(*built)(const X509_STORE_CTX *);
	void *(*sent)(const X509_STORE_CTX *);
	int (*error)(const X509_STORE_CTX *);
	int (*depth)(const X509_STORE_CTX *);
	const char *(*error_text)(long);
	int (*stack_count)(const void *);
	void *(*stack_at)(const void *, int);
	X509_NAME *(*subject)(const X509 *);
	X509_NAME *(*issuer)(const X509 *);
	int (*part)(const X509_NAME *, int, char *, int);
	int (*print_name)(BIO *, const X509_NAME *, int, unsigned long);
	const ASN1_TIME *(*not_before)(const X509 *);
	const ASN1_TIME *(*not_after)(const X509 *);
	int (*time)(const ASN1_TIME *, struct tm *);
	void *(*extension)(const X509 *, int, int *, int *);
	void (*free_names)(void *);
	const unsigned char *(*string)(const ASN1_STRING *);
	int (*string_length)(const ASN1_STRING *);
	EVP_PKEY *(*key)(const X509 *);
	const char *(*key_type)(const EVP_PKEY *);
	int (*key_bits)(const EVP_PKEY *);
	int (*digest)(const X509 *, const EVP_MD *, unsigned char *,
		      unsigned *);
	const EVP_MD *(*sha1)(void);
	const EVP_MD *(*sha256)(void);
	BIO *(*bio_new)(const BIO_METHOD *);
	const BIO_METHOD *(*bio_memory)(void);
	int (*bio_read)(BIO *, void *, int);
	int (*bio_free)(BIO *);
} x509;

static const struct library_symbol symbols[] = {
	{ "X509_STORE_CTX_get0_cert", &x509.leaf },
	{ "X509_STORE_CTX_get0_chain", &x509.built },
	{ "X509_STORE_CTX_get0_untrusted", &x509.sent },
	{ "X509_STORE_CTX_get_error", &x509.error },
	{ "X509_STORE_CTX_get_error_depth", &x509.depth },
	{ "X509_verify_cert_error_string", &x509.error_text },
	{ "OPENSSL_sk_num", &x509.stack_count },
	{ "OPENSSL_sk_value", &x509.stack_at },
	{ "X509_get_subject_name", &x509.subject },
	{ "X509_get_issuer_name", &x509.issuer },
	{ "X509_NAME_get_text_by_NID", &x509.part },
	{ "X509_NAME_print_ex", &x509.print_name },
	{ "X509_get0_notBefore", &x509.not_before },
	{ "X509_get0_notAfter", &x509.not_after },
	{ "ASN1_TIME_to_tm", &x509.time },
	{ "X509_get_ext_d2i", &x509.extension },
	{ "GENERAL_NAMES_free", &x509.free_names },
	{ "ASN1_STRING_get0_data", &x509.string },
	{ "ASN1_STRING_length", &x509.string_length },
	{ "X509_get0_pubkey", &x509.key },
	{ "EVP_PKEY_get0_type_name", &x509.key_type },
	{ "EVP_PKEY_get_bits", &x509.key_bits },
	{ "X509_digest", &x509.digest },
	{ "EVP_sha1", &x509.sha1 },
	{ "EVP_sha256", &x509.sha256 },
	{ "BIO_new", &x509.bio_new },
	{ "BIO_s_mem", &x509.bio_memory },
	{ "BIO_read", &x509.bio_read },
	{ "BIO_free", &x509.bio_free },
	{ NULL, NULL },
};

static struct library libcrypto = { .file = "libcrypto.so.3",
				    .package = "libssl3",
				    .symbols = symbols };

/* ---- one certificate ---- */

static const char *name_text(struct arena *a, const X509_NAME *name)
{
	BIO *text = x509.bio_new(x509.bio_memory());
	char octets[TEXT_MAX];
	int n = 0;

	if (!text)
		return "";
	if (x509.print_name(text, name, 0,
			    XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = x509.bio_read(text, octets, sizeof(octets));
	x509.bio_free(text);
	return n > 0 ? text_dup_safe(a, octets, (size_t)n) : "";
}

static void take_parts(struct arena *a, const X509_NAME *name,
		       const char **parts)
{
	static const int numbers[CHAIN_PARTS] = {
		[CHAIN_COMMON_NAME] = NID_commonName,
		[CHAIN_ORGANIZATION] = NID_organizationName,
		[CHAIN_UNIT] = NID_organizationalUnitName,
		[CHAIN_LOCALITY] = NID_localityName,
		[CHAIN_STATE] = NID_stateOrProvinceName,
		[CHAIN_COUNTRY] = NID_countryName,
	};
	char text[256];

	for (int i = 0; i < CHAIN_PARTS; i++) {
		int n = x509.part(name, numbers[i], text, sizeof(text));

		parts[i] = n >= 0 ? text_dup_safe(a, text, (size_t)n) : NULL;
	}
}

static int64_t seconds(const ASN1_TIME *when)
{
	struct tm broken = { 0 };

	return when && x509.time(when, &broken) ? (int64_t)timegm(&broken) : 0;
}

static void put_ip(struct buf *out, const unsigned char *octets, int n)
{
	if (n == 4)
		buf_printf(out, "%d.%d.%d.%d", octets[0], octets[1], octets[2],
			   octets[3]);
	for (int i = 0; n == 16 && i < n; i += 2)
		buf_printf(out, "%s%x", i ? ":" : "",
			   octets[i] << 8 | octets[i + 1]);
}

static void put_names(struct buf *out, const void *names)
{
	int count = x509.stack_count(names);

	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *one = x509.stack_at(names, i);
		const ASN1_STRING *value = one->d.ia5;

		if (one->type != GEN_DNS && one->type != GEN_IPADD)
			continue;
		if (out->len)
			buf_puts(out, ", ");
		if (one->type == GEN_DNS)
			text_put_safe(out, (const char *)x509.string(value),
				      (size_t)x509.string_length(value));
		else
			put_ip(out, x509.string(value),
			       x509.string_length(value));
	}
}

static const char *alternative_names(struct arena *a, const X509 *x)
{
	void *names = x509.extension(x, NID_subject_alt_name, NULL, NULL);
	struct buf text = BUF_INIT(TEXT_MAX);
	const char *kept;

	if (names) {
		put_names(&text, names);
		x509.free_names(names);
	}
	kept = arena_dup(a, text.data);
	buf_free(&text);
	return kept;
}

static const char *digest_text(struct arena *a, const X509 *x,
			       const EVP_MD *kind)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[3 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned n = 0;

	if (!x509.digest(x, kind, digest, &n))
		return "";
	text_hex_colons(text, digest, n);
	return arena_dup(a, text);
}

static const char *key_text(struct arena *a, const X509 *x)
{
	EVP_PKEY *key = x509.key(x);
	const char *type = key ? x509.key_type(key) : NULL;

	return type ? arena_format(a, "%s %d", type, x509.key_bits(key)) : "";
}

static void take(struct chain *c, const X509 *x)
{
	struct arena *a = c->arena;
	struct chain_certificate *one = &c->certificates[c->count++];

	*one = (struct chain_certificate){
		.subject = name_text(a, x509.subject(x)),
		.issuer = name_text(a, x509.issuer(x)),
		.names = alternative_names(a, x),
		.key = key_text(a, x),
		.since = seconds(x509.not_before(x)),
		.until = seconds(x509.not_after(x)),
		.sha256 = digest_text(a, x, x509.sha256()),
		.sha1 = digest_text(a, x, x509.sha1()),
	};
	take_parts(a, x509.subject(x), one->owner);
	take_parts(a, x509.issuer(x), one->signer);
}

void chain_record(void *store, bool accepted, void *chain)
{
	struct chain *c = chain;
	struct error ignored = ERROR_INIT;
	const void *stack;
	int count;

	*c = (struct chain){ .arena = c->arena };
	if (library_load(&libcrypto, &ignored) < 0)
		return;
	c->is_accepted = accepted;
	c->verify = x509.error(store);
	c->why = x509.error_text(c->verify);
	c->at = x509.depth(store) > 0 ? (size_t)x509.depth(store) : 0;
	stack = x509.built(store);
	count = stack ? x509.stack_count(stack) : 0;
	if (count < 1) {
		stack = x509.sent(store);
		count = stack ? x509.stack_count(stack) : 0;
	}
	for (int i = 0; i < count && c->count < CHAIN_MAX; i++)
		take(c, x509.stack_at(stack, i));
	if (!c->count && x509.leaf(store))
		take(c, x509.leaf(store));
}
