/* imap_login.c - from the dial to a session in which somebody is logged in
 * (RFC 3501 6.2). */
#include <string.h>

#include "base/ascii.h"
#include "store/imap_talk.h"

/* What servers take of a command (RFC 7162 4). */
#define COMMAND_MAX 8000

/* ---- what it can do ---- */

static void read_ability(struct imap_talk *t, const char *word, size_t n)
{
	if (n > 5 && ascii_begins(word, "AUTH="))
		sasl_offer_add(&t->remote.offer, word + 5, n - 5);
	else if (n == 7 && ascii_begins(word, "SASL-IR"))
		t->has_sasl_ir = true;
	else if (n == 7 && ascii_begins(word, "UIDPLUS"))
		t->has_uidplus = true;
	else if (n == 13 && ascii_begins(word, "LOGINDISABLED"))
		t->remote.offer.has_command = false;
}

/* "* CAPABILITY IMAP4rev1 AUTH=PLAIN ..." begins the list anew. */
static void read_abilities(struct imap_talk *t, const char *line)
{
	if (!ascii_begins(line, "* CAPABILITY "))
		return;
	t->remote.offer = (struct sasl_offer){ .has_command = true };
	t->has_uidplus = t->has_sasl_ir = false;
	line += strlen("* CAPABILITY ");
	while (*line && *line != '\r' && *line != '\n') {
		size_t n = strcspn(line, " \r\n");

		read_ability(t, line, n);
		line += n;
		line += strspn(line, " ");
	}
}

static int hear(struct conn *c, const char *line, size_t n)
{
	(void)n;
	read_abilities(c->context, line);
	return 0;
}

static int verdict(const struct conn *c)
{
	if (ascii_begins(c->last, "* BYE"))
		return -1;
	return ascii_begins(c->last + strcspn(c->last, " "), " OK") ? 1 : 0;
}

static int refuse(const struct conn *c, struct error *f)
{
	return error_set(f, ERROR_TEMPORARY, "%s refuses for now: %s", c->place,
			 c->last);
}

static const struct conn_protocol imap = {
	.name = "IMAP",
	.scheme = "imap",
	.allowed = "imap,imaps",
	.ports = { [CONN_TLS_NONE] = 143,
		   [CONN_TLS_STARTTLS] = 143,
		   [CONN_TLS_IMPLICIT] = 993 },
	.starttls = "STARTTLS",
	.host = ERROR_USAGE,
	.lookup = "is it written right?",
	.early = ", write imaps://",
	.late = "write imap://",
	.without = "write imaps://, or, on this machine alone, turn tls off",
	.hear = hear,
	.verdict = verdict,
	.refuse = refuse,
};

int imap_ask_abilities(struct imap_talk *t, struct error *f)
{
	int kind;

	if (imap_say(t, "CAPABILITY", NULL, f) < 0)
		return -1;
	while ((kind = imap_next(t, t->tag, "CAPABILITY", f)) > 0) {
		read_abilities(t, t->conn->line.data);
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
		arena_format(t->remote.arena, "the log-in of %s", user);
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
	if (conn_say(t->conn, text->data, "LOGIN ***", f) < 0)
		return -1;
	buf_wipe(text);
	buf_puts(text, value);
	kind = hear_login(t, user, f);
	if (kind == IMAP_DONE)
		return conn_garbled(t->conn, "does not speak IMAP", f);
	return kind < 0 ? -1 : 0;
}

static int by_words(struct imap_talk *t, const struct sasl_options *l,
		    struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);
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
		r = conn_say(t->conn, text.data, "LOGIN ***", f);
	buf_wipe(&text);
	if (r == 0)
		r = hear_login(t, l->user, f);
	return r > 0 ? conn_garbled(t->conn, "does not speak IMAP", f) : r;
}

static int exchange(void *context, const char *line, const char *shown,
		    const char **challenge, struct error *f)
{
	struct imap_talk *t = context;
	struct buf text = BUF_INIT(CONN_LINE_MAX * 2);
	int kind;

	buf_printf(&text, "%s\r\n", line);
	kind = conn_say(t->conn, text.data, shown, f);
	buf_wipe(&text);
	if (kind == 0)
		kind = hear_login(t, t->remote.options.user, f);
	if (kind != IMAP_GO_ON)
		return kind;
	*challenge = t->conn->line.data + 1;
	*challenge += **challenge == ' ';
	return 1;
}

static int log_in_by(void *context, const struct mechanism *m, struct error *f)
{
	struct imap_talk *t = context;
	struct sasl_carrier carrier = {
		.line_max = t->has_sasl_ir ? COMMAND_MAX : 0,
		.exchange = exchange,
		.context = t,
	};

	if (m->flags & MECHANISM_IS_COMMAND)
		return by_words(t, &t->remote.options, f);
	t->lines = 0;
	carrier.command =
		arena_format(t->remote.arena, "m%u AUTHENTICATE", ++t->tag);
	return remote_by_sasl(&t->remote, t->conn, m, &carrier, f);
}

int imap_begin(struct imap_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f)
{
	*t = (struct imap_talk){ .conn = arena_alloc(a, sizeof(*t->conn)) };
	remote_init(&t->remote, a, url, login);
	t->remote.offer.has_command = true;
	if (remote_open(&t->remote, t->conn, &imap, t, f) == 0) {
		t->has_preauth = ascii_begins(t->conn->greeting, "* PREAUTH");
		if (login->stays_out || t->has_preauth ||
		    remote_log_in(&t->remote, t->conn, log_in_by, t, f) == 0)
			return 0;
	}
	imap_hang_up(t);
	return -1;
}
