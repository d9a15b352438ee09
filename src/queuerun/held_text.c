/* held_text.c - for a small screen: the table first, then the newest mail of
 * each kind, since that one shows the current state.
 *
 * Foreign text is sanitized first, then cut to a length. */
#include "queuerun/held_digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"
#include "queuerun/notice_report.h"

#define SUBJECT_MAX	 200 /* octets of the digest's own */
#define SUBJECT_PART	 70  /* of a mail's, in there */
#define SUBJECT_LINE	 150 /* of a mail's, in the text */
#define KINDS_IN_SUBJECT 3
#define KINDS_SHOWN	 50
#define OTHERS_SHOWN	 5 /* older mails of a kind, with another subject */
#define HOUR		 3600
#define QUARTER		 900
#define ROOM		 4096

struct kind {
	const struct held_mail *first, *last;
	size_t count;
};

struct kinds {
	struct kind *items;
	size_t count, room;
};

/* ---- the kinds ---- */

/* The largest first; of the same size the earliest. */
static int by_count(const void *one, const void *other)
{
	const struct kind *x = one, *y = other;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static struct kind *find_kind(const struct kinds *k, const char *key)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->items[i].first->key, key) == 0)
			return &k->items[i];
	return NULL;
}

static void find_kinds(struct kinds *k, const struct held_digest *d)
{
	*k = (struct kinds){ 0 };
	for (size_t i = 0; i < d->count; i++) {
		const struct held_mail *m = &d->mails[i];
		struct kind *kind = find_kind(k, m->key);

		if (!kind) {
			k->items = memory_grow(k->items, k->count, &k->room,
					       sizeof(*k->items));
			kind = &k->items[k->count++];
			*kind = (struct kind){ .first = m };
		}
		kind->last = m;
		kind->count++;
	}
	if (k->count)
		qsort(k->items, k->count, sizeof(*k->items), by_count);
}

/* ---- words ---- */

static void put_subject(struct buf *out, const struct held_mail *m, size_t max)
{
	if (*m->subject)
		notice_text_put(out, m->subject, false, max);
	else
		buf_puts(out, "(no subject)");
}

void held_text_subject(const struct held_digest *d, struct buf *out)
{
	int64_t span = sysenv_now() - d->mails[0].arrived;
	struct kinds k;

	find_kinds(&k, d);
	buf_printf(out, "%zu mails in ", d->count);
	if (span < HOUR + QUARTER) {
		buf_puts(out, "the past hour");
	} else {
		buf_puts(out, "the past ");
		text_put_span(out, span);
	}
	for (size_t i = 0; i < k.count; i++) {
		if (i == KINDS_IN_SUBJECT || out->len > SUBJECT_MAX) {
			buf_puts(out, ", ...");
			break;
		}
		buf_puts(out, i ? ", " : ": ");
		put_subject(out, k.items[i].last, SUBJECT_PART);
		if (k.items[i].count > 1)
			buf_printf(out, " (%zu)", k.items[i].count);
	}
	free(k.items);
}

struct words {
	const struct held_digest *digest;
	struct sink *to;
	struct buf line;
	int clock; /* columns of a time */
};

static void put_paragraph(struct words *w)
{
	notice_text_wrap(w->to, 0, w->line.data);
	buf_reset(&w->line);
	sink_puts(w->to, "\r\n");
}

static void put_line(struct words *w)
{
	sink_printf(w->to, "%.2000s\r\n", w->line.data);
	buf_reset(&w->line);
}

static void add_clock(struct words *w, int64_t when)
{
	char text[DATE_SIZE];

	date_format_short(text, when);
	buf_printf(&w->line, "%*s", w->clock, text);
}

/* Of today all are "14:05", else some are longer. */
static int clock_width(const struct held_digest *d)
{
	int width = 0;

	for (size_t i = 0; i < d->count; i++) {
		char text[DATE_SIZE];

		date_format_short(text, d->mails[i].arrived);
		if ((int)strlen(text) > width)
			width = (int)strlen(text);
	}
	return width;
}

static void put_heading(struct words *w)
{
	const struct held_digest *d = w->digest;
	char first[DATE_SIZE], last[DATE_SIZE], until[DATE_SIZE];

	date_format_short(first, d->mails[0].arrived);
	date_format_short(last, d->mails[d->count - 1].arrived);
	sink_printf(w->to, "%zu mails, from %s to %s.\r\n", d->count, first,
		    last);
	sink_puts(w->to, "Each is attached as it was sent.\r\n");
	if (d->more) {
		date_format_short(until, d->more_until);
		sink_printf(w->to, "%zu more are held until %s.\r\n", d->more,
			    until);
	}
	sink_puts(w->to, "\r\n");
}

/* What most readers need only once. */
static void put_reason(struct words *w)
{
	const struct account *account = w->digest->account;

	buf_puts(&w->line, "They were held by mailsend on ");
	notice_text_put(&w->line, sysenv_host(), false, SUBJECT_LINE);
	buf_putc(&w->line, '.');
	if (account->limit_same || account->limit_hour)
		buf_puts(&w->line, " The account sends at most ");
	if (account->limit_same) {
		buf_puts(&w->line, "one mail of a kind in ");
		text_put_span(&w->line, account->limit_same);
		buf_puts(&w->line, " (limit_same)");
	}
	if (account->limit_same && account->limit_hour)
		buf_puts(&w->line, ", and ");
	if (account->limit_hour)
		buf_printf(&w->line, "%d mail%s in an hour (limit_hour)",
			   account->limit_hour,
			   account->limit_hour == 1 ? "" : "s");
	if (account->limit_same || account->limit_hour)
		buf_putc(&w->line, '.');
	put_paragraph(w);
}

/* ---- the table ---- */

static void put_table(struct words *w, const struct kinds *k)
{
	sink_printf(w->to, "mails  %*s  %*s  subject\r\n", w->clock, "first",
		    w->clock, "last");
	for (size_t i = 0; i < k->count && i < KINDS_SHOWN; i++) {
		const struct kind *kind = &k->items[i];

		buf_printf(&w->line, "%5zu  ", kind->count);
		add_clock(w, kind->first->arrived);
		buf_puts(&w->line, "  ");
		add_clock(w, kind->last->arrived);
		buf_puts(&w->line, "  ");
		put_subject(&w->line, kind->last, SUBJECT_LINE);
		put_line(w);
	}
	if (k->count > KINDS_SHOWN)
		sink_printf(w->to, "and %zu more kinds\r\n",
			    k->count - KINDS_SHOWN);
	sink_puts(w->to, "\r\n");
}

/* ---- a kind ---- */

static void put_excerpt(struct words *w, const struct held_mail *m)
{
	for (const char *p = m->excerpt; *p;) {
		size_t n = strcspn(p, "\n");

		sink_puts(w->to, n ? "    " : "");
		sink_put(w->to, p, n);
		sink_puts(w->to, "\r\n");
		p += n + (p[n] == '\n');
	}
	sink_puts(w->to, "\r\n");
}

/* Different subjects are informative: "disk 91% full", "disk 93% full". */
static void put_others(struct words *w, const struct kind *kind)
{
	const char *before = kind->last->subject;
	size_t shown = 0, left = 0;

	for (const struct held_mail *m = kind->last; m-- > kind->first;) {
		if (strcmp(m->key, kind->last->key) != 0 ||
		    strcmp(m->subject, before) == 0)
			continue;
		before = m->subject;
		if (shown++ >= OTHERS_SHOWN) {
			left++;
			continue;
		}
		if (shown == 1)
			sink_puts(w->to, "Before:\r\n");
		buf_puts(&w->line, "    ");
		add_clock(w, m->arrived);
		buf_puts(&w->line, "  ");
		put_subject(&w->line, m, SUBJECT_LINE);
		put_line(w);
	}
	if (left)
		sink_printf(w->to, "    and %zu more\r\n", left);
	if (shown)
		sink_puts(w->to, "\r\n");
}

static void put_kind(struct words *w, const struct kind *kind)
{
	char when[DATE_SIZE];

	buf_puts(&w->line, "--- ");
	put_subject(&w->line, kind->last, SUBJECT_LINE);
	put_line(w);
	date_format_short(when, kind->last->arrived);
	if (kind->count > 1)
		buf_printf(&w->line, "The last of %zu, at ", kind->count);
	else
		buf_puts(&w->line, "At ");
	buf_printf(&w->line, "%s%s", when, *kind->last->excerpt ? ":" : ".");
	put_line(w);
	sink_puts(w->to, "\r\n");
	if (*kind->last->excerpt)
		put_excerpt(w, kind->last);
	put_others(w, kind);
}

int held_text_write(const struct held_digest *d, struct sink *to)
{
	struct words w = { .digest = d,
			   .to = to,
			   .line = BUF_INIT(ROOM),
			   .clock = clock_width(d) };
	struct kinds k;

	find_kinds(&k, d);
	put_heading(&w);
	put_table(&w, &k);
	for (size_t i = 0; i < k.count && i < KINDS_SHOWN; i++)
		put_kind(&w, &k.items[i]);
	put_reason(&w);
	free(k.items);
	buf_free(&w.line);
	return error_is_set(to->error) ? -1 : 0;
}
