/* imap.c - the mailbox of IMAP (RFC 3501; UIDPLUS RFC 4315).
 *
 * Reading opens the folder with EXAMINE, which changes nothing, not even
 * \Recent.  Ids are UIDVALIDITY.UID.  Messages that are flagged \Deleted
 * already are not listed.  Deleting opens the folder again with SELECT, sets
 * \Deleted and expunges only these UIDs; a server without UIDPLUS can only
 * expunge all flagged messages, which is done if there are none of other
 * clients. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "store/kinds.h"
#include "store/remote.h"

#define PIECE 65536 /* octets per request for the top of a message */
/* Messages in one request, which costs a round trip and is a line that should
 * not exceed 1000 octets (RFC 2683 3.2.1.5). */
#define IMAP_WINDOW 80

/* ---- opening a folder ---- */

static void read_untagged(struct imap *own, const char *line)
{
	const char *at = strstr(line, "[UIDVALIDITY ");
	uint64_t n;

	if (at) {
		at += strlen("[UIDVALIDITY ");
		if (imap_number(at, strspn(at, "0123456789"), &n))
			own->seen_validity = n;
	}
	at = line + 2;
	if (imap_number(at, strspn(at, "0123456789"), &n) &&
	    ascii_begins(at + strspn(at, "0123456789"), " EXISTS"))
		own->exists = n;
}

int imap_open_folder(struct imap *own, const char *verb, struct error *f)
{
	struct buf text = BUF_INIT(CONN_LINE_MAX);
	const char *what =
		arena_format(own->talk.remote.arena, "folder %s", own->folder);
	int kind;

	own->seen_validity = own->exists = 0;
	buf_printf(&text, "%s ", verb);
	text_put_quoted(&text, own->name.data);
	kind = imap_send(&own->talk, text.data, NULL, f);
	buf_free(&text);
	if (kind < 0)
		return -1;
	while ((kind = imap_next(&own->talk, own->talk.tag, what, f)) > 0) {
		read_untagged(own, own->talk.conn->line.data);
		if (imap_skip_rest(&own->talk, f) < 0)
			return -1;
	}
	/* a NO without a reason means "no such folder" here */
	if (kind < 0 && f->cause == ERROR_UNAVAILABLE)
		f->cause = ERROR_NOINPUT;
	return kind;
}

/* ---- the list ---- */

/* Reports about messages, in the order of arrival: a server may list in any
 * order, and report changes within the list (RFC 3501 7). */
struct entry {
	uint64_t uid, size;
	size_t order;
	bool has_size, has_flags, is_deleted;
};

struct listing {
	struct entry *entries;
	size_t count, room;
};

static bool has_flag(const struct imap_item *item, const char *flag)
{
	size_t n = strlen(flag);

	for (size_t i = 0; i + n <= item->value_length; i++)
		if (ascii_begins(item->value + i, flag) &&
		    (item->value[i + n] == ' ' || item->value[i + n] == ')'))
			return true;
	return false;
}

static void read_entry(struct listing *l, const char *line)
{
	const char *at = imap_fetch(line);
	struct entry e = { 0 };
	struct imap_item item;

	while (at && imap_item_next(&at, &item)) {
		if (imap_item_is(&item, "UID")) {
			imap_number(item.value, item.value_length, &e.uid);
		} else if (imap_item_is(&item, "RFC822.SIZE")) {
			e.has_size = imap_number(item.value, item.value_length,
						 &e.size);
		} else if (imap_item_is(&item, "FLAGS")) {
			e.has_flags = true;
			e.is_deleted = has_flag(&item, "\\Deleted");
		}
	}
	if (!e.uid)
		return;
	l->entries = memory_grow(l->entries, l->count, &l->room,
				 sizeof(*l->entries));
	e.order = l->count;
	l->entries[l->count++] = e;
}

/* About one message, in the order of arrival. */
static int by_uid(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* The last report about a message counts. */
static size_t merge_entries(struct listing *l)
{
	size_t n = 0;

	qsort(l->entries, l->count, sizeof(*l->entries), by_uid);
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *e = &l->entries[i];
		struct entry *last = n ? &l->entries[n - 1] : NULL;

		if (!last || last->uid != e->uid) {
			l->entries[n++] = *e;
			continue;
		}
		if (e->has_size)
			last->size = e->size;
		if (e->has_flags)
			last->is_deleted = e->is_deleted;
	}
	return n;
}

static int add_messages(struct mailbox *m, struct listing *l, struct error *f)
{
	struct imap *own = m->own;
	size_t count = l->count ? merge_entries(l) : 0, room = 0;

	own->uids =
		arena_array(m->arena, count ? count : 1, sizeof(*own->uids));
	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &l->entries[i];
		struct mailbox_message *one;

		if (e->is_deleted)
			continue;
		one = mailbox_add(m, &room, f);
		if (!one)
			return -1;
		own->uids[m->count - 1] = e->uid;
		one->size = e->size;
		if (own->largest < e->size)
			own->largest = e->size;
		one->id = arena_format(m->arena, "%" PRIu64 ".%" PRIu64,
				       own->validity, e->uid);
	}
	return 0;
}

static int read_list(struct imap *own, struct listing *l, struct error *f)
{
	int kind;

	if (!own->exists)
		return 0;
	if (imap_send(&own->talk, "UID FETCH 1:* (UID RFC822.SIZE FLAGS)", NULL,
		      f) < 0)
		return -1;
	while ((kind = imap_next(&own->talk, own->talk.tag, "the list", f)) >
	       0) {
		if (kind == IMAP_UNTAGGED)
			read_entry(l, own->talk.conn->line.data);
		if (imap_skip_rest(&own->talk, f) < 0)
			return -1;
	}
	return kind;
}

/* ---- messages ---- */

/* Was it requested, too, and is due later? */
static bool is_awaited(const struct imap *own, uint64_t uid)
{
	const struct prefetch *a = &own->prefetch;

	for (size_t i = a->answered; i < a->asked; i++)
		if (own->uids[a->list[i] - 1] == uid)
			return true;
	return false;
}

static int put_unquoted(const struct imap_item *item, struct sink *to)
{
	const char *p = item->value + 1,
		   *end = item->value + item->value_length - 1;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		if (to && sink_put(to, p, 1) < 0)
			return -1;
	}
	return 0;
}

/* One untagged FETCH, parsed for the message that is due. */
struct content {
	uint64_t uid;
	uint64_t announced; /* octets, from the list */
	struct sink *to;
	bool is_seen;	 /* there was a body */
	uint64_t octets; /* its length */
	bool is_named, is_other, is_early, is_dropped, is_wrong, is_gone;
	bool is_missed; /* it may have been in the dropped data */
};

/* A message that was requested and is not wanted now.  A server sends no more
 * of them than were requested; anything beyond counts as unsolicited data. */
static int drop(struct imap *own, uint64_t n, struct error *f)
{
	struct error ignored = ERROR_INIT;
	struct sink_count nowhere;
	bool is_due = own->dropped < IMAP_WINDOW;

	own->dropped += is_due;
	sink_count_init(&nowhere, NULL, &ignored);
	return imap_copy(&own->talk, n, is_due ? &nowhere.sink : NULL, f);
}

/* The value of "BODY[]": a literal, a quoted string, or NIL, for a message that
 * another client has removed.  Nothing else is a message. */
static int take_content(struct imap *own, struct content *c,
			const struct imap_item *item, const char **at,
			struct error *f)
{
	struct conn *r = own->talk.conn;
	int64_t n = **at ? -1 : imap_literal(&own->talk);

	if (n >= 0) {
		uint64_t announced =
			c->is_dropped ? own->largest : c->announced;

		if ((uint64_t)n > remote_message_max(announced))
			return remote_too_long(r, announced, f);
		c->octets = (uint64_t)n;
		if ((c->is_dropped ? drop(own, c->octets, f)
				   : imap_copy(&own->talk, c->octets, c->to,
					       f)) < 0 ||
		    conn_read_line(r, f) < 0)
			return -1;
		*at = r->line.data;
		return 0;
	}
	if (item->value_length == 3 && ascii_begins(item->value, "NIL")) {
		c->is_gone = !c->is_dropped;
		return 0;
	}
	if (*item->value != '"' || item->value_length < 2 ||
	    item->value[item->value_length - 1] != '"')
		return conn_garbled(r, "sends a message that cannot be read",
				    f);
	c->octets = item->value_length;
	return put_unquoted(item, c->is_dropped ? NULL : c->to);
}

static void take_uid(struct imap *own, struct content *c,
		     const struct imap_item *item)
{
	uint64_t which;

	if (!imap_item_is(item, "UID") ||
	    !imap_number(item->value, item->value_length, &which))
		return;
	c->is_named = true;
	c->is_other = which != c->uid;
	c->is_early = c->is_other && is_awaited(own, which);
}

/* Must it be dropped now?  Content may precede its UID (RFC 3501 7.4.2), and if
 * several messages are pending it is not known which one it is. */
static bool is_untimely(const struct imap *own, const struct content *c)
{
	return c->is_early ||
	       (!c->is_named && prefetch_pending(&own->prefetch));
}

/* The message, wherever in the FETCH it is.  One that arrives out of order is
 * dropped, and requested again. */
static int read_content(struct imap *own, struct content *c, struct error *f)
{
	struct conn *r = own->talk.conn;
	const char *at = imap_fetch(r->line.data);
	struct imap_item item;
	bool has_content = false;

	c->is_named = c->is_other = c->is_early = c->is_dropped = c->is_wrong =
		false;
	while (at && imap_item_next(&at, &item)) {
		take_uid(own, c, &item);
		if (!ascii_begins(item.name, "BODY["))
			continue;
		c->is_wrong = (c->is_other && !c->is_early) || has_content;
		if (c->is_wrong)
			break;
		has_content = true;
		c->is_dropped = is_untimely(own, c);
		if (take_content(own, c, &item, &at, f) < 0)
			return -1;
	}
	/* flags of another message are unsolicited data, its content is an
	 * error */
	if (c->is_wrong || (c->is_other && !c->is_early && has_content))
		return conn_garbled(r, "sends a message that was not requested",
				    f);
	own->is_unordered |= c->is_dropped;
	c->is_missed |= c->is_dropped && !c->is_early;
	c->is_seen = has_content && !c->is_dropped;
	return imap_skip_rest(&own->talk, f);
}

static int is_gone(struct imap *own, struct error *f)
{
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s no longer has the message: it was deleted",
			 own->talk.conn->place);
}

/* Reads until the content was received, or returns 1 if it must be requested
 * again.  The tagged response may come later. */
static int read_answer(struct imap *own, struct content *c, struct error *f)
{
	conn_expect(own->talk.conn);
	c->is_missed = false;
	while (!c->is_seen) {
		unsigned done = 0;
		int kind = imap_any(&own->talk, &done, f);

		if (kind < 0)
			return -1;
		if (kind != IMAP_DONE) {
			if (read_content(own, c, f) < 0)
				return -1;
			continue;
		}
		own->open_tags--;
		if (done != own->talk.tag)
			continue;
		own->prefetch.answered = own->prefetch.asked;
		if (imap_check_result(&own->talk, "the message", f) < 0)
			return -1;
		return c->is_missed ? 1 : is_gone(own, f);
	}
	return c->is_gone ? is_gone(own, f) : 0;
}

/* An unexpected response: usually a message that was requested. */
static int pass_late(struct imap *own, struct error *f)
{
	int64_t n = imap_literal(&own->talk);

	if (n >= 0 && imap_fetch(own->talk.conn->line.data) &&
	    (uint64_t)n <= remote_message_max(own->largest) &&
	    (drop(own, (uint64_t)n, f) < 0 ||
	     conn_read_line(own->talk.conn, f) < 0))
		return -1;
	return imap_skip_rest(&own->talk, f);
}

/* Drops replies that are no longer wanted, and reads the remaining responses of
 * the others. */
static int land(struct imap *own, struct error *f)
{
	own->prefetch.answered = own->prefetch.asked;
	while (own->open_tags) {
		unsigned done = 0;
		int kind = imap_any(&own->talk, &done, f);

		if (kind < 0)
			return -1;
		if (kind == IMAP_DONE)
			own->open_tags--;
		else if (pass_late(own, f) < 0)
			return -1;
	}
	return 0;
}

/* The server replies in its own order, which is that of the numbers. */
static bool is_rising(const struct prefetch *a, size_t last)
{
	return a->asked < a->count && a->list[a->asked] > last;
}

/* Requests everything that may be requested now, in one command: a server may
 * answer several commands out of order (RFC 3501 5.5), and Dovecot does. */
static int ask(struct imap *own, struct error *f)
{
	size_t window = own->is_unordered ? 1 : IMAP_WINDOW, number = 0;
	struct buf text;
	int r;

	buf_init(&text, (size_t)IMAP_WINDOW * 24 + 64);
	buf_puts(&text, "UID FETCH ");
	for (bool is_first = true; is_rising(&own->prefetch, number);
	     is_first = false) {
		number = prefetch_take(&own->prefetch, window);
		if (!number)
			break;
		buf_printf(&text, "%s%" PRIu64, is_first ? "" : ",",
			   own->uids[number - 1]);
	}
	buf_printf(&text, " (UID BODY.PEEK[%s])",
		   own->prefetch.lines < 0 ? "" : "HEADER");
	own->open_tags++;
	own->dropped = 0;
	r = imap_send(&own->talk, text.data, NULL, f);
	buf_free(&text);
	return r;
}

static int get(struct mailbox *m, size_t number, int lines, struct sink *to,
	       struct error *f)
{
	struct imap *own = m->own;
	struct content c = {
		.uid = own->uids[number - 1],
		.announced = m->messages[number - 1].size,
		.to = to,
	};
	int r;

	/* again at most once: if requested alone, it is accepted in any
	 * position */
	do {
		if (!prefetch_is_next(&own->prefetch, m, number, lines)) {
			if (land(own, f) < 0)
				return -1;
			prefetch_begin(&own->prefetch, m, number, lines);
			if (ask(own, f) < 0)
				return -1;
		}
		prefetch_answered(&own->prefetch);
		r = read_answer(own, &c, f);
	} while (r > 0);
	if (r < 0)
		return -1;
	return own->is_unordered ? land(own, f) : 0;
}

static int imap_read(struct mailbox *m, size_t number, struct sink *to,
		     struct error *f)
{
	return get(m, number, -1, to, f);
}

/* Header and some lines: fetches pieces of the message until there are
 * enough. */
static int imap_top(struct mailbox *m, size_t number, unsigned lines,
		    struct sink *to, struct error *f)
{
	struct imap *own = m->own;
	uint64_t announced = m->messages[number - 1].size;
	uint64_t uid = own->uids[number - 1], from = 0, octets = PIECE;
	char text[96];

	if (!lines)
		return get(m, number, 0, to, f);
	if (land(own, f) < 0)
		return -1;
	while (octets >= PIECE && !*m->enough) {
		struct content c = { .uid = uid,
				     .announced = announced,
				     .to = to };

		if (from > remote_message_max(announced))
			return remote_too_long(own->talk.conn, announced, f);
		snprintf(text, sizeof(text),
			 "UID FETCH %" PRIu64 " (UID BODY.PEEK[]<%" PRIu64
			 ".%d>)",
			 uid, from, PIECE);
		own->open_tags++;
		if (imap_send(&own->talk, text, NULL, f) < 0 ||
		    read_answer(own, &c, f) < 0)
			return -1;
		octets = c.octets;
		from += octets;
	}
	return 0;
}

static void imap_free(struct mailbox *m)
{
	struct imap *own = m->own;

	struct error ignored = ERROR_INIT;

	/* Waiting for pending replies could take long. */
	if (!prefetch_pending(&own->prefetch) && !own->talk.conn->is_broken &&
	    land(own, &ignored) == 0)
		imap_logout(&own->talk);
	imap_hang_up(&own->talk);
	buf_free(&own->name);
}

static int imap_commit(struct mailbox *m, struct error *f)
{
	struct imap *own = m->own;

	return land(own, f) < 0 ? -1 : imap_delete_marked(m, f);
}

static const struct mailbox_ops ops = {
	.read = imap_read,
	.top = imap_top,
	.commit = imap_commit,
	.free = imap_free,
	.is_remote = true,
};

static int open_and_list(struct mailbox *m, struct error *f)
{
	struct imap *own = m->own;
	struct listing l = { 0 };
	int r;

	if (imap_open_folder(own, "EXAMINE", f) < 0)
		return -1;
	own->validity = own->seen_validity;
	r = read_list(own, &l, f);
	if (r == 0)
		r = add_messages(m, &l, f);
	free(l.entries);
	return r;
}

int imap_open(struct mailbox *m, const struct mailbox_url *url,
	      const struct mailbox_login *login, struct error *f)
{
	struct imap *own = arena_alloc(m->arena, sizeof(*own));

	own->folder = url->folder ? url->folder : "INBOX";
	buf_init(&own->name, CONN_LINE_MAX / 4);
	if (imap_put_mutf7(&own->name, own->folder) < 0) {
		buf_free(&own->name);
		return error_set(f, ERROR_USAGE,
				 "the folder's name is not UTF-8, or too long");
	}
	if (imap_begin(&own->talk, m->arena, url, login, f) < 0) {
		buf_free(&own->name);
		return -1;
	}
	m->own = own;
	m->ops = &ops;
	return open_and_list(m, f);
}

int imap_sign_in(struct arena *a, const struct mailbox_url *url,
		 const struct mailbox_login *login, struct error *f)
{
	struct imap_talk talk;

	if (imap_begin(&talk, a, url, login, f) < 0)
		return -1;
	imap_logout(&talk);
	imap_hang_up(&talk);
	return 0;
}
