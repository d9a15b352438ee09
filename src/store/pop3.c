/* pop3.c - the mailbox of POP3 (RFC 1939; CAPA RFC 2449; SASL RFC 5034).
 *
 * LIST and UIDL are sent once: numbers and ids are valid for the session. If
 * the server can pipeline, the messages of mailbox_expect are requested in
 * advance.  Messages are deleted at the end of the session: DELE for each, then
 * QUIT if all of them were accepted, at which the server deletes them; else
 * RSET before it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/dot.h"
#include "store/kinds.h"
#include "store/remote.h"

struct pop3 {
	struct pop3_talk talk;
	unsigned long *numbers; /* the server's number */
	struct prefetch prefetch;
};

/* ---- LIST and UIDL ---- */

static bool parse_number(const char **text, unsigned long *value)
{
	char *end;

	if (!ascii_is_digit(**text))
		return false;
	*value = strtoul(*text, &end, 10);
	if (*end && *end != ' ')
		return false;
	while (*end == ' ')
		end++;
	*text = end;
	return true;
}

/* The next line of a list; 0 at its end. */
static int list_line(struct pop3_talk *t, unsigned long *number,
		     const char **rest, struct error *f)
{
	struct conn *r = t->conn;

	if (conn_read_line(r, f) < 0)
		return -1;
	*rest = r->line.data;
	if (!strcmp(*rest, "."))
		return 0;
	if (!parse_number(rest, number))
		return conn_garbled(r, "sends an invalid list", f);
	return 1;
}

struct listing {
	size_t room, numbers_room;
	unsigned long *numbers, last;
};

static int add_message(struct mailbox *m, struct listing *l,
		       unsigned long number, const char *rest, struct error *f)
{
	struct pop3 *own = m->own;
	struct mailbox_message *one;
	unsigned long size = 0;

	if (m->count && number <= l->last)
		return conn_garbled(own->talk.conn,
				    "sends a list in the wrong order", f);
	one = mailbox_add(m, &l->room, f);
	if (!one)
		return -1;
	if (!l->numbers || l->numbers_room < l->room) {
		l->numbers_room = l->room;
		l->numbers = memory_resize(l->numbers,
					   l->room * sizeof(*l->numbers));
	}
	l->numbers[m->count - 1] = l->last = number;
	if (parse_number(&rest, &size))
		one->size = size;
	return 0;
}

static int read_list(struct mailbox *m, struct listing *l, struct error *f)
{
	struct pop3 *own = m->own;
	unsigned long number = 0;
	const char *rest;
	int more;

	if (pop3_reply(&own->talk, "LIST", f) < 0)
		return -1;
	while ((more = list_line(&own->talk, &number, &rest, f)) > 0)
		if (add_message(m, l, number, rest, f) < 0)
			return -1;
	return more;
}

/* The index of the server's number, or the count if there is none. */
static size_t place_of(const struct mailbox *m, unsigned long number,
		       size_t guess)
{
	const struct pop3 *own = m->own;
	size_t low = 0, high = m->count;

	if (guess < m->count && own->numbers[guess] == number)
		return guess;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (own->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && own->numbers[low] == number ? low : m->count;
}

/* An id is up to 70 octets (RFC 1939 7); some servers exceed that. */
static bool is_id(const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)id[i] <= 32 || (unsigned char)id[i] >= 127)
			return false;
	return n >= 1 && n <= 255;
}

/* Sets the id of a message from its row; false if the row is invalid. */
static bool take_id(struct mailbox *m, size_t at, const char *id)
{
	const char **known = at < m->count ? &m->messages[at].id : NULL;

	if (!known || (*known && strcmp(*known, id) != 0))
		return false;
	*known = arena_dup(m->arena, id);
	return true;
}

/* If the lists do not agree no message is skipped: an id could belong to
 * another message whose row is missing. */
static void drop_ids(struct mailbox *m)
{
	for (size_t i = 0; i < m->count; i++)
		m->messages[i].id = NULL;
}

static int read_ids(struct mailbox *m, struct error *f)
{
	struct pop3 *own = m->own;
	struct error none = ERROR_INIT;
	unsigned long number = 0;
	const char *rest;
	size_t lines = 0;
	bool is_sure = true;
	int more;

	if (pop3_reply(&own->talk, "UIDL", &none) < 0) {
		if (!own->talk.conn->is_broken)
			return 0; /* it has no ids: use digests */
		*f = none;
		return -1;
	}
	while ((more = list_line(&own->talk, &number, &rest, f)) > 0) {
		size_t at = place_of(m, number, lines++);

		if (lines > MAILBOX_MESSAGES_MAX)
			return conn_garbled(own->talk.conn,
					    "sends a list without an end", f);
		is_sure &= take_id(m, at, rest);
	}
	for (size_t i = 0; i < m->count; i++)
		is_sure &= m->messages[i].id != NULL;
	if (!is_sure)
		drop_ids(m);
	return more;
}

static int by_id(const void *one, const void *other)
{
	const struct mailbox_message *const *a = one, *const *b = other;

	return strcmp((*a)->id, (*b)->id);
}

/* An id that two messages share is not used: the second would be taken for the
 * first, and never be fetched. */
static void drop_useless_ids(struct mailbox *m)
{
	struct mailbox_message **all =
		memory_alloc((m->count + 1) * sizeof(struct mailbox_message *));
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].id && is_id(m->messages[i].id))
			all[n++] = &m->messages[i];
		else
			m->messages[i].id = NULL;
	qsort(all, n, sizeof(struct mailbox_message *), by_id);
	for (size_t i = 0, end; i < n; i = end) {
		const char *id = all[i]->id;

		for (end = i + 1; end < n && !strcmp(all[end]->id, id);)
			all[end++]->id = NULL;
		if (end > i + 1)
			all[i]->id = NULL;
	}
	free(all);
}

static int read_lists(struct mailbox *m, struct listing *l, struct error *f)
{
	struct pop3 *own = m->own;
	bool ahead = own->talk.has_pipelining;

	if (pop3_send(&own->talk, ahead ? "LIST\r\nUIDL\r\n" : "LIST\r\n", f) <
		    0 ||
	    read_list(m, l, f) < 0)
		return -1;
	own->numbers = arena_array(m->arena, m->count ? m->count : 1,
				   sizeof(*own->numbers));
	for (size_t i = 0; l->numbers && i < m->count; i++)
		own->numbers[i] = l->numbers[i];
	if (!ahead && pop3_send(&own->talk, "UIDL\r\n", f) < 0)
		return -1;
	if (read_ids(m, f) < 0)
		return -1;
	drop_useless_ids(m);
	return 0;
}

/* ---- messages ---- */

static int put_question(const struct pop3 *own, struct buf *out, size_t number,
			int lines)
{
	unsigned long n = own->numbers[number - 1];

	if (lines < 0 || !own->talk.has_top)
		return buf_printf(out, "RETR %lu\r\n", n);
	return buf_printf(out, "TOP %lu %d\r\n", n, lines);
}

/* The content that follows a "+OK", to its end; NULL drops it.  Its length is
 * limited by the size in LIST, so that endless data cannot fill the disk. */
static int pass_content(struct mailbox *m, size_t number, struct sink *to,
			struct error *f)
{
	struct pop3 *own = m->own;
	struct conn *r = own->talk.conn;
	uint64_t announced = m->messages[number - 1].size;
	uint64_t octets = 0, most = remote_message_max(announced);
	struct undot undot;

	undot_init(&undot);
	while (!undot.is_done) {
		const char *data;
		size_t n;

		if (conn_peek(r, &data, &n, f) < 0)
			return -1;
		n = undot_feed(&undot, data, n, to);
		conn_consume(r, n);
		octets += n;
		if (octets > most)
			return remote_too_long(r, announced, f);
		if (to && error_is_set(to->error)) {
			r->is_broken = true;
			return -1;
		}
	}
	trace_remark(r->trace, "(%" PRIu64 " octets of a message)", octets);
	return 0;
}

/* Drops replies that are no longer wanted. */
static int land(struct mailbox *m, struct error *f)
{
	struct pop3 *own = m->own;

	while (prefetch_pending(&own->prefetch)) {
		struct error refused = ERROR_INIT;
		size_t number = own->prefetch.list[own->prefetch.answered];

		prefetch_answered(&own->prefetch);
		if (pop3_reply(&own->talk, "a message", &refused) == 0) {
			if (pass_content(m, number, NULL, f) < 0)
				return -1;
		} else if (own->talk.conn->is_broken) {
			*f = refused;
			return -1;
		}
	}
	return 0;
}

static size_t window_of(const struct pop3 *own)
{
	return own->talk.has_pipelining ? PREFETCH_WINDOW : 1;
}

/* Requests everything that may be requested now, at once. */
static int ask(struct pop3 *own, struct error *f)
{
	struct buf text;
	size_t number;
	int r;

	buf_init(&text, (size_t)PREFETCH_WINDOW * 64);
	while ((number = prefetch_take(&own->prefetch, window_of(own))))
		put_question(own, &text, number, own->prefetch.lines);
	r = pop3_send(&own->talk, text.data, f);
	buf_free(&text);
	return r;
}

static int get(struct mailbox *m, size_t number, int lines, struct sink *to,
	       struct error *f)
{
	struct pop3 *own = m->own;

	if (!prefetch_is_next(&own->prefetch, m, number, lines)) {
		if (land(m, f) < 0)
			return -1;
		prefetch_begin(&own->prefetch, m, number, lines);
	}
	if (prefetch_is_low(&own->prefetch, window_of(own)) && ask(own, f) < 0)
		return -1;
	prefetch_answered(&own->prefetch);
	if (pop3_reply(&own->talk, "the message", f) < 0)
		return -1;
	return pass_content(m, number, to, f);
}

static int pop3_read(struct mailbox *m, size_t number, struct sink *to,
		     struct error *f)
{
	return get(m, number, -1, to, f);
}

/* If a server announces TOP but does not support it, the whole message is
 * fetched; the lines after the last one are dropped by the caller. */
static int pop3_top(struct mailbox *m, size_t number, unsigned lines,
		    struct sink *to, struct error *f)
{
	struct pop3 *own = m->own;
	struct error refused = ERROR_INIT;
	int wanted = lines > 1000000 ? 1000000 : (int)lines;

	if (!own->talk.has_top)
		return get(m, number, -1, to, f);
	if (get(m, number, wanted, to, &refused) == 0)
		return 0;
	if (own->talk.conn->is_broken || error_is_set(to->error) ||
	    own->talk.has_capa) {
		*f = refused;
		return -1;
	}
	own->talk.has_top = false;
	return get(m, number, -1, to, f);
}

/* ---- the end ---- */

/* Sends DELE for a window of them, and reads the replies. */
static int delete_some(struct mailbox *m, size_t *at, struct error *f)
{
	struct pop3 *own = m->own;
	size_t window = window_of(own), asked = 0;
	struct error first = ERROR_INIT;
	struct buf text;
	int r;

	buf_init(&text, (size_t)PREFETCH_WINDOW * 64);
	for (; *at < m->count && asked < window; ++*at) {
		if (!m->messages[*at].is_deleted)
			continue;
		buf_printf(&text, "DELE %lu\r\n", own->numbers[*at]);
		asked++;
	}
	r = asked ? pop3_send(&own->talk, text.data, f) : 0;
	buf_free(&text);
	for (; r == 0 && asked; asked--) {
		struct error each = ERROR_INIT;

		if (pop3_reply(&own->talk, "to delete", &each) == 0)
			continue;
		if (!error_is_set(&first))
			first = each;
		if (own->talk.conn->is_broken)
			break;
	}
	if (!error_is_set(&first))
		return r;
	*f = first;
	return -1;
}

static int pop3_commit(struct mailbox *m, struct error *f)
{
	struct pop3 *own = m->own;
	struct error f2 = ERROR_INIT;

	if (land(m, f) < 0)
		return -1;
	for (size_t at = 0; at < m->count;) {
		if (delete_some(m, &at, f) == 0)
			continue;
		if (!own->talk.conn->is_broken &&
		    pop3_send(&own->talk, "RSET\r\n", &f2) == 0)
			pop3_reply(&own->talk, "RSET", &f2);
		return -1;
	}
	if (pop3_quit(&own->talk, &f2) == 0)
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "it is not known whether the messages were deleted: "
			 "%s",
			 f2.text);
}

static void pop3_free(struct mailbox *m)
{
	struct pop3 *own = m->own;
	struct error ignored = ERROR_INIT;

	/* Waiting for pending replies could take long. */
	if (!prefetch_pending(&own->prefetch))
		pop3_quit(&own->talk, &ignored);
	pop3_hang_up(&own->talk);
}

static const struct mailbox_ops ops = {
	.read = pop3_read,
	.top = pop3_top,
	.commit = pop3_commit,
	.free = pop3_free,
	.is_remote = true,
};

int pop3_open(struct mailbox *m, const struct mailbox_url *url,
	      const struct mailbox_login *login, struct error *f)
{
	struct pop3 *own = arena_alloc(m->arena, sizeof(*own));
	struct listing l = { 0 };
	int r;

	if (pop3_begin(&own->talk, m->arena, url, login, f) < 0)
		return -1;
	m->own = own;
	m->ops = &ops;
	r = read_lists(m, &l, f);
	free(l.numbers);
	return r;
}

int pop3_sign_in(struct arena *a, const struct mailbox_url *url,
		 const struct mailbox_login *login, struct error *f)
{
	struct error ignored = ERROR_INIT;
	struct pop3_talk talk;

	if (pop3_begin(&talk, a, url, login, f) < 0)
		return -1;
	pop3_quit(&talk, &ignored);
	pop3_hang_up(&talk);
	return 0;
}
