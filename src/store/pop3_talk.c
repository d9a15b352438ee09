/* pop3_talk.c - CAPA was asked by libcurl while it dialled; USER, AUTH and
 * their answers are said here. */
#include "store/pop3_talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

#define CHALLENGES_MAX 5
#define FAREWELL       30000 /* milliseconds that a QUIT may take */

int pop3_say(struct pop3_talk *t, const char *commands, struct error *f)
{
	return remote_send(t->remote, commands, NULL, f);
}

/* Response codes of RFC 2449, RFC 3206; AUTH is the only way to know. */
static enum error_cause cause_of(const char *line)
{
	if (ascii_begins(line, "-ERR [IN-USE]") ||
	    ascii_begins(line, "-ERR [LOGIN-DELAY") ||
	    ascii_begins(line, "-ERR [SYS/TEMP]"))
		return ERROR_TEMPORARY;
	if (ascii_begins(line, "-ERR [AUTH]") ||
	    ascii_begins(line, "-ERR [SYS/PERM]"))
		return ERROR_PERMISSION;
	return ERROR_UNAVAILABLE;
}

static int refused(struct pop3_talk *t, const char *what,
		   enum error_cause otherwise, struct error *f)
{
	const char *line = t->remote->line.data;
	enum error_cause cause = cause_of(line);

	if (strncmp(line, "-ERR", 4) != 0)
		return remote_garbled(t->remote, "does not speak POP3", f);
	return error_set(f, cause == ERROR_UNAVAILABLE ? otherwise : cause,
			 "%s refuses %s: %.300s", t->remote->place, what, line);
}

int pop3_reply(struct pop3_talk *t, const char *what, struct error *f)
{
	remote_expect(t->remote);
	if (remote_line(t->remote, f) < 0)
		return -1;
	if (!strncmp(t->remote->line.data, "+OK", 3))
		return 0;
	return refused(t, what, ERROR_UNAVAILABLE, f);
}

/* ---- what it can do ---- */

static void read_capability(struct pop3_talk *t, const char *line, size_t n)
{
	size_t word = 0;

	while (word < n && line[word] != ' ')
		word++;
	if (word == 3 && ascii_begins(line, "TOP"))
		t->has_top = true;
	else if (word == 10 && ascii_begins(line, "PIPELINING"))
		t->has_pipelining = true;
	else if (word == 4 && ascii_begins(line, "USER"))
		t->offer.has_words = true;
	else if (word == 4 && ascii_begins(line, "SASL"))
		while (word < n) {
			size_t from = ++word;

			while (word < n && line[word] != ' ')
				word++;
			signin_offer(&t->offer, line + from, word - from);
		}
}

/* A server without CAPA is an old one, which has TOP and USER as a rule. */
static void read_capabilities(struct pop3_talk *t)
{
	const char *text = t->remote->heard.data;
	const char *stamp = strchr(t->remote->greeting, '<');

	t->has_capa = !strncmp(text, "+OK", 3);
	t->offer.has_apop = stamp && strchr(stamp, '@') && strchr(stamp, '>');
	if (!t->has_capa)
		t->offer.has_words = t->has_top = true;
	while (t->has_capa && *text) {
		size_t n = strcspn(text, "\r\n");

		read_capability(t, text, n);
		text += n;
		text += strspn(text, "\r\n");
	}
}

/* ---- logging in ---- */

static int hear_login(struct pop3_talk *t, const char *user, struct error *f)
{
	const char *what =
		arena_format(t->remote->arena, "the log-in of %s", user);

	if (!strncmp(t->remote->line.data, "+OK", 3))
		return 0;
	return refused(t, what, ERROR_PERMISSION, f);
}

static int say_secret(struct pop3_talk *t, struct buf *text, const char *shown,
		      struct error *f)
{
	int r = -1;

	if (text->overflow)
		error_set(f, ERROR_CONFIG,
			  "the user's name or the password is too long");
	else
		r = remote_send(t->remote, text->data, shown, f);
	buf_wipe(text);
	return r < 0 ? -1 : remote_line(t->remote, f);
}

static int by_words(struct pop3_talk *t, const struct mailbox_login *l,
		    struct error *f)
{
	struct buf text = BUF_INIT(REMOTE_LINE_MAX);

	buf_printf(&text, "USER %s\r\n", l->user);
	if (say_secret(t, &text, "USER ***", f) < 0 ||
	    hear_login(t, l->user, f) < 0)
		return -1;
	buf_printf(&text, "PASS %s\r\n", l->password);
	if (say_secret(t, &text, "PASS ***", f) < 0)
		return -1;
	return hear_login(t, l->user, f);
}

static int by_sasl(struct pop3_talk *t, const struct signin *s,
		   const struct mailbox_login *l, struct error *f)
{
	struct buf text = BUF_INIT(REMOTE_LINE_MAX * 2);

	buf_printf(&text, "AUTH %s\r\n", s->mechanism);
	if (say_secret(t, &text, NULL, f) < 0)
		return -1;
	for (unsigned step = 0;
	     t->remote->line.data[0] == '+' && t->remote->line.data[1] != 'O';
	     step++) {
		if (step == CHALLENGES_MAX)
			return remote_garbled(t->remote,
					      "asks without an end at log-in",
					      f);
		if (signin_answer(s, l, step, &text, f) < 0 ||
		    say_secret(t, &text, "***", f) < 0)
			return -1;
	}
	return hear_login(t, l->user, f);
}

/* Once more, with the log-in left to libcurl; what it heard last is the
 * answer. */
static int by_libcurl(struct pop3_talk *t, const struct signin *s,
		      const struct mailbox_login *l, struct error *f)
{
	struct remote_sasl sasl = { s->mechanism, l->user, l->password };
	struct remote *r = t->remote;
	struct arena *a = r->arena;

	pop3_hang_up(t);
	t->remote = r;
	if (remote_open(r, a, &t->url, l, &sasl, f) < 0)
		return -1;
	if (r->has_logged_in && !strncmp(r->heard.data, "+", 1) &&
	    strstr(r->heard.data, "+OK"))
		return 0;
	return error_set(f, ERROR_PERMISSION, "%s did not confirm the log-in",
			 r->place);
}

static bool is_clean(const char *text)
{
	return text && !text[strcspn(text, "\r\n")];
}

static int log_in(struct pop3_talk *t, const struct mailbox_login *l,
		  struct error *f)
{
	struct signin s;

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

int pop3_begin(struct pop3_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f)
{
	*t = (struct pop3_talk){
		.url = *url,
		.remote = arena_alloc(a, sizeof(*t->remote)),
	};
	if (remote_open(t->remote, a, &t->url, login, NULL, f) == 0) {
		read_capabilities(t);
		if (login->stays_out || log_in(t, login, f) == 0)
			return 0;
	}
	pop3_hang_up(t);
	return -1;
}

int pop3_quit(struct pop3_talk *t, struct error *f)
{
	int r;

	if (!t->remote || t->remote->is_broken)
		return error_set(f, ERROR_TEMPORARY, "the connection is gone");
	remote_hurry(t->remote, FAREWELL);
	r = pop3_say(t, "QUIT\r\n", f);
	if (r == 0)
		r = pop3_reply(t, "QUIT", f);
	t->remote->is_broken = true;
	return r;
}

void pop3_hang_up(struct pop3_talk *t)
{
	if (t->remote)
		remote_close(t->remote);
	t->remote = NULL;
}
