/* signin.c - a table of mechanisms, in the order in which they are taken. */
#include "store/signin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/base64.h"

/* Those "by name only" need what a user and a password are not. */
static const struct {
	const char *name, *pin;
	enum signin_way way;
	bool by_name_only;
} table[] = {
	{ "PLAIN", "PLAIN", SIGNIN_SASL, false },
	{ "LOGIN", "LOGIN", SIGNIN_SASL, false },
	{ "", "", SIGNIN_WORDS, false },
	{ "CRAM-MD5", "CRAM-MD5", SIGNIN_LIBCURL, false },
	{ "DIGEST-MD5", "DIGEST-MD5", SIGNIN_LIBCURL, true },
	{ "APOP", "+APOP", SIGNIN_LIBCURL, false },
	{ "SCRAM-SHA-256", "SCRAM-SHA-256", SIGNIN_LIBCURL, true },
	{ "SCRAM-SHA-1", "SCRAM-SHA-1", SIGNIN_LIBCURL, true },
	{ "NTLM", "NTLM", SIGNIN_LIBCURL, true },
	{ "GSSAPI", "GSSAPI", SIGNIN_LIBCURL, true },
	{ "XOAUTH2", "XOAUTH2", SIGNIN_SASL, true },
	{ "OAUTHBEARER", "OAUTHBEARER", SIGNIN_SASL, true },
	{ "EXTERNAL", "EXTERNAL", SIGNIN_SASL, true },
};
#define COUNT (sizeof(table) / sizeof(*table))

void signin_offer(struct signin_offer *o, const char *word, size_t n)
{
	size_t len = strlen(o->mechanisms);

	if (!len)
		o->mechanisms[len++] = ' ';
	if (!n || len + n + 2 > sizeof(o->mechanisms))
		return;
	for (size_t i = 0; i < n; i++)
		o->mechanisms[len++] = word[i] >= 'a' && word[i] <= 'z'
					       ? (char)(word[i] - 32)
					       : word[i];
	o->mechanisms[len++] = ' ';
	o->mechanisms[len] = '\0';
}

static bool is_offered(const struct signin_offer *o, size_t i)
{
	char word[40];

	if (table[i].way == SIGNIN_WORDS)
		return o->has_words;
	if (!strcmp(table[i].name, "APOP"))
		return o->has_apop;
	snprintf(word, sizeof(word), " %s ", table[i].name);
	return strstr(o->mechanisms, word) != NULL;
}

/* Without the blanks around them. */
static const char *shown(const struct signin_offer *o, char *out, size_t size)
{
	size_t n = strlen(o->mechanisms);

	if (n < 3)
		return "nothing";
	snprintf(out, size, "%.*s", (int)n - 2, o->mechanisms + 1);
	return out;
}

static int choose_named(struct signin *s, const struct signin_offer *o,
			const char *name, const char *place, struct error *f)
{
	char text[sizeof(o->mechanisms)];

	for (size_t i = 0; i < COUNT; i++) {
		if (!table[i].name[0] || strcmp(table[i].name, name) != 0)
			continue;
		/* USER and IMAP's LOGIN go by the name of LOGIN, too */
		if (!is_offered(o, i) && !strcmp(name, "LOGIN") && o->has_words)
			i++;
		if (!is_offered(o, i))
			return error_set(f, ERROR_CONFIG,
					 "%s does not offer %s, only %s; "
					 "change the setting auth",
					 place, name,
					 shown(o, text, sizeof(text)));
		*s = (struct signin){ table[i].way, table[i].pin };
		return 0;
	}
	return error_set(f, ERROR_CONFIG,
			 "auth \"%s\" is not known; leave it \"on\" for the "
			 "best that the server has",
			 name);
}

int signin_choose(struct signin *s, const struct signin_offer *o,
		  const struct mailbox_login *login, const char *place,
		  struct error *f)
{
	char text[sizeof(o->mechanisms)];

	if (login->mechanism)
		return choose_named(s, o, login->mechanism, place, f);
	for (size_t i = 0; i < COUNT; i++) {
		if (table[i].by_name_only || !is_offered(o, i))
			continue;
		*s = (struct signin){ table[i].way, table[i].pin };
		return 0;
	}
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s offers %s to log in by, and nothing that goes "
			 "with a user and a password; set auth to one of these "
			 "by name",
			 place, shown(o, text, sizeof(text)));
}

/* ---- what is said ---- */

static int put_encoded(struct buf *out, const void *data, size_t n,
		       struct error *f)
{
	size_t room = (n + 2) / 3 * 4 + 1;
	char *text = memory_alloc(room);

	text[base64_text(text, data, n)] = '\0';
	buf_puts(out, text);
	explicit_bzero(text, room);
	free(text);
	if (buf_puts(out, "\r\n") < 0)
		return error_set(f, ERROR_CONFIG,
				 "the user's name or the password is too long");
	return 0;
}

static void put_plain(struct buf *raw, const struct mailbox_login *l)
{
	buf_putc(raw, '\0');
	buf_puts(raw, l->user);
	buf_putc(raw, '\0');
	buf_puts(raw, l->password);
}

/* XOAUTH2 as Google and Microsoft have it; RFC 7628. */
static void put_bearer(struct buf *raw, const char *mechanism,
		       const struct mailbox_login *l)
{
	if (!strcmp(mechanism, "XOAUTH2"))
		buf_printf(raw, "user=%s\1", l->user);
	else
		buf_printf(raw, "n,a=%s,\1", l->user);
	buf_printf(raw, "auth=Bearer %s\1\1", l->password);
}

/* 0 when nothing is to be said to that. */
static int put_raw(const struct signin *s, const struct mailbox_login *l,
		   unsigned step, struct buf *raw)
{
	const char *m = s->mechanism;

	if (!strcmp(m, "PLAIN") && step == 0)
		put_plain(raw, l);
	else if (!strcmp(m, "LOGIN") && step < 2)
		buf_puts(raw, step ? l->password : l->user);
	else if (!strcmp(m, "EXTERNAL") && step == 0)
		buf_puts(raw, l->user);
	else if ((!strcmp(m, "XOAUTH2") || !strcmp(m, "OAUTHBEARER")) &&
		 step == 0)
		put_bearer(raw, m, l);
	else if (!strcmp(m, "OAUTHBEARER") && step == 1)
		buf_putc(raw, '\1'); /* the refusal, taken note of */
	else if (strcmp(m, "XOAUTH2") != 0 || step != 1)
		return 0;
	return 1;
}

int signin_answer(const struct signin *s, const struct mailbox_login *login,
		  unsigned step, struct buf *out, struct error *f)
{
	struct buf raw;
	int r = 0;

	buf_init(&raw, 100000);
	if (!put_raw(s, login, step, &raw))
		r = buf_puts(out, "*\r\n");
	else if (raw.overflow)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	else
		r = put_encoded(out, raw.data, raw.len, f);
	buf_wipe(&raw);
	return r;
}
