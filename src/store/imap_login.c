/* imap_login.c - from the dial to a session in which somebody is logged in
 * (RFC 3501 6.2). */
#include <string.h>

#include "base/ascii.h"
#include "store/imap_talk.h"

#define CHALLENGES_MAX 5

/* ---- what it can do ---- */

static void read_ability(struct imap_talk *t, const char *word, size_t n)
{
	if (n > 5 && ascii_begins(word, "AUTH="))
		signin_offer(&t->offer, word + 5, n - 5);
	else if (n == 7 && ascii_begins(word, "UIDPLUS"))
		t->has_uidplus = true;
	else if (n == 13 && ascii_begins(word, "LOGINDISABLED"))
		t->offer.has_words = false;
}

/* "* CAPABILITY IMAP4rev1 AUTH=PLAIN ..." begins the list anew. */
static void read_abilities(struct imap_talk *t, const char *line)
{
	if (!ascii_begins(line, "* CAPABILITY "))
		return;
	t->offer = (struct signin_offer){ .has_words = true };
	t->has_uidplus = false;
	line += strlen("* CAPABILITY ");
	while (*line && *line != '\r' && *line != '\n') {
		size_t n = strcspn(line, " \r\n");

		read_ability(t, line, n);
		line += n;
		line += strspn(line, " ");
	}
}

static void read_dial(struct imap_talk *t)
{
	const char *line = t->remote->heard.data;

	t->has_preauth = ascii_begins(t->remote->greeting, "* PREAUTH");
	while (*line) {
		read_abilities(t, line);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

int imap_ask_abilities(struct imap_talk *t, struct error *f)
{
	int kind;

	if (imap_say(t, "CAPABILITY", NULL, f) < 0)
		return -1;
	while ((kind = imap_next(t, t->tag, "CAPABILITY", f)) > 0) {
		read_abilities(t, t->remote->line.data);
		if (kind == IMAP_UNTAGGED && imap_pass_rest(t, f) < 0)
			return -1;
	}
	return kind;
}

/* ---- logging in ---- */

/* A "NO" without a reason is a refusal of the log-in. */
static int hear_login(struct imap_talk *t, const char *user, struct error *f)
{
	const char *what =
		arena_format(t->remote->arena, "the log-in of %s", user);
	int kind;

	while ((kind = imap_next(t, t->tag, what, f)) == IMAP_UNTAGGED)
		if (imap_pass_rest(t, f) < 0)
			return -1;
	if (kind < 0 && f->cause == ERROR_UNAVAILABLE)
		f->cause = ERROR_PERMISSION;
	return kind;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 127)
			return false;
	return true;
}

/* Quotes hold ASCII alone; all else goes as a literal, for which the server
 * says "+" first. */
static int say_string(struct imap_talk *t, struct buf *text, const char *value,
		      const char *user, struct error *f)
{
	int kind;

	if (is_plain(value)) {
		imap_put_quoted(text, value);
		return 0;
	}
	buf_printf(text, "{%zu}\r\n", strlen(value));
	if (remote_send(t->remote, text->data, "LOGIN ***", f) < 0)
		return -1;
	buf_wipe(text);
	buf_puts(text, value);
	kind = hear_login(t, user, f);
	if (kind == IMAP_DONE)
		return remote_garbled(t->remote, "does not speak IMAP", f);
	return kind < 0 ? -1 : 0;
}

static int by_words(struct imap_talk *t, const struct mailbox_login *l,
		    struct error *f)
{
	struct buf text = BUF_INIT(REMOTE_LINE_MAX);
	int r;

	buf_printf(&text, "m%u LOGIN ", ++t->tag);
	r = say_string(t, &text, l->user, l->user, f);
	buf_putc(&text, ' ');
	if (r == 0)
		r = say_string(t, &text, l->password, l->user, f);
	buf_puts(&text, "\r\n");
	if (r == 0 && text.overflow)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	if (r == 0)
		r = remote_send(t->remote, text.data, "LOGIN ***", f);
	buf_wipe(&text);
	if (r == 0)
		r = hear_login(t, l->user, f);
	return r > 0 ? remote_garbled(t->remote, "does not speak IMAP", f) : r;
}

static int by_sasl(struct imap_talk *t, const struct signin *s,
		   const struct mailbox_login *l, struct error *f)
{
	struct buf text = BUF_INIT(REMOTE_LINE_MAX * 2);
	unsigned step = 0;
	int kind;

	buf_printf(&text, "AUTHENTICATE %s", s->mechanism);
	kind = imap_say(t, text.data, NULL, f);
	buf_reset(&text);
	if (kind == 0)
		kind = hear_login(t, l->user, f);
	while (kind == IMAP_GO_ON) {
		if (step == CHALLENGES_MAX)
			return remote_garbled(t->remote,
					      "asks without an end at log-in",
					      f);
		kind = signin_answer(s, l, step++, &text, f);
		if (kind == 0)
			kind = remote_send(t->remote, text.data, "***", f);
		buf_wipe(&text);
		if (kind == 0)
			kind = hear_login(t, l->user, f);
	}
	buf_wipe(&text);
	return kind;
}

/* The tagged answer to the last command that libcurl said. */
static bool is_confirmed(const struct remote *r)
{
	const char *line = r->heard.data;
	bool is_ok = false;

	while (*line) {
		if (*line != '*' && *line != '+')
			is_ok = ascii_begins(line + strcspn(line, " \n"),
					     " OK");
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return r->has_logged_in && is_ok;
}

static int by_libcurl(struct imap_talk *t, const struct signin *s,
		      const struct mailbox_login *l, struct error *f)
{
	struct remote_sasl sasl = { s->mechanism, l->user, l->password };
	struct remote *r = t->remote;
	struct arena *a = r->arena;

	remote_close(r);
	if (remote_open(r, a, &t->url, l, &sasl, f) < 0)
		return -1;
	if (is_confirmed(r))
		return 0;
	return error_set(f, ERROR_PERMISSION, "%s did not confirm the log-in",
			 r->place);
}

static bool is_clean(const char *text)
{
	return text && !text[strcspn(text, "\r\n")];
}

static int log_in(struct imap_talk *t, const struct mailbox_login *l,
		  struct error *f)
{
	struct signin s;

	if (t->has_preauth)
		return 0;
	if (!is_clean(l->user) || !is_clean(l->password))
		return error_set(f, ERROR_CONFIG,
				 "%s wants a user and a password, and there is "
				 "none of one line each; name the user in the "
				 "URL or by --user",
				 t->remote->place);
	if (remote_may_log_in(t->remote, f) < 0 ||
	    signin_choose(&s, &t->offer, l, t->remote->place, f) < 0)
		return -1;
	switch (s.way) {
	case SIGNIN_WORDS:
		return by_words(t, l, f);
	case SIGNIN_SASL:
		return by_sasl(t, &s, l, f);
	case SIGNIN_LIBCURL:
		break;
	}
	return by_libcurl(t, &s, l, f);
}

int imap_begin(struct imap_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f)
{
	*t = (struct imap_talk){
		.url = *url,
		.remote = arena_alloc(a, sizeof(*t->remote)),
		.offer.has_words = true,
	};
	if (remote_open(t->remote, a, &t->url, login, NULL, f) == 0) {
		read_dial(t);
		if (login->stays_out || log_in(t, login, f) == 0)
			return 0;
	}
	imap_hang_up(t);
	return -1;
}
