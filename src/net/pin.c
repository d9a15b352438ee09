/* pin.c - the verdict on the server's certificate, by
 * SSL_CTX_set_cert_verify_callback.
 *
 * A negative verdict ends the handshake (libcurl requires a verified peer), so
 * the wrong server receives neither a password nor an address. */
#include "net/pin.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/library.h"
#include "base/text.h"

static struct {
	void (*set_verify)(SSL_CTX *, int (*)(X509_STORE_CTX *, void *),
			   void *);
	int (*is_finished)(const SSL *);
	const char *(*version)(const SSL *);
	const SSL_CIPHER *(*cipher)(const SSL *);
	const char *(*cipher_name)(const SSL_CIPHER *);
	X509 *(*peer)(const SSL *);
	int (*number)(const SSL *);
	int (*is_resumed)(const SSL *);
	size_t (*own_end)(const SSL *, void *, size_t);
	size_t (*peer_end)(const SSL *, void *, size_t);
	int (*export)(SSL *, unsigned char *, size_t, const char *, size_t,
		      const unsigned char *, size_t, int);
} ssl;

static struct {
	X509 *(*leaf)(const X509_STORE_CTX *);
	void (*set_error)(X509_STORE_CTX *, int);
	int (*error)(const X509_STORE_CTX *);
	X509_STORE *(*store)(const X509_STORE_CTX *);
	STACK_OF(X509) * (*untrusted)(const X509_STORE_CTX *);
	int (*verify)(X509_STORE_CTX *);
	int (*load_file)(X509_STORE *, const char *);
	X509_STORE_CTX *(*ctx_new)(void);
	int (*ctx_init)(X509_STORE_CTX *, X509_STORE *, X509 *,
			STACK_OF(X509) *);
	int (*ctx_default)(X509_STORE_CTX *, const char *);
	void (*ctx_free)(X509_STORE_CTX *);
	int (*digest)(const X509 *, const EVP_MD *, unsigned char *,
		      unsigned *);
	const EVP_MD *(*md5)(void);
	const EVP_MD *(*sha1)(void);
	const EVP_MD *(*sha256)(void);
	X509_NAME *(*subject)(const X509 *);
	X509_NAME *(*issuer)(const X509 *);
	int (*print_name)(BIO *, const X509_NAME *, int, unsigned long);
	const ASN1_TIME *(*not_after)(const X509 *);
	int (*print_time)(BIO *, const ASN1_TIME *);
	void (*free)(X509 *);
	BIO *(*bio_new)(const BIO_METHOD *);
	const BIO_METHOD *(*bio_memory)(void);
	int (*bio_read)(BIO *, void *, int);
	int (*bio_puts)(BIO *, const char *);
	int (*bio_free)(BIO *);
	const void *(*chain)(const X509_STORE_CTX *);
	void *(*by_name)(X509_STORE_CTX *, const X509_NAME *);
	int (*stack_count)(const void *);
	void *(*stack_at)(const void *, int);
	void (*stack_free)(void *, void (*)(X509 *));
	void (*forget_errors)(void);
	unsigned long (*next_error)(void);
	X509 *(*current)(const X509_STORE_CTX *);
	X509 *(*dup)(const X509 *);
	EVP_PKEY *(*key)(const X509 *);
	int (*name_der)(const X509_NAME *, const unsigned char **, size_t *);
	X509 *(*decode)(X509 **, const unsigned char **, long);
	int (*add)(X509_STORE *, X509 *);
} crypto;

static const struct library_symbol ssl_symbols[] = {
	{ "SSL_CTX_set_cert_verify_callback", &ssl.set_verify },
	{ "SSL_is_init_finished", &ssl.is_finished },
	{ "SSL_get_version", &ssl.version },
	{ "SSL_get_current_cipher", &ssl.cipher },
	{ "SSL_CIPHER_get_name", &ssl.cipher_name },
	{ "SSL_get1_peer_certificate", &ssl.peer },
	{ "SSL_version", &ssl.number },
	{ "SSL_session_reused", &ssl.is_resumed },
	{ "SSL_get_finished", &ssl.own_end },
	{ "SSL_get_peer_finished", &ssl.peer_end },
	{ "SSL_export_keying_material", &ssl.export },
	{ NULL, NULL },
};

static const struct library_symbol crypto_symbols[] = {
	{ "X509_STORE_CTX_get0_cert", &crypto.leaf },
	{ "X509_STORE_CTX_set_error", &crypto.set_error },
	{ "X509_STORE_CTX_get_error", &crypto.error },
	{ "X509_STORE_CTX_get0_store", &crypto.store },
	{ "X509_STORE_CTX_get0_untrusted", &crypto.untrusted },
	{ "X509_verify_cert", &crypto.verify },
	{ "X509_STORE_load_file", &crypto.load_file },
	{ "X509_STORE_CTX_new", &crypto.ctx_new },
	{ "X509_STORE_CTX_init", &crypto.ctx_init },
	{ "X509_STORE_CTX_set_default", &crypto.ctx_default },
	{ "X509_STORE_CTX_free", &crypto.ctx_free },
	{ "X509_digest", &crypto.digest },
	{ "EVP_md5", &crypto.md5 },
	{ "EVP_sha1", &crypto.sha1 },
	{ "EVP_sha256", &crypto.sha256 },
	{ "X509_get_subject_name", &crypto.subject },
	{ "X509_get_issuer_name", &crypto.issuer },
	{ "X509_NAME_print_ex", &crypto.print_name },
	{ "X509_get0_notAfter", &crypto.not_after },
	{ "ASN1_TIME_print", &crypto.print_time },
	{ "X509_free", &crypto.free },
	{ "BIO_new", &crypto.bio_new },
	{ "BIO_s_mem", &crypto.bio_memory },
	{ "BIO_read", &crypto.bio_read },
	{ "BIO_puts", &crypto.bio_puts },
	{ "BIO_free", &crypto.bio_free },
	{ "X509_STORE_CTX_get0_chain", &crypto.chain },
	{ "X509_STORE_CTX_get1_certs", &crypto.by_name },
	{ "OPENSSL_sk_num", &crypto.stack_count },
	{ "OPENSSL_sk_value", &crypto.stack_at },
	{ "OPENSSL_sk_pop_free", &crypto.stack_free },
	{ "ERR_clear_error", &crypto.forget_errors },
	{ "ERR_get_error", &crypto.next_error },
	{ "X509_STORE_CTX_get_current_cert", &crypto.current },
	{ "X509_dup", &crypto.dup },
	{ "X509_get0_pubkey", &crypto.key },
	{ "X509_NAME_get0_der", &crypto.name_der },
	{ "d2i_X509", &crypto.decode },
	{ "X509_STORE_add_cert", &crypto.add },
	{ NULL, NULL },
};

static struct library libssl = { .file = "libssl.so.3",
				 .package = "libssl3",
				 .symbols = ssl_symbols };
static struct library libcrypto = { .file = "libcrypto.so.3",
				    .package = "libssl3",
				    .symbols = crypto_symbols };

int pin_load(const char *backend, struct error *f)
{
	if (!backend || strncmp(backend, "OpenSSL/3", 9))
		return error_set(f, ERROR_CONFIG,
				 "this libcurl uses %s for TLS, and "
				 "tls_fingerprint needs OpenSSL 3; set "
				 "tls_trust_file instead",
				 backend ? backend : "nothing");
	if (library_load(&libssl, f) < 0)
		return -1;
	return library_load(&libcrypto, f);
}

/* The length of the digest in octets; 0 if the digest is not supported. */
static size_t parse_hex(unsigned char *out, size_t room, const char *hex)
{
	size_t n = 0;

	while (*hex) {
		int octet = text_hex_octet(hex);

		if (octet < 0 || n == room)
			return 0;
		out[n++] = (unsigned char)octet;
		hex += 2;
		if (*hex == ':' && hex[1])
			hex++;
	}
	return n == 16 || n == 20 || n == 32 ? n : 0;
}

int pin_parse(struct pin *p, const char *hex, struct error *f)
{
	*p = (struct pin){ 0 };
	p->length = parse_hex(p->digest, sizeof(p->digest), hex);
	if (!p->length)
		return error_set(f, ERROR_CONFIG,
				 "tls_fingerprint \"%s\" is not a SHA-256, "
				 "SHA-1 or MD5 digest: it has to be 64, 40 or "
				 "32 hex digits",
				 hex);
	return 0;
}

static size_t write_digest(const X509 *x, size_t length, unsigned char *out)
{
	const EVP_MD *kind = length == 16   ? crypto.md5()
			     : length == 20 ? crypto.sha1()
					    : crypto.sha256();
	unsigned n = 0;

	if (!kind || !crypto.digest(x, kind, out, &n))
		return 0;
	return n;
}

static int check_leaf(X509_STORE_CTX *store, struct pin *p)
{
	X509 *leaf = crypto.leaf(store);
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t n = leaf ? write_digest(leaf, p->length, digest) : 0;

	if (n == p->length && !memcmp(digest, p->digest, n)) {
		crypto.set_error(store, X509_V_OK);
		return 1;
	}
	/* if no digest could be made, the certificate is not known to be
	 * another */
	p->refused = !leaf || n == p->length;
	if (n == p->length)
		text_hex_colons(p->seen, digest, n);
	crypto.set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* ---- the needed CAs of a bundle ---- */

#define CHAIN_MOST 20 /* certificates of a server; more are ignored */

static size_t put_name(struct roots_name *out, const X509_NAME *name)
{
	return crypto.name_der(name, &out->der, &out->length) == 1;
}

/* The subject and the issuer: both may be trusted. */
static size_t put_names(struct roots_name *out, const X509 *x)
{
	size_t n = put_name(out, crypto.subject(x));

	return n + put_name(out + n, crypto.issuer(x));
}

static void add_root(void *known, const unsigned char *der, size_t length)
{
	X509 *root = crypto.decode(NULL, &der, (long)length);

	if (root)
		crypto.add(known, root);
	crypto.free(root);
}

static void add_roots(X509_STORE_CTX *store, const struct roots *roots)
{
	struct roots_name names[2 * (CHAIN_MOST + 1)];
	const X509 *leaf = crypto.leaf(store);
	const void *sent = crypto.untrusted(store);
	int count = sent ? crypto.stack_count(sent) : 0;
	size_t n = leaf ? put_names(names, leaf) : 0;

	for (int i = 0; i < count && i < CHAIN_MOST; i++)
		n += put_names(names + n, crypto.stack_at(sent, i));
	roots_find(roots, names, n, add_root, crypto.store(store));
}

/* ---- the chain ---- */

/* A second verification, with a new context: the first has its verdict, and the
 * store that both share has more certificates now. */
static bool verify_again(X509_STORE_CTX *store, const char *bundle)
{
	X509_STORE *known = crypto.store(store);
	X509_STORE_CTX *again;
	bool good = false;

	if (!known || !bundle || !crypto.load_file(known, bundle))
		return false;
	again = crypto.ctx_new();
	if (again &&
	    crypto.ctx_init(again, known, crypto.leaf(store),
			    crypto.untrusted(store)) &&
	    crypto.ctx_default(again, "ssl_server"))
		good = crypto.verify(again) > 0;
	crypto.ctx_free(again);
	return good;
}

/* Do we trust a CA with the name of the chain's last issuer?  Then its key did
 * not sign the certificate, or the chain would continue. */
static bool has_namesake(X509_STORE_CTX *store)
{
	const void *chain = crypto.chain(store);
	int count = chain ? crypto.stack_count(chain) : 0;
	const X509 *last = count > 0 ? crypto.stack_at(chain, count - 1) : NULL;
	void *known = last ? crypto.by_name(store, crypto.issuer(last)) : NULL;
	bool found = known && crypto.stack_count(known) > 0;

	if (known)
		crypto.stack_free(known, crypto.free);
	return found;
}

static int check_chain(X509_STORE_CTX *store, const struct pin_judge *j)
{
	int good;

	if (j->roots)
		add_roots(store, j->roots);
	good = crypto.verify(store);
	if (good > 0)
		return good;
	switch (crypto.error(store)) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		break;
	default:
		return good;
	}
	if (verify_again(store, j->bundle)) {
		crypto.set_error(store, X509_V_OK);
		return 1;
	}
	if (has_namesake(store))
		crypto.set_error(store, X509_V_ERR_CERT_SIGNATURE_FAILURE);
	return good;
}

/* OpenSSL treats a key that cannot be read as too weak, and keeps no error of a
 * failed reading: can it be read now? */
static bool is_key_readable_now(X509_STORE_CTX *store)
{
	const X509 *owner = crypto.current(store);
	X509 *fresh;
	bool is_readable;

	if (!owner || crypto.key(owner))
		return false;
	fresh = crypto.dup(owner);
	is_readable = !fresh || crypto.key(fresh);
	crypto.free(fresh);
	return is_readable;
}

/* Did the verification fail for lack of memory?  Clears OpenSSL's error
 * queue. */
static bool is_memory_short(X509_STORE_CTX *store)
{
	int verdict = crypto.error(store);
	bool is_short = false;
	unsigned long error;

	while ((error = crypto.next_error()))
		is_short |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	if (verdict == X509_V_ERR_EE_KEY_TOO_SMALL ||
	    verdict == X509_V_ERR_CA_KEY_TOO_SMALL)
		is_short |= is_key_readable_now(store);
	return is_short;
}

static int judge(X509_STORE_CTX *store, void *context)
{
	struct pin_judge *j = context;
	int good = j->pin ? check_leaf(store, j->pin) : check_chain(store, j);

	if (good <= 0 && !(j->pin && j->pin->refused) && is_memory_short(store))
		crypto.set_error(store, X509_V_ERR_OUT_OF_MEM);
	j->is_given = true;
	j->is_accepted = good > 0;
	j->verify = crypto.error(store);
	if (j->saw)
		j->saw(store, good > 0, j->context);
	/* errors that a bad signature, or an unreadable certificate of a CA,
	 * left in the queue would be taken for the cause of the failure,
	 * instead of the verdict */
	crypto.forget_errors();
	return good;
}

void pin_install(struct pin_judge *j, void *ssl_ctx)
{
	ssl.set_verify(ssl_ctx, judge, j);
}

bool pin_describe_tls(void *session, char *out, size_t size)
{
	const SSL_CIPHER *cipher;

	if (!ssl.is_finished(session))
		return false;
	cipher = ssl.cipher(session);
	snprintf(out, size, "%s, %s", ssl.version(session),
		 cipher ? ssl.cipher_name(cipher) : "no cipher");
	return true;
}

bool pin_describe_peer(void *session, char *out, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	char hex[3 * EVP_MAX_MD_SIZE + 1] = "";
	X509 *peer = ssl.peer(session);
	BIO *text = peer ? crypto.bio_new(crypto.bio_memory()) : NULL;
	int n = 0;

	if (text) {
		crypto.bio_puts(text, "subject ");
		crypto.print_name(text, crypto.subject(peer), 0,
				  XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
		crypto.bio_puts(text, "; issuer ");
		crypto.print_name(text, crypto.issuer(peer), 0,
				  XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
		crypto.bio_puts(text, "; until ");
		crypto.print_time(text, crypto.not_after(peer));
		crypto.bio_puts(text, "; sha256 ");
		text_hex_colons(hex, digest, write_digest(peer, 32, digest));
		crypto.bio_puts(text, hex);
		n = crypto.bio_read(text, out, (int)size - 1);
		crypto.bio_free(text);
	}
	if (peer)
		crypto.free(peer);
	if (n < 0)
		n = 0;
	out[n] = '\0';
	return n > 0;
}

/* The first Finished message is the client's, except when a session is
 * resumed. */
static size_t bind_by_end(const SSL *session, unsigned char *out)
{
	size_t n = ssl.is_resumed(session)
			   ? ssl.peer_end(session, out, PIN_BINDING_MAX)
			   : ssl.own_end(session, out, PIN_BINDING_MAX);

	return n <= PIN_BINDING_MAX ? n : 0;
}

size_t pin_bind(void *session, unsigned char out[PIN_BINDING_MAX],
		bool *is_exporter)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const size_t octets = 32;

	*is_exporter = ssl.number(session) >= TLS1_3_VERSION;
	if (!*is_exporter)
		return bind_by_end(session, out);
	return ssl.export(session, out, octets, label, strlen(label), NULL, 0,
			  0) == 1
		       ? octets
		       : 0;
}
