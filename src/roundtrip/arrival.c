/* arrival.c - a mailbox is opened again for each poll: POP3 only shows new mail
 * in a new session, and no connection is kept open while waiting. */
#include "roundtrip/roundtrip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/disk.h"
#include "base/text.h"
#include "mail/rawfield.h"
#include "store/mailbox.h"

/* ---- known ids ---- */

static bool is_known(const struct arrival *w, const char *id, size_t sorted)
{
	return sorted &&
	       bsearch(&id, w->ids, sorted, sizeof(*w->ids), text_compare);
}

static void know(struct arrival *w, const char *id)
{
	w->ids = arena_grow(&w->arena, w->ids, w->count, &w->room,
			    sizeof(*w->ids));
	w->ids[w->count++] = arena_dup(&w->arena, id);
}

static void sort(struct arrival *w)
{
	if (w->count)
		qsort(w->ids, w->count, sizeof(*w->ids), text_compare);
}

/* ---- before sending ---- */

static bool is_not_there(const char *source)
{
	struct stat st;

	return !mailbox_is_url(source) && stat(source, &st) < 0 &&
	       errno == ENOENT;
}

/* A delivery creates a mailbox, but not its parent directories: without them,
 * the name is probably mistyped, or of a kind that we do not know. */
static int may_come(struct arena *a, const char *source, struct error *f)
{
	size_t n = strlen(source);
	struct stat st;
	int found;

	while (n && source[n - 1] == '/')
		n--;
	while (n && source[n - 1] != '/')
		n--;
	found = n ? disk_stat(arena_dup_n(a, source, n), &st, f) : 1;
	if (found)
		return found < 0 ? -1 : 0;
	return error_set(f, ERROR_NOINPUT,
			 "there is no mailbox %s, and no directory that it "
			 "could be created in",
			 source);
}

static int know_all(struct arrival *w, struct mailbox *m, struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		const char *id = mailbox_id(m, i, f);

		if (!id)
			return -1;
		know(w, id);
	}
	sort(w);
	return 0;
}

int arrival_begin(struct arrival *w,
		  const struct account_mailbox_options *options,
		  bool *is_missing, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct mailbox m;
	int r;

	*w = (struct arrival){ .arena = ARENA_INIT, .options = *options };
	w->options.memory = &w->memory;
	buf_init(&w->header, ARRIVAL_HEADER_MAX);
	if (!strcmp(options->source, "-"))
		return error_set(f, ERROR_USAGE,
				 "standard input is not a mailbox that a mail "
				 "could arrive in");
	*is_missing = is_not_there(options->source);
	if (*is_missing)
		return may_come(&w->arena, options->source, f);
	r = account_mailbox_open(&m, &a, &w->options, f);
	if (r == 0) {
		r = know_all(w, &m, f);
		mailbox_abandon(&m);
	}
	arena_free(&a);
	return r;
}

/* ---- polling ---- */

static bool has_mark(const struct buf *header, const char *field,
		     const char *value)
{
	const char *p = header->data;
	size_t n = header->len;
	struct rawfield r;

	for (; rawfield_read(p, n, &r); p += r.length, n -= r.length) {
		struct arena a = ARENA_INIT;
		bool is_it = rawfield_is(&r, field) && r.length < 1000 &&
			     !strcmp(rawfield_text(&a, &r), value);

		arena_free(&a);
		if (is_it)
			return true;
	}
	return false;
}

/* The number of the mail, 0 if it is not among the new ones; -1. */
static long find(struct arrival *w, struct mailbox *m, const char *field,
		 const char *value, struct error *f)
{
	size_t sorted = w->count;
	struct sink_start header;
	long found = 0;

	sink_start_init(&header, &w->header, f);
	/* the newest first: most mailboxes append */
	for (size_t i = m->count; i >= 1 && found == 0; i--) {
		const char *id = mailbox_id(m, i, f);

		if (!id)
			return -1;
		if (is_known(w, id, sorted))
			continue;
		buf_reset(&w->header);
		if (mailbox_top(m, i, 0, &header.sink, f) < 0)
			return -1;
		know(w, id);
		if (has_mark(&w->header, field, value))
			found = (long)i;
	}
	sort(w);
	return found;
}

static void take_away(struct mailbox *m, size_t number, struct error *f)
{
	if (mailbox_delete(m, number, f) < 0)
		mailbox_abandon(m);
	else
		mailbox_close(m, f);
}

int arrival_look(struct arrival *w, const char *field, const char *value,
		 bool deletes, struct error *not_deleted, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct mailbox m;
	long found = 0;

	if (is_not_there(w->options.source))
		return 0;
	if (account_mailbox_open(&m, &a, &w->options, f) < 0) {
		arena_free(&a);
		return -1;
	}
	found = find(w, &m, field, value, f);
	if (found > 0 && deletes)
		take_away(&m, (size_t)found, not_deleted);
	else
		mailbox_abandon(&m);
	arena_free(&a);
	return found > 0 ? 1 : (int)found;
}

void arrival_end(struct arrival *w)
{
	account_mailbox_forget(&w->memory);
	buf_free(&w->header);
	arena_free(&w->arena);
}
