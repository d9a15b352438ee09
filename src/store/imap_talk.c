/* imap_talk.c - lines, tags and literals. */
#include "store/remote.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "net/glossary.h"

#define DROPPED_MAX (16 * 1024 * 1024) /* octets of unsolicited data */
#define LINES_MAX   (2 * (uint64_t)MAILBOX_MESSAGES_MAX + 10000)
#define LOGOUT_MS   5000 /* milliseconds */

int imap_send(struct imap_talk *t, const char *command, const char *shown,
	      struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);
	int r;

	buf_printf(&text, "m%u %s\r\n", ++t->tag, command);
	t->lines = 0;
	if (text.overflow)
		r = error_set(f, ERROR_CONFIG, "a command is too long");
	else
		r = conn_send_text(t->conn, text.data, shown, f);
	buf_wipe(&text);
	return r;
}

int imap_check_result(struct imap_talk *t, const char *what, struct error *f)
{
	const char *text = t->conn->line.data;

	text += strcspn(text, " ");
	text += *text == ' ';
	if (ascii_begins(text, "OK"))
		return IMAP_DONE;
	if (ascii_begins(text, "NO "))
		return error_set(f, glossary_response_cause(text + 3),
				 "%s refuses %s: %.300s", t->conn->place, what,
				 text);
	if (ascii_begins(text, "BAD"))
		return error_set(f, ERROR_PROTOCOL,
				 "%s does not understand %s: %.300s",
				 t->conn->place, what, text);
	return conn_garbled(t->conn, "does not speak IMAP", f);
}

int imap_any(struct imap_talk *t, unsigned *tag, struct error *f)
{
	const char *line;
	uint64_t n;

	if (conn_read_line(t->conn, f) < 0)
		return -1;
	line = t->conn->line.data;
	if (t->lines++ > LINES_MAX)
		return conn_garbled(t->conn, "sends an overlong response", f);
	if (ascii_begins(line, "* BYE"))
		return error_set(f, ERROR_TEMPORARY,
				 "%s ends the session: %.300s", t->conn->place,
				 line);
	if (line[0] == '*' && line[1] == ' ')
		return IMAP_UNTAGGED;
	if (line[0] == '+')
		return IMAP_GO_ON;
	if (line[0] != 'm' ||
	    !imap_number(line + 1, strcspn(line + 1, " "), &n) || n > t->tag)
		return conn_garbled(t->conn, "does not speak IMAP", f);
	*tag = (unsigned)n;
	t->lines = 0;
	return IMAP_DONE;
}

int imap_next(struct imap_talk *t, unsigned tag, const char *what,
	      struct error *f)
{
	unsigned done = 0;
	int kind = imap_any(t, &done, f);

	if (kind != IMAP_DONE)
		return kind;
	if (done != tag)
		return conn_garbled(t->conn, "does not speak IMAP", f);
	return imap_check_result(t, what, f);
}

int imap_finish(struct imap_talk *t, unsigned tag, const char *what,
		struct error *f)
{
	int kind;

	while ((kind = imap_next(t, tag, what, f)) > 0)
		if (kind == IMAP_UNTAGGED && imap_skip_rest(t, f) < 0)
			return -1;
	return kind;
}

bool imap_number(const char *text, size_t n, uint64_t *value)
{
	if (n && text_digits(text, INT64_MAX, value) == n)
		return true;
	*value = 0;
	return false;
}

/* "* OK [ALERT] ..." ends in human-readable text, which may look like anything
 * (RFC 3501 7.1). */
static bool is_for_people(const char *line)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE",
					     "PREAUTH" };

	if (strncmp(line, "* ", 2) != 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (ascii_begins(line + 2, words[i]) &&
		    (!line[2 + n] || line[2 + n] == ' '))
			return true;
	}
	return false;
}

int64_t imap_literal(const struct imap_talk *t)
{
	const struct buf *line = &t->conn->line;
	size_t from = line->len;
	uint64_t n;

	if (!from || line->data[from - 1] != '}' || is_for_people(line->data))
		return -1;
	while (from && line->data[from - 1] != '{')
		from--;
	if (!from || from == line->len - 1 ||
	    strspn(line->data + from, "0123456789") != line->len - 1 - from)
		return -1;
	/* a literal with an invalid length is a literal, too: it is refused */
	if (!imap_number(line->data + from, line->len - 1 - from, &n) ||
	    n > INT64_MAX)
		return INT64_MAX;
	return (int64_t)n;
}

int imap_copy(struct imap_talk *t, uint64_t n, struct sink *to, struct error *f)
{
	uint64_t left = n;

	while (left) {
		const char *data;
		size_t have;

		if (conn_peek(t->conn, &data, &have, f) < 0)
			return -1;
		if (have > left)
			have = (size_t)left;
		if (!to && conn_count(t->conn, have, f) < 0)
			return -1;
		if (to && sink_put(to, data, have) < 0) {
			t->conn->is_broken = true;
			return -1;
		}
		conn_consume(t->conn, have);
		left -= have;
	}
	if (to)
		trace_remark(t->conn->trace, "(%llu octets of a message)",
			     (unsigned long long)n);
	return 0;
}

int imap_skip_rest(struct imap_talk *t, struct error *f)
{
	int64_t n;

	while ((n = imap_literal(t)) >= 0) {
		if (n > DROPPED_MAX)
			return conn_garbled(t->conn,
					    "sends more than was requested", f);
		if (t->lines++ > LINES_MAX)
			return conn_garbled(t->conn,
					    "sends an overlong response", f);
		if (imap_copy(t, (uint64_t)n, NULL, f) < 0 ||
		    conn_read_line(t->conn, f) < 0)
			return -1;
	}
	return 0;
}

void imap_logout(struct imap_talk *t)
{
	struct error ignored = ERROR_INIT;

	if (!t->conn || t->conn->is_broken)
		return;
	conn_limit_time(t->conn, LOGOUT_MS);
	/* "* BYE" is the expected response */
	if (imap_send(t, "LOGOUT", NULL, &ignored) == 0)
		imap_finish(t, t->tag, "LOGOUT", &ignored);
	t->conn->is_broken = true;
}

void imap_hang_up(struct imap_talk *t)
{
	if (t->conn)
		conn_close(t->conn);
	t->conn = NULL;
}

/* ---- items ---- */

const char *imap_fetch(const char *line)
{
	const char *at = line + 2;

	while (ascii_is_digit(*at))
		at++;
	if (at == line + 2 || !ascii_begins(at, " FETCH ("))
		return NULL;
	return at + strlen(" FETCH (");
}

/* Skips a name: "BODY[HEADER.FIELDS (TO)]<0>" is one. */
static const char *past_name(const char *at)
{
	bool in_brackets = false;

	for (; *at && (in_brackets || (*at != ' ' && *at != ')')); at++)
		in_brackets = *at == '[' || (in_brackets && *at != ']');
	return at;
}

static const char *past_quoted(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

static const char *past_value(const char *at)
{
	unsigned depth = 0;

	if (*at == '"')
		return past_quoted(at);
	while (*at && (depth || (*at != ' ' && *at != ')'))) {
		if (*at == '"') {
			at = past_quoted(at);
			continue;
		}
		depth += *at == '(';
		depth -= depth && *at == ')';
		at++;
	}
	return at;
}

bool imap_item_next(const char **at, struct imap_item *item)
{
	const char *p = *at + strspn(*at, " ");

	item->name = p;
	p = past_name(p);
	item->name_length = (size_t)(p - item->name);
	if (!item->name_length || *p != ' ')
		return false;
	item->value = ++p;
	p = past_value(p);
	item->value_length = (size_t)(p - item->value);
	*at = p;
	return true;
}

bool imap_item_is(const struct imap_item *item, const char *name)
{
	return ascii_is_word(item->name, item->name_length, name);
}

/* ---- connection and login (RFC 3501 6.2) ---- */

/* The length of a command that servers accept (RFC 7162 4). */
#define COMMAND_MAX 8000

/* ---- capabilities ---- */

static void read_capability(struct imap_talk *t, const char *word, size_t n)
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

/* "* CAPABILITY IMAP4rev1 AUTH=PLAIN ..." replaces the list. */
static void read_capabilities(struct imap_talk *t, const char *line)
{
	if (!ascii_begins(line, "* CAPABILITY "))
		return;
	t->remote.offer = (struct sasl_offer){ .has_command = true };
	t->has_uidplus = t->has_sasl_ir = false;
	line += strlen("* CAPABILITY ");
	while (*line && *line != '\r' && *line != '\n') {
		size_t n = strcspn(line, " \r\n");

		read_capability(t, line, n);
		line += n;
		line += strspn(line, " ");
	}
}

static int on_line(struct conn *c, const char *line, size_t n)
{
	(void)n;
	read_capabilities(c->context, line);
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
	.lookup = "check its spelling",
	.early = ", write imaps://",
	.late = "write imap://",
	.without = "write imaps://, or, on this machine alone, turn tls off",
	.on_line = on_line,
	.verdict = verdict,
	.refuse = refuse,
};

int imap_request_capabilities(struct imap_talk *t, struct error *f)
{
	int kind;

	if (imap_send(t, "CAPABILITY", NULL, f) < 0)
		return -1;
	while ((kind = imap_next(t, t->tag, "CAPABILITY", f)) > 0) {
		read_capabilities(t, t->conn->line.data);
		if (kind == IMAP_UNTAGGED && imap_skip_rest(t, f) < 0)
			return -1;
	}
	return kind;
}

/* ---- logging in ---- */

/* A "NO" without a reason means that the login was refused. */
static int read_login_reply(struct imap_talk *t, const char *user,
			    struct error *f)
{
	const char *what =
		arena_format(t->remote.arena, "the login of %s", user);
	int kind;

	while ((kind = imap_next(t, t->tag, what, f)) == IMAP_UNTAGGED)
		if (imap_skip_rest(t, f) < 0)
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

/* Quoted strings are ASCII only; anything else is sent as a literal, after the
 * server's "+". */
static int send_string(struct imap_talk *t, struct buf *text, const char *value,
		       const char *user, struct error *f)
{
	int kind;

	if (is_plain(value)) {
		text_put_quoted(text, value);
		return 0;
	}
	buf_printf(text, "{%zu}\r\n", strlen(value));
	if (conn_send_text(t->conn, text->data, "LOGIN ***", f) < 0)
		return -1;
	buf_wipe(text);
	buf_puts(text, value);
	kind = read_login_reply(t, user, f);
	if (kind == IMAP_DONE)
		return conn_garbled(t->conn, "does not speak IMAP", f);
	return kind < 0 ? -1 : 0;
}

static int log_in_by_command(struct imap_talk *t, const struct sasl_options *l,
			     struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);
	int r;

	buf_printf(&text, "m%u LOGIN ", ++t->tag);
	r = send_string(t, &text, l->user, l->user, f);
	buf_putc(&text, ' ');
	if (r == 0)
		r = send_string(t, &text, l->password, l->user, f);
	buf_puts(&text, "\r\n");
	if (r == 0 && text.overflow)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	if (r == 0)
		r = conn_send_text(t->conn, text.data, "LOGIN ***", f);
	buf_wipe(&text);
	if (r == 0)
		r = read_login_reply(t, l->user, f);
	return r > 0 ? conn_garbled(t->conn, "does not speak IMAP", f) : r;
}

static int exchange(void *context, const char *line, const char *shown,
		    const char **challenge, struct error *f)
{
	struct imap_talk *t = context;
	struct buf text = BUF_INIT(CONN_LINE_MAX * 2);
	int kind;

	buf_printf(&text, "%s\r\n", line);
	kind = conn_send_text(t->conn, text.data, shown, f);
	buf_wipe(&text);
	if (kind == 0)
		kind = read_login_reply(t, t->remote.options.user, f);
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
		return log_in_by_command(t, &t->remote.options, f);
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
		if (login->skips_login || t->has_preauth ||
		    remote_log_in(&t->remote, t->conn, log_in_by, t, f) == 0)
			return 0;
	}
	imap_hang_up(t);
	return -1;
}

/* ---- names of mailboxes ---- */

/* Runs of anything but printable ASCII become "&" base64 "-": base64 of UTF-16
 * with ',' for '/' and no padding; "&" itself is "&-". */

struct run {
	struct buf *out;
	uint32_t bits;
	unsigned count; /* pending bits */
};

static void put_bits(struct run *r, uint32_t value, unsigned n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+,";

	r->bits = r->bits << n | value;
	r->count += n;
	while (r->count >= 6) {
		r->count -= 6;
		buf_putc(r->out, letters[r->bits >> r->count & 63]);
	}
}

static void put_point(struct run *r, uint32_t point)
{
	if (point >= 0x10000) {
		point -= 0x10000;
		put_bits(r, 0xd800 | point >> 10, 16);
		point = 0xdc00 | (point & 0x3ff);
	}
	put_bits(r, point, 16);
}

int imap_put_mutf7(struct buf *out, const char *name)
{
	struct run run = { .out = out };

	while (*name) {
		if (text_is_control(*name))
			return -1;
		if ((unsigned char)*name < 127) {
			buf_putc(out, *name);
			if (*name++ == '&')
				buf_putc(out, '-');
			continue;
		}
		buf_putc(out, '&');
		while ((unsigned char)*name > 127) {
			uint32_t point;
			size_t n = text_character(name, strlen(name), &point);

			if (!n)
				return -1;
			put_point(&run, point);
			name += n;
		}
		if (run.count)
			put_bits(&run, 0, 6 - run.count);
		run.bits = 0;
		buf_putc(out, '-');
	}
	return out->overflow ? -1 : 0;
}
