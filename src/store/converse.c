/* converse.c - finds the end of a reply.
 *
 * In POP3 that depends on the command: LIST and UIDL without a number, TOP,
 * RETR and CAPA have multi-line replies that end in a dot.  In IMAP the tagged
 * response ends it, and literals are copied by their length. */
#include "store/converse.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/dot.h"
#include "store/remote.h"

struct converse {
	bool is_imap;
	struct pop3_talk pop3;
	struct imap_talk imap;
	char tag[64]; /* of the current IMAP command */
	bool is_more; /* the server expects another line */
};

struct converse *converse_open(struct arena *a, const struct mailbox_url *url,
			       const struct mailbox_login *login,
			       struct error *f)
{
	struct converse *c = arena_alloc(a, sizeof(*c));
	int r;

	c->is_imap = url->kind == MAILBOX_IMAP;
	if (c->is_imap)
		r = imap_begin(&c->imap, a, url, login, f);
	else
		r = pop3_begin(&c->pop3, a, url, login, f);
	return r < 0 ? NULL : c;
}

static struct conn *conn_of(const struct converse *c)
{
	return c->is_imap ? c->imap.conn : c->pop3.conn;
}

/* Is the first word this one? */
static bool begins_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	return ascii_begins(line, word) && (!line[n] || line[n] == ' ');
}

static bool is_among(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (begins_word(line, *words))
			return true;
	return false;
}

static const char *const imap_verbs[] = {
	"CAPABILITY",	"NOOP",	       "LOGOUT", "SELECT",    "EXAMINE",
	"CREATE",	"DELETE",      "RENAME", "LIST",      "LSUB",
	"SUBSCRIBE",	"UNSUBSCRIBE", "STATUS", "APPEND",    "CHECK",
	"CLOSE",	"EXPUNGE",     "SEARCH", "FETCH",     "STORE",
	"COPY",		"UID",	       "IDLE",	 "NAMESPACE", "UNSELECT",
	"MOVE",		"SORT",	       "THREAD", "ENABLE",    "GETQUOTA",
	"ID",		"GETACL",      "LOGIN",	 "STARTTLS",  "AUTHENTICATE",
	"GETQUOTAROOT", NULL,
};

/* Skips the tag, if any. */
static const char *verb_of(const struct converse *c, const char *line)
{
	const char *space;

	if (!c->is_imap || is_among(line, imap_verbs))
		return line;
	space = strchr(line, ' ');
	return space ? space + 1 : line;
}

bool converse_is_done(const struct converse *c, const char *line)
{
	static const char *const pop3[] = { "USER", "PASS", "APOP",
					    "AUTH", "STLS", NULL };
	static const char *const imap[] = { "LOGIN", "AUTHENTICATE", "STARTTLS",
					    NULL };

	return !c->is_more &&
	       is_among(verb_of(c, line), c->is_imap ? imap : pop3);
}

/* ---- replies ---- */

static int copy_line(const struct converse *c, struct sink *to)
{
	const struct buf *line = &conn_of(c)->line;

	sink_put(to, line->data, line->len);
	return sink_puts(to, "\r\n");
}

static bool is_multiline(const char *line)
{
	static const char *const always[] = { "TOP", "RETR", "CAPA", NULL };

	return is_among(line, always) || ascii_equal(line, "LIST") ||
	       ascii_equal(line, "UIDL");
}

/* The lines up to the dot, without unstuffing. */
static int copy_lines(struct conn *r, struct sink *to, struct error *f)
{
	struct undot undot;
	uint64_t octets = 0;

	undot_init(&undot);
	while (!undot.is_done) {
		const char *data;
		size_t n;

		if (conn_peek(r, &data, &n, f) < 0)
			return -1;
		n = undot_feed(&undot, data, n, NULL);
		if (sink_put(to, data, n) < 0)
			return -1;
		conn_consume(r, n);
		octets += n;
		if (octets > REMOTE_MESSAGE_MAX)
			return remote_too_long(r, 0, f);
	}
	return 0;
}

static int reply_of_pop3(struct converse *c, const char *line, struct sink *to,
			 struct error *f)
{
	struct conn *r = c->pop3.conn;
	bool is_ok;

	if (conn_read_line(r, f) < 0 || copy_line(c, to) < 0)
		return -1;
	is_ok = r->line.data[0] == '+';
	if (is_ok && is_multiline(line) && copy_lines(r, to, f) < 0)
		return -1;
	if (is_ok && begins_word(line, "QUIT")) {
		r->is_broken = true;
		return CONVERSE_OVER;
	}
	return is_ok ? CONVERSE_YES : CONVERSE_NO;
}

static int copy_literals(struct converse *c, struct sink *to, struct error *f)
{
	int64_t n;

	while ((n = imap_literal(&c->imap)) >= 0) {
		if ((uint64_t)n > REMOTE_MESSAGE_MAX)
			return remote_too_long(c->imap.conn, 0, f);
		if (imap_copy(&c->imap, (uint64_t)n, to, f) < 0 ||
		    conn_read_line(c->imap.conn, f) < 0 || copy_line(c, to) < 0)
			return -1;
	}
	return 0;
}

static int read_imap_reply(struct converse *c, struct sink *to, struct error *f)
{
	struct conn *r = c->imap.conn;
	size_t n = strlen(c->tag);

	for (;;) {
		const char *line;

		if (conn_read_line(r, f) < 0 || copy_line(c, to) < 0)
			return -1;
		line = r->line.data;
		if (*line == '+')
			return CONVERSE_MORE;
		if (!strncmp(line, c->tag, n) && line[n] == ' ')
			return ascii_begins(line + n, " OK") ? CONVERSE_YES
							     : CONVERSE_NO;
		if (copy_literals(c, to, f) < 0)
			return -1;
	}
}

static void choose_tag(struct converse *c, const char *line)
{
	if (verb_of(c, line) == line)
		snprintf(c->tag, sizeof(c->tag), "m%u", ++c->imap.tag);
	else
		snprintf(c->tag, sizeof(c->tag), "%.*s",
			 (int)strcspn(line, " "), line);
}

static int reply_of_imap(struct converse *c, const char *line, struct sink *to,
			 struct error *f)
{
	bool is_logout = !c->is_more && begins_word(verb_of(c, line), "LOGOUT");
	int verdict = read_imap_reply(c, to, f);

	c->is_more = verdict == CONVERSE_MORE;
	if (verdict < 0 || !is_logout)
		return verdict;
	c->imap.conn->is_broken = true;
	return CONVERSE_OVER;
}

int converse_command(struct converse *c, const char *line, struct sink *to,
		     struct error *f)
{
	struct buf text = BUF_INIT(CONVERSE_LINE_MAX + 100);
	int r;

	if (c->is_imap && !c->is_more) {
		choose_tag(c, line);
		if (verb_of(c, line) == line)
			buf_printf(&text, "%s ", c->tag);
	}
	buf_printf(&text, "%s\r\n", line);
	if (text.overflow)
		r = error_set(f, ERROR_USAGE, "a command is too long");
	else
		r = conn_send_text(conn_of(c), text.data, NULL, f);
	buf_free(&text);
	if (r < 0)
		return -1;
	return c->is_imap ? reply_of_imap(c, line, to, f)
			  : reply_of_pop3(c, line, to, f);
}

void converse_close(struct converse *c)
{
	struct error ignored = ERROR_INIT;

	if (c->is_imap) {
		imap_logout(&c->imap);
		imap_hang_up(&c->imap);
		return;
	}
	if (!c->pop3.conn->is_broken &&
	    pop3_send(&c->pop3, "RSET\r\n", &ignored) == 0 &&
	    pop3_reply(&c->pop3, "RSET", &ignored) == 0)
		pop3_quit(&c->pop3, &ignored);
	pop3_hang_up(&c->pop3);
}

/* ---- octets ---- */

ssize_t converse_send(void *converse, const void *data, size_t n,
		      struct error *f)
{
	return conn_send(conn_of(converse), data, n, f);
}

ssize_t converse_receive(void *converse, void *data, size_t n, bool *end,
			 struct error *f)
{
	return conn_receive(conn_of(converse), data, n, end, f);
}

int converse_socket(const struct converse *c)
{
	return conn_of(c)->socket;
}

const char *converse_place(const struct converse *c)
{
	return conn_of(c)->place;
}

unsigned converse_seconds(const struct converse *c)
{
	return conn_of(c)->milliseconds / 1000;
}

const struct sasl_offer *converse_offer(const struct converse *c)
{
	return c->is_imap ? &c->imap.remote.offer : &c->pop3.remote.offer;
}

const struct sasl_binding *converse_binding(const struct converse *c)
{
	return &conn_of(c)->binding;
}

bool converse_is_safe(const struct converse *c)
{
	return conn_of(c)->is_tls || conn_of(c)->is_local;
}

void converse_drop(struct converse *c)
{
	if (c->is_imap)
		imap_hang_up(&c->imap);
	else
		pop3_hang_up(&c->pop3);
}
