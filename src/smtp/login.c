/* login.c - the table of mechanisms, in the order in which they are tried. */
#include "smtp/login.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "codec/base64.h"

/* Those "by name only" need something that a user and a password are not: a
 * token, a ticket, a certificate, a domain controller. */
static const struct {
	const char *name;
	bool by_name_only;
} mechanisms[] = {
	{ "PLAIN", false },	   { "LOGIN", false },
	{ "CRAM-MD5", false },	   { "DIGEST-MD5", false },
	{ "SCRAM-SHA-256", true }, { "SCRAM-SHA-1", true },
	{ "XOAUTH2", true },	   { "OAUTHBEARER", true },
	{ "GSSAPI", true },	   { "NTLM", true },
	{ "EXTERNAL", true },
};
#define COUNT (sizeof(mechanisms) / sizeof(*mechanisms))

static void pin_one(struct login *l, size_t i)
{
	l->pin[0] = mechanisms[i].name;
	l->pin[1] = NULL;
	l->tried |= 1U << i;
}

static int pin_named(struct login *l, const char *name, struct error *f)
{
	size_t i = 0;

	while (i < COUNT && strcmp(mechanisms[i].name, name) != 0)
		i++;
	if (i == COUNT)
		return error_set(f, ERROR_CONFIG,
				 "auth \"%s\" is not known; leave it \"on\" "
				 "for the best that the server has",
				 name);
	pin_one(l, i);
	return 0;
}

int login_begin(struct login *l, const struct dial_options *o, struct error *f)
{
	*l = (struct login){
		.line_is_safe = o->tls != DIAL_TLS_NONE || o->unix_socket,
	};
	if (!o->use_auth)
		return 0;
	if (!l->line_is_safe)
		return error_set(f, ERROR_CONFIG,
				 "nobody logs in without TLS, where others "
				 "can read along or take the line over; turn "
				 "tls on, or auth off");
	if (o->mechanism)
		return pin_named(l, o->mechanism, f);
	pin_one(l, 0);
	l->pin[1] = mechanisms[1].name;
	l->tried |= 2;
	return 0;
}

bool login_again(struct login *l, const struct dial_options *o,
		 const struct caps *offered)
{
	if (o->mechanism)
		return false;
	for (size_t i = 0; i < COUNT; i++) {
		if (mechanisms[i].by_name_only || (l->tried & 1U << i) ||
		    !caps_has_auth(offered, mechanisms[i].name))
			continue;
		pin_one(l, i);
		l->pin[1] = NULL;
		return true;
	}
	return false;
}

const char *login_mechanism(const struct login *l, const struct caps *offered)
{
	for (size_t i = 0; l->pin[i]; i++)
		if (caps_has_auth(offered, l->pin[i]))
			return l->pin[i];
	return "";
}

void login_options(const struct login *l, char *out, size_t size)
{
	snprintf(out, size, "AUTH=%s%s%s", l->pin[0], l->pin[1] ? ";AUTH=" : "",
		 l->pin[1] ? l->pin[1] : "");
}

bool login_is_bearer(const struct dial_options *o)
{
	return o->mechanism && (!strcmp(o->mechanism, "XOAUTH2") ||
				!strcmp(o->mechanism, "OAUTHBEARER"));
}

bool login_is_external(const struct dial_options *o)
{
	return o->mechanism && !strcmp(o->mechanism, "EXTERNAL");
}

int login_explain(const struct login *l, const struct dial_options *o,
		  const struct caps *offered, const char *place,
		  struct error *f)
{
	const char *pinned = login_mechanism(l, offered);

	if (!offered->auth[0])
		return error_set(f, ERROR_UNAVAILABLE,
				 "%s does not offer AUTH%s, so nobody can log "
				 "in; is it the submission port (587 or 465)? "
				 "If no log-in is needed, set auth off",
				 place, l->line_is_safe ? "" : " without TLS");
	if (o->mechanism && !pinned[0])
		return error_set(f, ERROR_CONFIG,
				 "%s does not offer AUTH %s, only %s; change "
				 "the setting auth",
				 place, o->mechanism, offered->auth);
	if (pinned[0])
		return error_set(f, ERROR_UNAVAILABLE,
				 "%s offers AUTH %s, but nobody was logged in: "
				 "it is offered in a form that is not RFC "
				 "4954's, or this libcurl cannot do it",
				 place, pinned);
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s offers AUTH %s and nothing that goes with a user "
			 "and a password; set auth to one of these by name",
			 place, offered->auth);
}

/* Every occurrence of the secret becomes "***" and the rest closes up. */
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
	char encoded[2048];

	if (n > sizeof(encoded) / 4 * 3 - 3)
		return;
	encoded[base64_text(encoded, secret, n)] = '\0';
	hide_one(text, encoded);
	explicit_bzero(encoded, sizeof(encoded));
}

void login_hide(const struct dial_options *o, char *text)
{
	struct buf plain;

	if (!o->password || !*o->password)
		return;
	buf_init(&plain, 1024);
	buf_putc(&plain, '\0');
	buf_puts(&plain, o->user ? o->user : "");
	buf_putc(&plain, '\0');
	buf_puts(&plain, o->password);
	if (!plain.overflow)
		hide_encoded(text, plain.data, plain.len);
	buf_wipe(&plain);
	hide_encoded(text, o->password, strlen(o->password));
	hide_one(text, o->password);
}
