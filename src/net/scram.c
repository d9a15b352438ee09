/* scram.c - SCRAM (RFC 5802, RFC 7677): the messages, and the binding to the
 * TLS connection.
 *
 * GNU SASL computes the keys.  Its messages are not used, since a client that
 * supports channel binding and sees it not offered has to say so ("y"), by
 * which the server learns that its offer was changed: libgsasl 2.2 refuses
 * that. */
#include "net/sasl.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "codec/base64.h"
#include "flow/digest.h"

#define NONCE_OCTETS   18 /* whole groups of base64: no '=' */
#define ITERATIONS_MAX 5000000

struct scram {
	char nonce[NONCE_OCTETS / 3 * 4 + 1];
	struct buf gs2;	 /* the header: "n,,", "y,,", "p=tls-exporter,," */
	struct buf text; /* the AuthMessage, collected as it is exchanged */
	unsigned char server_key[SCRAM_KEY_MAX];
};

static bool is_sha256(const struct sasl *s)
{
	return !strncmp(s->mechanism->name, "SCRAM-SHA-256", 13);
}

static size_t key_length(const struct sasl *s)
{
	return is_sha256(s) ? 32 : 20;
}

static int malformed(const struct sasl *s, struct error *f)
{
	return error_set(f, ERROR_PROTOCOL,
			 "the server's challenge does not follow %s",
			 s->mechanism->name);
}

static int refuse_server(struct sasl *s, struct error *f)
{
	return error_set(f, ERROR_CONFIG,
			 "the server did not prove by %s that it knows "
			 "the password: it is not the right server, and "
			 "nothing was sent",
			 s->mechanism->name);
}

static int sign(const struct sasl *s, const unsigned char *key,
		const struct buf *text, unsigned char *out, struct error *f)
{
	return digest_hmac(is_sha256(s) ? DIGEST_SHA256 : DIGEST_SHA1, key,
			   key_length(s), text->data, text->len, out, f);
}

/* ---- the first message ---- */

static void put_header(const struct sasl *s, struct buf *out)
{
	const struct sasl_options *o = s->options;
	const struct sasl_binding *b = o->binding;
	bool could = b && b->octets[0] && o->offer;

	if (b && s->mechanism->flags & MECHANISM_IS_BOUND)
		buf_printf(out, "p=%s,,",
			   b->is_exporter ? "tls-exporter" : "tls-unique");
	else
		buf_puts(out, could && !strstr(o->offer->names, "-PLUS")
				      ? "y,,"
				      : "n,,");
}

static int put_first(struct sasl *s, struct error *f)
{
	struct scram *c = s->session;
	struct buf user = BUF_INIT(SASL_SECRET_MAX);
	struct buf all = BUF_INIT(2 * SASL_SECRET_MAX);
	unsigned char random[NONCE_OCTETS];
	int r = gnu_sasl_prepare(s, s->options->user, &user, f);

	sysenv_random(random, sizeof(random));
	c->nonce[base64_text(c->nonce, random, sizeof(random))] = '\0';
	put_header(s, &c->gs2);
	buf_puts(&c->text, "n=");
	sasl_put_name(&c->text, user.data);
	buf_printf(&c->text, ",r=%s", c->nonce);
	buf_printf(&all, "%s%s", c->gs2.data, c->text.data);
	if (r == 0)
		base64_append(&s->response, all.data, all.len);
	buf_free(&all);
	buf_free(&user);
	return r;
}

/* ---- the proof ---- */

struct server_first {
	const char *nonce;
	size_t nonce_length;
	struct buf salt;
	uint64_t iterations;
};

/* "r=NONCE,s=SALT,i=COUNT", and extensions. */
static bool parse_first(const struct scram *c, const char *text,
			struct server_first *out)
{
	size_t own = strlen(c->nonce), n;
	char salt[1024];

	if (strncmp(text, "r=", 2) != 0 ||
	    strncmp(text + 2, c->nonce, own) != 0)
		return false;
	out->nonce = text + 2;
	out->nonce_length = strcspn(out->nonce, ",");
	text = out->nonce + out->nonce_length;
	if (out->nonce_length <= own || strncmp(text, ",s=", 3) != 0)
		return false;
	n = strcspn(text + 3, ",");
	if (n >= sizeof(salt))
		return false;
	memcpy(salt, text + 3, n);
	salt[n] = '\0';
	text += 3 + n;
	if (unbase64_text(salt, &out->salt) < 0 || strncmp(text, ",i=", 3) != 0)
		return false;
	n = text_digits(text + 3, ITERATIONS_MAX, &out->iterations);
	return n && out->iterations && strchr(",", text[3 + n]);
}

/* c=: the header of the first message and the channel binding data. */
static void put_binding(const struct sasl *s, struct buf *out)
{
	const struct scram *c = s->session;
	struct buf all = BUF_INIT(1024);

	buf_puts(&all, c->gs2.data);
	if (s->mechanism->flags & MECHANISM_IS_BOUND)
		unbase64_text(s->options->binding->octets, &all);
	buf_puts(out, "c=");
	base64_append(out, all.data, all.len);
	buf_free(&all);
}

static int put_proof(struct sasl *s, const struct server_first *first,
		     struct buf *out, struct error *f)
{
	struct scram *c = s->session;
	unsigned char client[SCRAM_KEY_MAX], stored[SCRAM_KEY_MAX];
	unsigned char signature[DIGEST_OCTETS_MAX];
	int r = gnu_sasl_keys(s, (unsigned)first->iterations, &first->salt,
			      client, stored, c->server_key, f);

	if (r == 0)
		r = sign(s, stored, &c->text, signature, f);
	for (size_t i = 0; r == 0 && i < key_length(s); i++)
		client[i] ^= signature[i];
	buf_puts(out, ",p=");
	base64_append(out, client, key_length(s));
	explicit_bzero(client, sizeof(client));
	explicit_bzero(stored, sizeof(stored));
	return r;
}

static int put_final(struct sasl *s, const struct buf *challenge,
		     struct error *f)
{
	struct scram *c = s->session;
	struct server_first first = { .salt = BUF_INIT(1024) };
	struct buf last = BUF_INIT(SASL_SECRET_MAX);
	int r = -1;

	if (!parse_first(c, challenge->data, &first)) {
		malformed(s, f);
	} else {
		put_binding(s, &last);
		buf_printf(&last, ",r=%.*s", (int)first.nonce_length,
			   first.nonce);
		buf_printf(&c->text, ",%s,%s", challenge->data, last.data);
		r = put_proof(s, &first, &last, f);
	}
	if (r == 0)
		base64_append(&s->response, last.data, last.len);
	buf_free(&first.salt);
	buf_wipe(&last);
	return r;
}

/* ---- the server's proof ---- */

static int check_signature(struct sasl *s, const struct buf *challenge,
			   struct error *f)
{
	struct scram *c = s->session;
	unsigned char signature[DIGEST_OCTETS_MAX];
	char right[DIGEST_OCTETS_MAX / 3 * 4 + 8] = "v=";
	size_t n;

	if (strncmp(challenge->data, "v=", 2) != 0)
		return malformed(s, f);
	if (sign(s, c->server_key, &c->text, signature, f) < 0)
		return -1;
	n = 2 + base64_text(right + 2, signature, key_length(s));
	right[n] = '\0';
	if (strcspn(challenge->data, ",") != n ||
	    memcmp(challenge->data, right, n) != 0)
		return refuse_server(s, f);
	s->is_done = true;
	return 0;
}

/* ---- one login ---- */

int scram_begin(struct sasl *s, struct error *f)
{
	const struct sasl_binding *b = s->options->binding;
	struct scram *c;

	if (s->mechanism->flags & MECHANISM_IS_BOUND && !(b && b->octets[0]))
		return error_set(
			f, ERROR_CONFIG,
			"%s ties the login to the TLS connection, "
			"which is only possible with OpenSSL; set auth "
			"to another mechanism",
			s->mechanism->name);
	if (gnu_sasl_load(f) < 0)
		return -1;
	c = memory_alloc(sizeof(*c));
	*c = (struct scram){ .gs2 = BUF_INIT(64),
			     .text = BUF_INIT(4 * SASL_SECRET_MAX) };
	s->session = c;
	return 0;
}

static int answer(struct sasl *s, const struct buf *challenge, struct error *f)
{
	switch (s->step++) {
	case 0:
		return challenge->len ? malformed(s, f) : put_first(s, f);
	case 1:
		return put_final(s, challenge, f);
	case 2:
		return check_signature(s, challenge, f);
	default:
		return malformed(s, f);
	}
}

int scram_answer(struct sasl *s, const char *challenge, struct error *f)
{
	struct scram *c = s->session;
	struct buf data = BUF_INIT(SASL_SECRET_MAX);
	int r;

	/* the refusal itself follows after an empty response */
	if (challenge && sasl_reason(s, challenge, &s->reason))
		return 0;
	if (challenge && (unbase64_text(challenge, &data) < 0 ||
			  memchr(data.data, '\0', data.len)))
		r = malformed(s, f);
	else
		r = answer(s, &data, f);
	if (c->text.overflow || s->response.overflow)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	buf_free(&data);
	return r;
}

void scram_end(struct sasl *s)
{
	struct scram *c = s->session;

	if (c) {
		buf_free(&c->gs2);
		buf_free(&c->text);
		explicit_bzero(c, sizeof(*c));
		free(c);
	}
	s->session = NULL;
}
