/* pop3_talk.c - libcurl sends CAPA while it connects; USER and AUTH are sent
 * here. */
#include "store/remote.h"

#include <string.h>

#include "base/ascii.h"
#include "flow/digest.h"
#include "net/glossary.h"

#define QUIT_MS 30000 /* milliseconds for QUIT */

int pop3_send(struct pop3_talk *t, const char *commands, struct error *f)
{
	return conn_send_text(t->conn, commands, NULL, f);
}

static int refused(struct pop3_talk *t, const char *what,
		   enum error_cause otherwise, struct error *f)
{
	const char *line = t->conn->line.data;
	enum error_cause cause;

	if (strncmp(line, "-ERR", 4) != 0)
		return conn_garbled(t->conn, "does not speak POP3", f);
	cause = glossary_response_cause(line + 4 + (line[4] == ' '));
	return error_set(f, cause == ERROR_UNAVAILABLE ? otherwise : cause,
			 "%s refuses %s: %.300s", t->conn->place, what, line);
}

int pop3_reply(struct pop3_talk *t, const char *what, struct error *f)
{
	conn_expect(t->conn);
	if (conn_read_line(t->conn, f) < 0)
		return -1;
	if (!strncmp(t->conn->line.data, "+OK", 3))
		return 0;
	return refused(t, what, ERROR_UNAVAILABLE, f);
}

/* ---- capabilities ---- */

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
		t->remote.offer.has_command = true;
	else if (word == 4 && ascii_begins(line, "SASL"))
		while (word < n) {
			size_t from = ++word;

			while (word < n && line[word] != ' ')
				word++;
			sasl_offer_add(&t->remote.offer, line + from,
				       word - from);
		}
}

/* The reply to the last CAPA counts, which is the one inside TLS. */
static int on_line(struct conn *c, const char *line, size_t n)
{
	struct pop3_talk *t = c->context;

	if (strcmp(c->verb, "CAPA") != 0)
		return 0;
	if (c->last[0]) {
		if (t->has_capa)
			read_capability(t, line, strcspn(line, "\r\n"));
		return 0;
	}
	t->remote.offer = (struct sasl_offer){ .has_command = false };
	t->has_top = t->has_pipelining = false;
	t->has_capa = n > 3 && !strncmp(line, "+OK", 3);
	return 0;
}

/* A server without CAPA is an old one, which usually has TOP and USER. */
static void complete_capabilities(struct pop3_talk *t)
{
	const char *stamp = strchr(t->conn->greeting, '<');

	t->remote.offer.has_apop =
		stamp && strchr(stamp, '@') && strchr(stamp, '>');
	if (!t->has_capa)
		t->remote.offer.has_command = t->has_top = true;
}

static int verdict(const struct conn *c)
{
	return !strncmp(c->last, "-ERR", 4)  ? -1
	       : !strncmp(c->last, "+OK", 3) ? 1
					     : 0;
}

static int refuse(const struct conn *c, struct error *f)
{
	return error_set(f,
			 strcmp(c->verb, "STLS") ? ERROR_TEMPORARY
						 : ERROR_UNAVAILABLE,
			 "%s refuses for now: %s", c->place, c->last);
}

static const struct conn_protocol pop3 = {
	.name = "POP3",
	.scheme = "pop3",
	.allowed = "pop3,pop3s",
	.ports = { [CONN_TLS_NONE] = 110,
		   [CONN_TLS_STARTTLS] = 110,
		   [CONN_TLS_IMPLICIT] = 995 },
	.starttls = "STLS",
	.host = ERROR_USAGE,
	.lookup = "check its spelling",
	.early = ", write pop3s://",
	.late = "write pop3://",
	.without = "write pop3s://, or, on this machine alone, turn tls off",
	.on_line = on_line,
	.verdict = verdict,
	.refuse = refuse,
};

/* ---- logging in ---- */

static int read_login_reply(struct pop3_talk *t, const char *user,
			    struct error *f)
{
	const char *what =
		arena_format(t->remote.arena, "the login of %s", user);

	if (!strncmp(t->conn->line.data, "+OK", 3))
		return 0;
	return refused(t, what, ERROR_PERMISSION, f);
}

static int send_secret(struct pop3_talk *t, struct buf *text, const char *shown,
		       struct error *f)
{
	int r = -1;

	if (text->overflow)
		error_set(f, ERROR_CONFIG,
			  "the user's name or the password is too long");
	else
		r = conn_send_text(t->conn, text->data, shown, f);
	buf_wipe(text);
	return r < 0 ? -1 : conn_read_line(t->conn, f);
}

static int log_in_by_command(struct pop3_talk *t, const struct sasl_options *o,
			     struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);

	buf_printf(&text, "USER %s\r\n", o->user);
	if (send_secret(t, &text, "USER ***", f) < 0 ||
	    read_login_reply(t, o->user, f) < 0)
		return -1;
	buf_printf(&text, "PASS %s\r\n", o->password);
	if (send_secret(t, &text, "PASS ***", f) < 0)
		return -1;
	return read_login_reply(t, o->user, f);
}

static int exchange(void *context, const char *line, const char *shown,
		    const char **challenge, struct error *f)
{
	struct pop3_talk *t = context;
	struct buf text = BUF_INIT(CONN_LINE_MAX * 2);
	const char *reply;

	buf_printf(&text, "%s\r\n", line);
	if (send_secret(t, &text, shown, f) < 0)
		return -1;
	reply = t->conn->line.data;
	if (reply[0] != '+' || reply[1] == 'O')
		return read_login_reply(t, t->remote.options.user, f);
	*challenge = reply + 1 + (reply[1] == ' ');
	return 1;
}

/* RFC 1939 7: the digest of the timestamp in the greeting and the password. */
static int by_apop(struct pop3_talk *t, const struct sasl_options *o,
		   struct error *f)
{
	const char *stamp = strchr(t->conn->greeting, '<');
	struct buf text = BUF_INIT(CONN_LINE_MAX);
	struct digest d;
	int r;

	digest_init_md5(&d, NULL, f);
	sink_put(&d.sink, stamp, strcspn(stamp, ">") + 1);
	sink_puts(&d.sink, o->password);
	r = sink_close(&d.sink);
	buf_printf(&text, "APOP %s %s\r\n", o->user, d.hex);
	if (r == 0)
		r = send_secret(t, &text, "APOP ***", f);
	digest_free(&d);
	buf_wipe(&text);
	return r < 0 ? -1 : read_login_reply(t, o->user, f);
}

static int log_in_by(void *context, const struct mechanism *m, struct error *f)
{
	struct pop3_talk *t = context;
	const struct sasl_carrier carrier = { .command = "AUTH",
					      .exchange = exchange,
					      .context = t };

	if (!(m->flags & MECHANISM_IS_COMMAND))
		return remote_by_sasl(&t->remote, t->conn, m, &carrier, f);
	return m->flags & MECHANISM_IS_CLEAR
		       ? log_in_by_command(t, &t->remote.options, f)
		       : by_apop(t, &t->remote.options, f);
}

int pop3_begin(struct pop3_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f)
{
	*t = (struct pop3_talk){
		.conn = arena_alloc(a, sizeof(*t->conn)),
	};
	remote_init(&t->remote, a, url, login);
	if (remote_open(&t->remote, t->conn, &pop3, t, f) == 0) {
		complete_capabilities(t);
		if (login->skips_login ||
		    remote_log_in(&t->remote, t->conn, log_in_by, t, f) == 0)
			return 0;
	}
	pop3_hang_up(t);
	return -1;
}

int pop3_quit(struct pop3_talk *t, struct error *f)
{
	int r;

	if (!t->conn || t->conn->is_broken)
		return error_set(f, ERROR_TEMPORARY, "the connection is gone");
	conn_limit_time(t->conn, QUIT_MS);
	r = pop3_send(t, "QUIT\r\n", f);
	if (r == 0)
		r = pop3_reply(t, "QUIT", f);
	t->conn->is_broken = true;
	return r;
}

void pop3_hang_up(struct pop3_talk *t)
{
	if (t->conn)
		conn_close(t->conn);
	t->conn = NULL;
}
