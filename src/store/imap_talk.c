/* imap_talk.c - lines, tags and literals. */
#include "store/imap_talk.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "net/glossary.h"

#define DROPPED_MAX (16 * 1024 * 1024) /* octets of what nobody asked for */
#define LINES_MAX   (2 * (uint64_t)MAILBOX_MESSAGES_MAX + 10000)
#define FAREWELL    5000 /* milliseconds */

int imap_say(struct imap_talk *t, const char *command, const char *shown,
	     struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);
	int r;

	buf_printf(&text, "m%u %s\r\n", ++t->tag, command);
	t->lines = 0;
	if (text.overflow)
		r = error_set(f, ERROR_CONFIG, "a command is too long");
	else
		r = conn_say(t->conn, text.data, shown, f);
	buf_wipe(&text);
	return r;
}

int imap_judge(struct imap_talk *t, const char *what, struct error *f)
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

	if (conn_line(t->conn, f) < 0)
		return -1;
	line = t->conn->line.data;
	if (t->lines++ > LINES_MAX)
		return conn_garbled(t->conn, "says more than it can mean", f);
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
	return imap_judge(t, what, f);
}

int imap_finish(struct imap_talk *t, unsigned tag, const char *what,
		struct error *f)
{
	int kind;

	while ((kind = imap_next(t, tag, what, f)) > 0)
		if (kind == IMAP_UNTAGGED && imap_pass_rest(t, f) < 0)
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

/* "* OK [ALERT] ..." ends in words for people, which may look like anything
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
	/* what cannot be counted is a literal, too: one that nobody takes */
	if (!imap_number(line->data + from, line->len - 1 - from, &n) ||
	    n > INT64_MAX)
		return INT64_MAX;
	return (int64_t)n;
}

int imap_pass(struct imap_talk *t, uint64_t n, struct sink *to, struct error *f)
{
	uint64_t left = n;

	while (left) {
		const char *data;
		size_t have;

		if (conn_more(t->conn, &data, &have, f) < 0)
			return -1;
		if (have > left)
			have = (size_t)left;
		if (!to && conn_count(t->conn, have, f) < 0)
			return -1;
		if (to && sink_put(to, data, have) < 0) {
			t->conn->is_broken = true;
			return -1;
		}
		conn_taken(t->conn, have);
		left -= have;
	}
	if (to)
		trace_remark(t->conn->trace, "(%llu octets of a message)",
			     (unsigned long long)n);
	return 0;
}

int imap_pass_rest(struct imap_talk *t, struct error *f)
{
	int64_t n;

	while ((n = imap_literal(t)) >= 0) {
		if (n > DROPPED_MAX)
			return conn_garbled(t->conn, "says more than was asked",
					    f);
		if (t->lines++ > LINES_MAX)
			return conn_garbled(t->conn,
					    "says more than it can mean", f);
		if (imap_pass(t, (uint64_t)n, NULL, f) < 0 ||
		    conn_line(t->conn, f) < 0)
			return -1;
	}
	return 0;
}

void imap_put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

void imap_farewell(struct imap_talk *t)
{
	struct error unheard = ERROR_INIT;

	if (!t->conn || t->conn->is_broken)
		return;
	conn_hurry(t->conn, FAREWELL);
	/* "* BYE" is the answer */
	if (imap_say(t, "LOGOUT", NULL, &unheard) == 0)
		imap_finish(t, t->tag, "LOGOUT", &unheard);
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

/* Past a name: "BODY[HEADER.FIELDS (TO)]<0>" is one. */
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
	return item->name_length == strlen(name) &&
	       ascii_begins(item->name, name);
}
