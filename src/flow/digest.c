/* digest.c - libcrypto's EVP, by pointers. */
#include "flow/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/library.h"
#include "base/text.h"

static struct {
	EVP_MD_CTX *(*new)(void);
	void (*free)(EVP_MD_CTX *);
	const EVP_MD *(*sha256)(void);
	const EVP_MD *(*sha1)(void);
	const EVP_MD *(*md5)(void);
	int (*init)(EVP_MD_CTX *, const EVP_MD *, ENGINE *);
	int (*update)(EVP_MD_CTX *, const void *, size_t);
	int (*final)(EVP_MD_CTX *, unsigned char *, unsigned *);
	unsigned char *(*hmac)(const EVP_MD *, const void *, int,
			       const unsigned char *, size_t, unsigned char *,
			       unsigned *);
} crypto;

static const struct library_symbol symbols[] = {
	{ "EVP_MD_CTX_new", &crypto.new },
	{ "EVP_MD_CTX_free", &crypto.free },
	{ "EVP_sha256", &crypto.sha256 },
	{ "EVP_sha1", &crypto.sha1 },
	{ "EVP_md5", &crypto.md5 },
	{ "EVP_DigestInit_ex", &crypto.init },
	{ "EVP_DigestUpdate", &crypto.update },
	{ "EVP_DigestFinal_ex", &crypto.final },
	{ "HMAC", &crypto.hmac },
	{ NULL, NULL },
};

static struct library libcrypto = { .file = "libcrypto.so.3",
				    .package = "libssl3",
				    .symbols = symbols };

static int failed(struct error *f)
{
	/* memory, as far as is known: the digests themselves are always there
	 */
	return error_set(f, ERROR_TEMPORARY,
			 "libcrypto cannot make a digest now");
}

static int digest_put(struct sink *sink, const void *data, size_t n)
{
	struct digest *d = (struct digest *)sink;

	if (!crypto.update(d->context, data, n))
		return failed(sink->error);
	return sink->next ? sink_put(sink->next, data, n) : 0;
}

static int digest_close(struct sink *sink)
{
	struct digest *d = (struct digest *)sink;
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!crypto.final(d->context, octets, &n) ||
	    n > (DIGEST_HEX_SIZE - 1) / 2)
		return failed(sink->error);
	text_hex(d->hex, octets, n);
	return 0;
}

static const struct sink_ops ops = { .put = digest_put, .close = digest_close };

static void init(struct digest *d, struct sink *next, bool is_md5,
		 struct error *f)
{
	*d = (struct digest){
		.sink = { .ops = &ops, .next = next, .error = f },
	};
	if (library_load(&libcrypto, f) < 0)
		return;
	d->context = crypto.new();
	if (!d->context ||
	    !crypto.init(d->context, is_md5 ? crypto.md5() : crypto.sha256(),
			 NULL))
		failed(f);
}

void digest_init(struct digest *d, struct sink *next, struct error *f)
{
	init(d, next, false, f);
}

void digest_init_md5(struct digest *d, struct sink *next, struct error *f)
{
	init(d, next, true, f);
}

void digest_free(struct digest *d)
{
	if (d->context)
		crypto.free(d->context);
	d->context = NULL;
}

int digest_hmac(enum digest_kind kind, const void *key, size_t key_size,
		const void *data, size_t n, unsigned char *out, struct error *f)
{
	const EVP_MD *md;

	if (library_load(&libcrypto, f) < 0)
		return -1;
	md = kind == DIGEST_SHA256 ? crypto.sha256()
	     : kind == DIGEST_SHA1 ? crypto.sha1()
				   : crypto.md5();
	if (!crypto.hmac(md, key, (int)key_size, data, n, out, NULL))
		return failed(f);
	return 0;
}

int digest_slice(const struct slice *slice, char *hex, struct error *f)
{
	struct digest d;
	int r;

	digest_init(&d, NULL, f);
	pump_slice(slice, &d.sink);
	r = sink_close(&d.sink);
	for (size_t i = 0; i < DIGEST_HEX_SIZE; i++)
		hex[i] = d.hex[i];
	digest_free(&d);
	return r;
}

int digest_text(const void *data, size_t n, char *hex, struct error *f)
{
	struct slice slice = slice_of_memory(data, n);

	return digest_slice(&slice, hex, f);
}
