/* sasl.c - the choice of a mechanism, those without a library, and the exchange
 * for all. */
#include "net/sasl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/base64.h"
#include "flow/digest.h"

#define CHALLENGES_MAX 10
#define MD5_OCTETS     16

static bool is_scram(const struct mechanism *m)
{
	return !strncmp(m->name, "SCRAM-", 6);
}

/* ---- what a server offers ---- */

static bool has_word(const char *names, const char *word, size_t n)
{
	for (; *names; names += strspn(names, " ")) {
		size_t length = strcspn(names, " "), i = 0;

		while (i < n && ascii_lower(names[i]) == ascii_lower(word[i]))
			i++;
		if (length == n && i == n)
			return true;
		names += length;
	}
	return false;
}

void sasl_offer_add(struct sasl_offer *o, const char *word, size_t n)
{
	size_t have = strlen(o->names);

	if (!n || have + 1 + n >= sizeof(o->names) ||
	    has_word(o->names, word, n))
		return;
	if (have)
		o->names[have++] = ' ';
	for (size_t i = 0; i < n; i++)
		o->names[have + i] = ascii_upper(word[i]);
	o->names[have + n] = '\0';
}

bool sasl_is_offered(const struct sasl_offer *o, const char *name)
{
	return has_word(o->names, name, strlen(name));
}

static bool offers(const struct sasl_offer *o, const struct mechanism *m)
{
	if (!(m->flags & MECHANISM_IS_COMMAND))
		return sasl_is_offered(o, m->name);
	return strcmp(m->name, "APOP") ? o->has_command : o->has_apop;
}

static bool is_bound(const struct sasl_options *o)
{
	return o->binding && o->binding->octets[0];
}

/* False if the library that it needs is not installed. */
static bool is_usable(const struct mechanism *m)
{
	struct error unimportant = ERROR_INIT;

	return !(m->flags & MECHANISM_BY_LIBRARY) ||
	       gnu_sasl_load(&unimportant) == 0;
}

/* Of the mechanisms with a token. */
static const struct mechanism *bearer(const struct sasl_offer *offer)
{
	const unsigned both = MECHANISM_BEARER | MECHANISM_IS_CHOICE;
	const struct mechanism *m;

	for (size_t i = 0; (m = mechanism_at(i)); i++)
		if ((m->flags & both) == MECHANISM_BEARER && offers(offer, m))
			break;
	return m;
}

static const struct mechanism *named(const struct sasl_offer *offer,
				     const struct sasl_options *o,
				     const char *place, struct error *f)
{
	const struct mechanism *m = mechanism_find(o->mechanism);

	if (!m) {
		error_set(f, ERROR_CONFIG,
			  "auth \"%s\" is not known; leave it \"on\" for the "
			  "best that the server has",
			  o->mechanism);
		return NULL;
	}
	if (m->flags & MECHANISM_IS_CHOICE && bearer(offer))
		return bearer(offer);
	if (offers(offer, m) && !(m->flags & MECHANISM_IS_CHOICE))
		return m;
	/* the LOGIN command counts as well */
	if (!strcmp(m->name, "LOGIN") && offer->has_command)
		return mechanism_find("USER");
	error_set(f, ERROR_CONFIG,
		  "%s does not offer %s, only %s; change the setting auth",
		  place,
		  m->flags & MECHANISM_IS_CHOICE ? "OAUTHBEARER or XOAUTH2"
						 : m->name,
		  *offer->names ? offer->names : "nothing");
	return NULL;
}

/* *missing: the first mechanism that would be possible with the library. */
static const struct mechanism *best(const struct sasl_offer *offer,
				    bool with_bound,
				    const struct mechanism **missing)
{
	const struct mechanism *m;

	for (size_t i = 0; (m = mechanism_at(i)); i++) {
		if (m->flags & MECHANISM_BY_NAME || !offers(offer, m) ||
		    (m->flags & MECHANISM_IS_BOUND && !with_bound))
			continue;
		if (is_usable(m))
			break;
		if (!*missing)
			*missing = m;
	}
	return m;
}

const struct mechanism *sasl_choose(const struct sasl_offer *offer,
				    const struct sasl_options *o,
				    const char *place, struct error *f)
{
	const struct mechanism *m, *missing = NULL;

	if (o->mechanism)
		return named(offer, o, place, f);
	m = best(offer, is_bound(o), &missing);
	if (m)
		return m;
	if (missing)
		gnu_sasl_load(f);
	else
		error_set(f, ERROR_UNAVAILABLE,
			  "%s offers %s for login, and no mechanism for "
			  "a user and a password; set auth to one of "
			  "these by name",
			  place, *offer->names ? offer->names : "nothing");
	return NULL;
}

/* The next mechanism, where `m` was refused for another reason than the
 * password. */
static const struct mechanism *next(const struct sasl_offer *offer,
				    const struct sasl_options *o,
				    const struct mechanism *m)
{
	const struct mechanism *missing = NULL;

	if (o->mechanism || m->flags & MECHANISM_IS_CLEAR)
		return NULL;
	if (m->flags & MECHANISM_IS_BOUND)
		return best(offer, false, &missing);
	for (size_t i = 0; (m = mechanism_at(i)); i++)
		if (m->flags & MECHANISM_IS_CLEAR && offers(offer, m))
			break;
	return m;
}

/* The same error with text before and after it. */
static int reword(struct error *f, const char *before, const char *behind)
{
	struct error told = *f;

	error_clear(f);
	error_set(f, told.cause, "%s%s%s", before, told.text, behind);
	f->temporary = told.temporary;
	f->reply = told.reply;
	memcpy(f->esc, told.esc, sizeof(f->esc));
	return -1;
}

/* Errors from before the exchange do not name the server. */
static int add_place(struct error *f, const char *place)
{
	char before[400];

	snprintf(before, sizeof(before), "%.300s: ", place);
	return strstr(f->text, place) ? -1 : reword(f, before, "");
}

int sasl_by_best(const struct sasl_offer *offer, const struct sasl_options *o,
		 const char *place,
		 int (*by)(void *context, const struct mechanism *m,
			   struct error *f),
		 void *context, struct error *f)
{
	const struct mechanism *m = sasl_choose(offer, o, place, f);
	int r;

	if (!m)
		return -1;
	r = by(context, m, f);
	while (r == SASL_UNTRIED && (m = next(offer, o, m))) {
		error_clear(f);
		r = by(context, m, f);
	}
	return r < 0 ? add_place(f, place) : 0;
}

/* ---- CRAM-MD5 (RFC 2195) ---- */

static int put_cram(const struct sasl *s, const char *challenge,
		    struct buf *raw, struct error *f)
{
	struct buf data = BUF_INIT(SASL_SECRET_MAX);
	const char *password = s->options->password;
	unsigned char sum[DIGEST_OCTETS_MAX];
	char hex[2 * DIGEST_OCTETS_MAX + 1];
	int r;

	if (unbase64_text(challenge, &data) < 0)
		r = error_set(
			f, ERROR_PROTOCOL,
			"the server's challenge does not follow CRAM-MD5");
	else
		r = digest_hmac(DIGEST_MD5, password, strlen(password),
				data.data, data.len, sum, f);
	if (r == 0) {
		text_hex(hex, sum, MD5_OCTETS);
		buf_printf(raw, "%s %s", s->options->user, hex);
	}
	buf_free(&data);
	return r;
}

/* ---- mechanisms without computation ---- */

/* Escapes characters that RFC 5801 4 does not allow in a name. */
void sasl_put_name(struct buf *raw, const char *name)
{
	for (; *name; name++)
		if (*name == ',')
			buf_puts(raw, "=2C");
		else if (*name == '=')
			buf_puts(raw, "=3D");
		else
			buf_putc(raw, *name);
}

/* XOAUTH2 as documented by Google and Microsoft; RFC 7628 3.1. */
static void put_token(const struct sasl *s, struct buf *raw)
{
	const struct sasl_options *o = s->options;

	if (!strcmp(s->mechanism->name, "XOAUTH2")) {
		buf_printf(raw, "user=%s\1", o->user);
	} else {
		buf_puts(raw, "n,a=");
		sasl_put_name(raw, o->user);
		buf_printf(raw, ",\1host=%s\1port=%u\1", o->host, o->port);
	}
	buf_printf(raw, "auth=Bearer %s\1\1", o->password);
}

static void put_plain(const struct sasl_options *o, struct buf *raw)
{
	buf_putc(raw, '\0');
	buf_puts(raw, o->user);
	buf_putc(raw, '\0');
	buf_puts(raw, o->password);
}

/* The response to an error message; after it the server sends the final reply
 * (RFC 7628 3.2.3). */
static void take_refusal(struct sasl *s, const char *challenge, struct buf *raw)
{
	sasl_reason(s, challenge, &s->reason);
	if (!strcmp(s->mechanism->name, "OAUTHBEARER"))
		buf_putc(raw, '\1');
}

static int put_raw(struct sasl *s, const char *challenge, struct buf *raw,
		   struct error *f)
{
	const struct sasl_options *o = s->options;
	const char *name = s->mechanism->name;
	unsigned step = s->step++;

	if (!strcmp(name, "CRAM-MD5") && step == 0)
		return put_cram(s, challenge, raw, f);
	if (!strcmp(name, "PLAIN") && step == 0)
		put_plain(o, raw);
	else if (!strcmp(name, "LOGIN") && step < 2)
		buf_puts(raw, step ? o->password : o->user);
	else if (!strcmp(name, "EXTERNAL") && step == 0)
		buf_puts(raw, o->user);
	else if (s->mechanism->flags & MECHANISM_BEARER && step == 0)
		put_token(s, raw);
	else if (s->mechanism->flags & MECHANISM_BEARER && step == 1)
		take_refusal(s, challenge, raw);
	else
		return error_set(f, ERROR_PROTOCOL,
				 "the server asks for more steps than a login "
				 "by %s has",
				 name);
	return 0;
}

static int answer_with_words(struct sasl *s, const char *challenge,
			     struct error *f)
{
	struct buf raw = BUF_INIT(SASL_SECRET_MAX);
	int r = put_raw(s, challenge, &raw, f);

	if (r == 0)
		r = base64_append(&s->response, raw.data, raw.len);
	if (raw.overflow || s->response.overflow)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	s->is_done = true;
	buf_wipe(&raw);
	return r;
}

/* ---- one login ---- */

int sasl_begin(struct sasl *s, const struct mechanism *m,
	       const struct sasl_options *o, struct error *f)
{
	*s = (struct sasl){ .mechanism = m, .options = o };
	buf_init(&s->response, SASL_SECRET_MAX / 3 * 4 + 4);
	buf_init(&s->reason, 1024);
	if (is_scram(m))
		return scram_begin(s, f);
	if (m->flags & MECHANISM_BY_LIBRARY)
		return gnu_sasl_begin(s, f);
	return 0;
}

int sasl_answer(struct sasl *s, const char *challenge, struct error *f)
{
	buf_wipe(&s->response);
	if (is_scram(s->mechanism))
		return scram_answer(s, challenge, f);
	if (s->mechanism->flags & MECHANISM_BY_LIBRARY)
		return gnu_sasl_answer(s, challenge, f);
	return answer_with_words(s, challenge, f);
}

int sasl_confirm(const struct sasl *s, struct error *f)
{
	if (s->is_done)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "the server accepted the login without proving "
			 "that it knows the password, which %s "
			 "requires: it may be the wrong server, and "
			 "nothing was sent",
			 s->mechanism->name);
}

void sasl_end(struct sasl *s)
{
	if (is_scram(s->mechanism))
		scram_end(s);
	else
		gnu_sasl_end(s);
	buf_wipe(&s->response);
	buf_free(&s->reason);
}

/* Replaces every occurrence with "***", and moves up the rest. */
static void hide_one(char *text, const char *secret)
{
	size_t n = strlen(secret);
	char *at = text;

	if (n < 3)
		return;
	while ((at = strstr(at, secret))) {
		memset(at, '*', 3);
		memmove(at + 3, at + n, strlen(at + n) + 1);
		at += 3;
	}
}

static void hide_encoded(char *text, const void *secret, size_t n)
{
	struct buf encoded = BUF_INIT(SASL_SECRET_MAX * 2);

	base64_append(&encoded, secret, n);
	hide_one(text, encoded.data);
	buf_wipe(&encoded);
}

void sasl_hide(const struct sasl *s, char *text)
{
	const struct sasl_options *o = s->options;
	struct buf plain = BUF_INIT(SASL_SECRET_MAX);

	hide_one(text, s->response.data);
	if (!o->password || !*o->password)
		return;
	put_plain(o, &plain);
	hide_encoded(text, plain.data, plain.len);
	buf_wipe(&plain);
	hide_encoded(text, o->password, strlen(o->password));
	hide_one(text, o->password);
}

/* RFC 7628 3.2.2; RFC 5802 7, "server-error". */
static bool is_reason(const struct sasl *s, const struct buf *data)
{
	if (!s->mechanism || !s->step || !data->len)
		return false;
	if (s->mechanism->flags & MECHANISM_BEARER)
		return true;
	return is_scram(s->mechanism) && !strncmp(data->data, "e=", 2);
}

bool sasl_reason(const struct sasl *s, const char *challenge, struct buf *out)
{
	struct buf data = BUF_INIT(SASL_SECRET_MAX);
	bool is_one =
		unbase64_text(challenge, &data) == 0 && is_reason(s, &data);

	if (is_one) {
		text_put_escaped(out, data.data, data.len);
		sasl_hide(s, out->data);
		out->len = strlen(out->data);
	}
	buf_wipe(&data);
	return is_one;
}

/* ---- on a connection ---- */

static bool begins(const struct sasl *s, const struct sasl_carrier *c)
{
	return s->mechanism->flags & MECHANISM_BEGINS ||
	       (c->login_begins && !strcmp(s->mechanism->name, "LOGIN"));
}

/* The first line, with the initial response if that is allowed.  Otherwise the
 * response is held in s->response until the challenge. */
static int put_command(struct sasl *s, const struct sasl_carrier *c,
		       struct buf *line, bool *has_said, struct error *f)
{
	size_t n;

	buf_printf(line, "%s %s", c->command, s->mechanism->name);
	*has_said = false;
	if (!begins(s, c))
		return 0;
	if (sasl_answer(s, NULL, f) < 0)
		return -1;
	n = line->len + 1 + s->response.len + strlen("\r\n");
	if (n > c->line_max)
		return 0;
	buf_printf(line, " %s", s->response.len ? s->response.data : "=");
	*has_said = true;
	return 0;
}

static int send_initial(struct sasl *s, const struct sasl_carrier *c,
			const char **challenge, bool *is_held, struct error *f)
{
	struct buf line = BUF_INIT(SASL_LINE_MAX);
	char shown[128];
	bool has_said;
	int r = put_command(s, c, &line, &has_said, f);

	snprintf(shown, sizeof(shown), "%s %s%s", c->command,
		 s->mechanism->name, has_said ? " ***" : "");
	*is_held = begins(s, c) && !has_said;
	if (r == 0)
		r = c->exchange(c->context, line.data, shown, challenge, f);
	buf_wipe(&line);
	return r;
}

/* Adds what is known about the reason to the error. */
static void add_reason(const struct sasl *s, struct error *f)
{
	char behind[1200];

	snprintf(behind, sizeof(behind), " (%s)", s->reason.data);
	if (s->reason.len)
		reword(f, "", behind);
	if (s->mechanism->flags & MECHANISM_IS_BOUND && s->step > 1 &&
	    f->cause == ERROR_PERMISSION)
		reword(f, "",
		       "; the password is wrong, or the TLS "
		       "connection ends at a host that is not the "
		       "server");
}

/* The server supports channel binding, but we did not see it offered (RFC 5802
 * 6): somebody in between may have removed it, and a weaker mechanism would
 * send them the password. */
static bool is_downgraded(const struct sasl *s)
{
	return strstr(s->reason.data, "server-does-support-channel-binding");
}

int sasl_log_in(struct sasl *s, const struct sasl_carrier *c, struct error *f)
{
	const char *challenge = NULL;
	bool is_held;
	int r = send_initial(s, c, &challenge, &is_held, f);

	for (unsigned i = 0; r > 0; i++) {
		if (i == CHALLENGES_MAX)
			return error_set(
				f, ERROR_PROTOCOL,
				"the server sends challenges without end at "
				"the login");
		if (!is_held && sasl_answer(s, challenge, f) < 0)
			return -1;
		is_held = false;
		r = c->exchange(c->context, s->response.data, "***", &challenge,
				f);
	}
	if (r == 0)
		return sasl_confirm(s, f);
	add_reason(s, f);
	if (is_downgraded(s))
		return reword(f, "",
			      "; the list of mechanisms from the server was "
			      "changed on the way");
	return s->mechanism->flags & MECHANISM_BY_LIBRARY && s->step == 1 &&
			       f->cause == ERROR_PERMISSION
		       ? SASL_UNTRIED
		       : -1;
}
