/* talk_login.c - \auth, step by step.
 *
 * Each challenge is answered as it comes, so one way does for the three
 * protocols.  What signin.h does not say is CRAM-MD5 (RFC 2195), which it
 * leaves to libcurl: here the connection stands already. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "flow/digest.h"
#include "talk/talk_inside.h"

#define BLOCK 64 /* octets of MD5's */
#define MD5   16

static const char *const words[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER",
				     "EXTERNAL" };

static char *copy_of(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(memory_alloc(n), text, n);
}

/* ---- CRAM-MD5 ---- */

static int md5(const void *one, size_t one_size, const void *two,
	       size_t two_size, unsigned char out[MD5],
	       char hex[DIGEST_HEX_SIZE], struct error *f)
{
	struct digest d;
	int r;

	digest_init_md5(&d, NULL, f);
	sink_put(&d.sink, one, one_size);
	sink_put(&d.sink, two, two_size);
	r = sink_close(&d.sink);
	for (size_t i = 0; r == 0 && i < MD5; i++)
		out[i] = (unsigned char)text_hex_octet(d.hex + 2 * i);
	if (r == 0)
		memcpy(hex, d.hex, DIGEST_HEX_SIZE);
	digest_free(&d);
	return r;
}

/* RFC 2104. */
static int hmac_md5(const char *key, size_t n, const struct buf *text,
		    char hex[DIGEST_HEX_SIZE], struct error *f)
{
	unsigned char inner[BLOCK] = { 0 }, outer[BLOCK], sum[MD5];
	int r = 0;

	if (n > BLOCK)
		r = md5(key, n, "", 0, inner, hex, f);
	else
		memcpy(inner, key, n);
	for (size_t i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	if (r == 0)
		r = md5(inner, BLOCK, text->data, text->len, sum, hex, f);
	if (r == 0)
		r = md5(outer, BLOCK, sum, MD5, sum, hex, f);
	explicit_bzero(inner, BLOCK);
	explicit_bzero(outer, BLOCK);
	return r;
}

static int cram(struct talk *t, struct buf *out, struct error *f)
{
	struct talk_login *l = &t->login;
	struct buf challenge = BUF_INIT(TALK_LINE_MAX);
	struct buf plain = BUF_INIT(TALK_LINE_MAX);
	char hex[DIGEST_HEX_SIZE];
	int r = 0;

	if (l->step || talk_decode(l->challenge.data, &challenge) < 0)
		buf_puts(out, "*");
	else
		r = hmac_md5(l->password.data, l->password.len, &challenge, hex,
			     f);
	if (r == 0 && !out->len) {
		buf_printf(&plain, "%s %s", l->user, hex);
		talk_encode(plain.data, plain.len, out);
	}
	buf_wipe(&plain);
	buf_free(&challenge);
	return r;
}

/* ---- the log-in ---- */

void talk_login_end(struct talk *t)
{
	struct talk_login *l = &t->login;

	free(l->user);
	buf_wipe(&l->password);
	buf_wipe(&l->challenge);
	*l = (struct talk_login){ .is_on = false };
	buf_init(&l->password, 0);
	buf_init(&l->challenge, TALK_LINE_MAX);
}

static int choose(struct talk_login *l, const char *mechanism, struct error *f)
{
	l->is_cram = ascii_equal(mechanism, "CRAM-MD5");
	l->signin = (struct signin){ .way = SIGNIN_SASL };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (ascii_equal(mechanism, words[i]))
			l->signin.mechanism = words[i];
	if (l->is_cram)
		l->signin.mechanism = "CRAM-MD5";
	if (l->signin.mechanism)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "\\auth knows plain, login, cram-md5, xoauth2, "
			 "oauthbearer and external, not '%s'",
			 mechanism);
}

int talk_login_begin(struct talk *t, const char *mechanism, const char *user,
		     struct error *f)
{
	struct talk_login *l = &t->login;
	struct buf command = BUF_INIT(128);
	const char *whose;
	int r;

	talk_login_end(t);
	if (!t->line->is_safe)
		return error_set(f, ERROR_CONFIG,
				 "nobody logs in without TLS, where others can "
				 "read along or take the line over");
	if (choose(l, mechanism, f) < 0)
		return -1;
	if (strcmp(l->signin.mechanism, "EXTERNAL") == 0)
		whose = user; /* the certificate is the password */
	else if (t->options->credentials(t->options->context, user, &whose,
					 &l->password, f) < 0)
		return -1;
	l->user = copy_of(whose ? whose : "");
	talk_remember(t, l->password.data);
	l->is_on = true;
	buf_printf(&command, "%s %s", t->options->protocol->login,
		   l->signin.mechanism);
	r = talk_say(t, command.data, f);
	buf_free(&command);
	return r;
}

int talk_login_answer(struct talk *t, struct error *f)
{
	struct talk_login *l = &t->login;
	struct mailbox_login login = { .user = l->user,
				       .password = l->password.data };
	struct buf out = BUF_INIT(2 * TALK_LINE_MAX);
	int r;

	r = l->is_cram ? cram(t, &out, f)
		       : signin_answer(&l->signin, &login, l->step, &out, f);
	l->step++;
	while (out.len && strchr("\r\n", out.data[out.len - 1]))
		buf_truncate(&out, out.len - 1);
	if (r == 0)
		talk_remember(t, out.data);
	if (r == 0)
		r = talk_say_line(t, out.data, "***", f);
	buf_wipe(&out);
	return r;
}
