/* imap_mark.c - deletes messages: SELECT, SEARCH, STORE, EXPUNGE.
 *
 *	fails at	state afterwards
 *	SELECT, SEARCH	unchanged
 *	STORE, EXPUNGE	flags are removed again, or, if that fails too, some
 *			are set; no message is gone */
#include "store/remote.h"

#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"

#define SET_MAX 900 /* octets of one set of UIDs (RFC 7162 asks for 8192) */

/* Appends a set such as "7,9:12,15" of the marked messages from *at on, as many
 * as fit. */
static void put_set(const struct mailbox *m, size_t *at, struct buf *out)
{
	const struct imap *own = m->own;
	size_t start = out->len;

	while (*at < m->count && out->len - start < SET_MAX) {
		size_t last = *at;

		if (!m->messages[*at].is_deleted) {
			++*at;
			continue;
		}
		/* between two neighbours of the list there may be new or hidden
		 * messages: only consecutive UIDs form a range */
		while (last + 1 < m->count &&
		       m->messages[last + 1].is_deleted &&
		       own->uids[last + 1] == own->uids[last] + 1)
			last++;
		buf_printf(out, "%s%" PRIu64, out->len > start ? "," : "",
			   own->uids[*at]);
		if (last > *at)
			buf_printf(out, ":%" PRIu64, own->uids[last]);
		*at = last + 1;
	}
}

/* One command for each set of marked messages. */
static int for_each_set(struct mailbox *m, const char *before,
			const char *behind, struct error *f)
{
	struct imap *own = m->own;
	int r = 0;

	for (size_t at = 0; r == 0 && at < m->count;) {
		struct buf text = BUF_INIT(4096);
		size_t head;

		buf_printf(&text, "%s ", before);
		head = text.len;
		put_set(m, &at, &text);
		if (text.len > head) {
			buf_puts(&text, behind);
			r = imap_send(&own->talk, text.data, NULL, f);
			if (r == 0)
				r = imap_finish(&own->talk, own->talk.tag,
						"to delete", f);
		}
		buf_free(&text);
	}
	return r;
}

static bool is_marked(const struct mailbox *m, uint64_t uid)
{
	const struct imap *own = m->own;
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (own->uids[middle] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && own->uids[low] == uid &&
	       m->messages[low].is_deleted;
}

/* Does a "* SEARCH 7 9" list a message that we must not delete? */
static bool names_others(const struct mailbox *m, const char *line)
{
	if (!ascii_begins(line, "* SEARCH"))
		return false;
	line += strlen("* SEARCH");
	while (*line == ' ') {
		size_t n = strspn(++line, "0123456789");
		uint64_t uid;

		if (imap_number(line, n, &uid) && !is_marked(m, uid))
			return true;
		line += n;
	}
	return false;
}

static int check_others(struct mailbox *m, struct error *f)
{
	struct imap *own = m->own;
	bool has_others = false;
	int kind;

	if (own->talk.has_uidplus)
		return 0;
	if (imap_send(&own->talk, "UID SEARCH DELETED", NULL, f) < 0)
		return -1;
	while ((kind = imap_next(&own->talk, own->talk.tag, "SEARCH", f)) > 0) {
		has_others |= names_others(m, own->talk.conn->line.data);
		if (imap_skip_rest(&own->talk, f) < 0)
			return -1;
	}
	if (kind < 0 || !has_others)
		return kind;
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s has no UIDPLUS, and messages in %s that another "
			 "client flagged would be deleted with ours; nothing "
			 "was deleted",
			 own->talk.conn->place, own->folder);
}

static int select_again(struct mailbox *m, struct error *f)
{
	struct imap *own = m->own;

	if (imap_request_capabilities(&own->talk, f) < 0 ||
	    imap_open_folder(own, "SELECT", f) < 0)
		return -1;
	if (ascii_begins(own->talk.conn->line.data +
				 strcspn(own->talk.conn->line.data, " "),
			 " OK [READ-ONLY]"))
		return error_set(f, ERROR_PERMISSION,
				 "%s does not allow deleting from %s",
				 own->talk.conn->place, own->folder);
	if (own->seen_validity != own->validity)
		return error_set(
			f, ERROR_TEMPORARY,
			"%s has renumbered %s; nothing was deleted, try again",
			own->talk.conn->place, own->folder);
	return check_others(m, f);
}

int imap_delete_marked(struct mailbox *m, struct error *f)
{
	struct imap *own = m->own;
	struct error ignored = ERROR_INIT;
	int r;

	if (select_again(m, f) < 0)
		return -1;
	r = for_each_set(m, "UID STORE", " +FLAGS.SILENT (\\Deleted)", f);
	if (r == 0 && own->talk.has_uidplus)
		r = for_each_set(m, "UID EXPUNGE", "", f);
	else if (r == 0)
		r = imap_send(&own->talk, "EXPUNGE", NULL, f) < 0
			    ? -1
			    : imap_finish(&own->talk, own->talk.tag,
					  "to delete", f);
	if (r == 0)
		return 0;
	if (!own->talk.conn->is_broken)
		for_each_set(m, "UID STORE", " -FLAGS.SILENT (\\Deleted)",
			     &ignored);
	return -1;
}
