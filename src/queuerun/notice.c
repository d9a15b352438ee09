/* notice.c - who is notified, when, and what becomes of the mails after that.
 *
 * A run looks at every entry once, without a lock, and remembers those that
 * have failed by sender and account; each group is then claimed and reported.
 * The oldest of a group is claimed first, and where another process has it the
 * group is skipped: so two runs at once do not both notify one sender.
 *
 *	1 the notice is put into the queue, durable, by a name that is made of
 *	  what it reports
 *	2 each mail: failed becomes reported; it is updated, given up or removed
 *	3 the sender's stamp
 *
 * Killed after 1, the next run makes a notice of the same name, which the queue
 * already has while it waits: no second one.  Killed in 2, between that and
 * the end, the next run completes it.  Killed after 2, the hour is not
 * observed. Nothing is lost at any step, as nothing is removed before 1.
 *
 *	of the mail's recipients		becomes
 *	a recipient waits			updated
 *	none waits, the content was returned	removed
 *	none waits, it was not returned	given up: kept in failed/
 *	failed ones did not want a notice	removed, when they were all
 *	null sender, or queue_notice is off	given up
 *
 * The entry records that the content was returned: another recipient may wait
 * longer (notice_needs_content). */
#include "queuerun/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/crash.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "flow/stage.h"
#include "queuerun/notice_report.h"
#include "queuerun/selection.h"
#include "store/maildir.h"

#define RECIPIENTS_MAX 20000 /* in one digest, but for its first mail */
#define DIGITS	       13    /* of 64 bits, in base 36 */
#define HASH_START     UINT64_C(14695981039346656037)

/* ---- names ---- */

/* FNV-1a: for names, not for security; senders with the same hash wait for each
 * other, nothing worse. */
static void mix(uint64_t *hash, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n--)
		*hash = (*hash ^ *p++) * UINT64_C(1099511628211);
}

static void put_hash(char out[DIGITS + 1], uint64_t hash)
{
	for (size_t i = 0; i < DIGITS; i++, hash /= 36)
		out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[hash % 36];
	out[DIGITS] = '\0';
}

static const char *stamp_name(struct arena *a, enum notice_kind kind,
			      const char *sender)
{
	uint64_t hash = HASH_START;
	char digits[DIGITS + 1];

	for (; *sender; sender++) {
		char c = ascii_lower(*sender);

		mix(&hash, &c, 1);
	}
	put_hash(digits, hash);
	return arena_format(a, "%s-%s",
			    kind == NOTICE_FAILED ? "notice" : "delay", digits);
}

/* A stamp in the future means that the clock was set back. */
static bool is_time(struct queue *q, const char *stamp)
{
	int64_t now = sysenv_now(), last = queue_stamp(q, stamp);

	return last <= 0 || last > now || now - last >= NOTICE_PERIOD;
}

static void set_stamp(struct queue *q, const char *stamp)
{
	struct error f = ERROR_INIT;

	if (queue_set_stamp(q, stamp, sysenv_now(), &f) < 0)
		log_warning("%s", f.text);
}

/* What is reported, and when it was tried: the same before and after a crash,
 * another for those who fail later. */
static const char *notice_id(const struct notice_report *r)
{
	const char *first = r->mails[0].entry->id;
	uint64_t hash = HASH_START;
	char digits[DIGITS + 1];

	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = r->mails[i].entry;

		mix(&hash, e->id, strlen(e->id) + 1);
		for (size_t j = 0; j < e->count; j++)
			if (notice_report_concerns(e, &e->recipients[j],
						   r->kind)) {
				mix(&hash, &j, sizeof(j));
				if (r->kind == NOTICE_FAILED)
					mix(&hash, &e->recipients[j].tried,
					    sizeof(int64_t));
			}
	}
	put_hash(digits, hash);
	return arena_format(r->arena, "%.*s-%c%.*s", QUEUE_ID_SIZE - 11, first,
			    r->kind == NOTICE_FAILED ? 'n' : 'd', 8, digits);
}

/* ---- into the queue ---- */

static int put_notice(struct queue *q, struct notice_report *r, struct stage *s,
		      struct error *f)
{
	const struct entry *about = r->mails[0].entry;
	struct entry_recipient to = {
		.address = about->reverse_path,
		.needs_smtputf8 = about->sender_needs_smtputf8,
		.reply = "",
		.host = "",
	};
	struct entry e = {
		.kind = r->kind == NOTICE_FAILED ? ENTRY_FAILURE_NOTICE
						 : ENTRY_DELAY_NOTICE,
		.arrived = sysenv_now(),
		.message_id = r->message_id,
		.has_8bit = r->has_8bit,
		.has_8bit_header = r->has_8bit_header,
		.account = selection_account_name(about, r->account),
		.config_path = about->config_path,
		.settings = about->settings,
		.syslog_tag = about->syslog_tag,
		.reverse_path = "",
		.dsn_notify = "never", /* RFC 3464 2 */
		.recipients = &to,
		.count = 1,
	};

	if (queue_put(q, s, &e, notice_id(r), f) < 0)
		return -1;
	crash_point("notice-put");
	return 0;
}

static int make_notice(struct queue *q, struct notice_report *r,
		       struct error *f)
{
	const char *folders[] = { queue_stage_folder(r->arena, q->folder),
				  NULL };
	struct stage s;
	int rc;

	r->folders = folders;
	stage_init(&s, folders, "a notice", f);
	rc = notice_report_write(r, &s.sink, f);
	if (rc == 0)
		rc = put_notice(q, r, &s, f);
	stage_free(&s);
	return rc;
}

/* ---- what becomes of a mail ---- */

static void mark_reported(struct entry *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == ENTRY_FAILED)
			e->recipients[i].state = ENTRY_REPORTED;
}

/* The sender knows of the failed recipients, or may not: the mail goes on
 * without them. */
static int finish_claim(struct queue_claim *c, struct error *f)
{
	mark_reported(&c->entry);
	if (entry_count(&c->entry, ENTRY_WAITING) > 0)
		return queue_update(c, f);
	return notice_needs_content(&c->entry) ? queue_give_up(c, f)
					       : queue_remove(c, f);
}

/* A mail of whose failure nobody is told. */
static int finish_without_notice(struct queue_claim *c, struct error *f)
{
	const struct entry *e = &c->entry;
	bool waits = entry_count(e, ENTRY_WAITING) > 0;
	const char *why = !*e->reverse_path ? "it has no sender"
			  : notice_report_count(e, NOTICE_FAILED) > 0
				  ? "notices are off"
				  : "its sender asked for no notice";
	size_t failed = entry_count(e, ENTRY_FAILED);

	if (finish_claim(c, f) < 0)
		return -1;
	log_warning("the mail %s of <%s> failed for %zu recipient%s, and no "
		    "bounce is sent: %s%s",
		    e->id, e->reverse_path, failed, failed == 1 ? "" : "s", why,
		    waits		      ? ""
		    : notice_needs_content(e) ? "; it stays in the queue (see "
						"mailq)"
					      : "; it is removed");
	return 0;
}

/* ---- a group: one sender, one account ---- */

struct failed {
	const char *id, *sender, *account, *config_path;
	size_t order;
};

struct group {
	struct queue *queue;
	struct arena *arena;
	const struct failed *items;
	size_t count;
	const char *stamp;
	const struct account *account;

	struct queue_claim claims[NOTICE_DIGEST_MAX];
	struct notice_mail mails[NOTICE_DIGEST_MAX];
	size_t claimed, recipients, seen;
};

/* As the scan does; the entry may have changed since. */
static bool is_reportable(const struct entry *e)
{
	return e->kind == ENTRY_MAIL && *e->reverse_path &&
	       notice_report_count(e, NOTICE_FAILED) > 0;
}

/* 1 when it is ours, 0 when not.  A bad entry is set aside and logged; the
 * others go on. */
static int claim(struct queue *q, struct arena *a, const char *id,
		 struct queue_claim *c, struct error *f)
{
	struct error each = ERROR_INIT;
	int r = queue_claim(q, a, QUEUE_WAITING, id, c, &each);

	if (r >= 0)
		return r;
	if (each.cause == ERROR_DATA) {
		log_warning("%s", each.text);
		return 0;
	}
	error_copy(f, &each);
	return -1;
}

static void claim_group(struct group *g, struct error *f)
{
	for (; g->seen < g->count && g->claimed < NOTICE_DIGEST_MAX &&
	       g->recipients < RECIPIENTS_MAX;
	     g->seen++) {
		struct queue_claim *c = &g->claims[g->claimed];
		int r = claim(g->queue, g->arena, g->items[g->seen].id, c, f);

		if (r == 0 && g->seen == 0)
			return; /* another run may be notifying the sender */
		if (r <= 0)
			continue;
		if (!is_reportable(&c->entry)) {
			queue_release(c);
			continue;
		}
		g->recipients += notice_report_count(&c->entry, NOTICE_FAILED);
		g->mails[g->claimed++] = (struct notice_mail){
			.entry = &c->entry,
			.message = c->message,
		};
	}
}

static int report_group(struct group *g, struct error *f)
{
	struct notice_report r = {
		.arena = g->arena,
		.kind = NOTICE_FAILED,
		.account = g->account,
		.mails = g->mails,
		.count = g->claimed,
		.more = g->count - g->seen,
	};

	if (make_notice(g->queue, &r, f) < 0)
		return -1;
	for (size_t i = 0; i < g->claimed; i++) {
		struct error each = ERROR_INIT;

		g->claims[i].entry.is_returned |= r.is_whole;
		if (finish_claim(&g->claims[i], &each) < 0)
			error_copy(f, &each);
	}
	crash_point("notice-told");
	set_stamp(g->queue, g->stamp);
	return 0;
}

static bool is_off(const struct account *account)
{
	return account->queue_notice && !strcmp(account->queue_notice, "off");
}

/* Makes one notice at most. */
static void run_group(struct group *g, unsigned *made, struct error *f)
{
	struct error each = ERROR_INIT;

	g->stamp = stamp_name(g->arena, NOTICE_FAILED, g->items[0].sender);
	if (!is_time(g->queue, g->stamp))
		return;
	claim_group(g, f);
	/* again, as it may have been set before we had the first claim */
	if (g->claimed && is_time(g->queue, g->stamp)) {
		*made += report_group(g, &each) == 0;
		error_copy(f, &each);
	}
	for (size_t i = 0; i < g->claimed; i++)
		queue_release(&g->claims[i]);
}

/* queue_notice is off. */
static void silence_group(struct group *g, struct error *f)
{
	for (size_t i = 0; i < g->count; i++) {
		struct arena scratch = ARENA_INIT;
		struct error each = ERROR_INIT;
		struct queue_claim c;

		if (claim(g->queue, &scratch, g->items[i].id, &c, &each) > 0) {
			if (is_reportable(&c.entry))
				finish_without_notice(&c, &each);
			queue_release(&c);
		}
		error_copy(f, &each);
		arena_free(&scratch);
	}
}

static void finish_group(struct queue *q, const struct failed *items,
			 size_t count, unsigned *made, struct error *f)
{
	struct arena arena = ARENA_INIT;
	struct group *g = arena_alloc(&arena, sizeof(*g));
	struct error gone = ERROR_INIT;
	struct entry first;

	*g = (struct group){
		.queue = q, .arena = &arena, .items = items, .count = count
	};
	if (queue_peek(q, &arena, QUEUE_WAITING, items[0].id, &first, &gone) >
	    0) {
		g->account = selection_account(&arena, &first);
		if (is_off(g->account))
			silence_group(g, f);
		else
			run_group(g, made, f);
	}
	arena_free(&arena);
}

/* ---- the scan ---- */

struct scan {
	struct queue *queue;
	struct arena arena; /* of the names */
	struct failed *items;
	size_t count, room;
};

static void remember(struct scan *s, const struct entry *e, const char *id)
{
	struct arena *a = &s->arena;

	s->items = memory_grow(s->items, s->count, &s->room, sizeof(*s->items));
	s->items[s->count] = (struct failed){
		.id = id,
		.sender = arena_dup(a, e->reverse_path),
		.account = e->account ? arena_dup(a, e->account) : "",
		.config_path =
			e->config_path ? arena_dup(a, e->config_path) : "",
		.order = s->count,
	};
	s->count++;
}

/* The sender was told, and the next step was interrupted. */
static bool is_at_its_end(const struct entry *e)
{
	return entry_count(e, ENTRY_REPORTED) > 0 &&
	       !entry_count(e, ENTRY_WAITING) && !entry_count(e, ENTRY_FAILED);
}

/* A failed mail that is not for a notice, or a notice that failed itself. */
static void finish_other(struct queue *q, struct arena *a, const char *id,
			 struct error *f)
{
	struct error each = ERROR_INIT;
	struct queue_claim c;
	const struct entry *e = &c.entry;

	if (claim(q, a, id, &c, f) <= 0)
		return;
	if (is_at_its_end(e))
		finish_claim(&c, &each);
	else if (entry_count(e, ENTRY_FAILED) == 0 || is_reportable(e))
		; /* it has changed since */
	else if (e->kind == ENTRY_MAIL)
		finish_without_notice(&c, &each);
	else if (entry_count(e, ENTRY_WAITING) == 0)
		notice_keep(&c, a, selection_account(a, e), &each);
	error_copy(f, &each);
	queue_release(&c);
}

static void look_at(struct scan *s, const char *id, struct error *f)
{
	struct arena scratch = ARENA_INIT;
	struct error unread = ERROR_INIT; /* reported when it is tried */
	struct entry e;

	if (queue_peek(s->queue, &scratch, QUEUE_WAITING, id, &e, &unread) >
		    0 &&
	    (entry_count(&e, ENTRY_FAILED) > 0 || is_at_its_end(&e))) {
		if (is_reportable(&e))
			remember(s, &e, id);
		else
			finish_other(s->queue, &scratch, id, f);
	}
	arena_free(&scratch);
}

static int compare_groups(const struct failed *one, const struct failed *other)
{
	int r = strcmp(one->sender, other->sender);

	if (!r)
		r = strcmp(one->account, other->account);
	return r ? r : strcmp(one->config_path, other->config_path);
}

static int compare(const void *one, const void *other)
{
	const struct failed *x = one, *y = other;
	int r = compare_groups(x, y);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static void finish_groups(struct scan *s, unsigned *made, struct error *f)
{
	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), compare);
	for (size_t i = 0, n; i < s->count; i += n) {
		for (n = 1; i + n < s->count &&
			    !compare_groups(&s->items[i], &s->items[i + n]);)
			n++;
		finish_group(s->queue, s->items + i, n, made, f);
	}
}

int notice_failures(struct queue *q, struct arena *a, unsigned *made,
		    struct error *f)
{
	struct scan s = { .queue = q, .arena = ARENA_INIT };
	struct queue_names names;
	struct error first = ERROR_INIT;

	(void)a; /* each group has its own arena */
	*made = 0;
	if (queue_list(q, &s.arena, QUEUE_WAITING, &names, &first) == 0) {
		for (size_t i = 0; i < names.count; i++)
			look_at(&s, names.ids[i], &first);
		finish_groups(&s, made, &first);
	}
	free(s.items);
	arena_free(&s.arena);
	error_copy(f, &first);
	return error_is_set(&first) ? -1 : 0;
}

/* ---- a delay ---- */

int notice_delay(struct queue_claim *c, struct arena *a,
		 const struct account *account, struct error *f)
{
	struct entry *e = &c->entry;
	struct notice_mail mail = { .entry = e, .message = c->message };
	struct notice_report r = { .arena = a,
				   .kind = NOTICE_DELAYED,
				   .account = account,
				   .mails = &mail,
				   .count = 1 };
	bool may = e->kind == ENTRY_MAIL && *e->reverse_path &&
		   !is_off(account) &&
		   notice_report_count(e, NOTICE_DELAYED) > 0;
	const char *stamp = stamp_name(a, NOTICE_DELAYED, e->reverse_path);

	if (e->is_warned || (may && !is_time(c->queue, stamp)))
		return 0;
	if (may && make_notice(c->queue, &r, f) < 0)
		return -1;
	e->is_warned = true;
	if (queue_update(c, f) < 0)
		return -1;
	crash_point("notice-told");
	if (may)
		set_stamp(c->queue, stamp);
	return 0;
}

/* ---- a notice that no server takes ---- */

/* Does NOTIFY exclude a notice for all that failed, now or before? */
static bool is_unwanted(const struct entry *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct entry_recipient *r = &e->recipients[i];

		if (r->state != ENTRY_SENT &&
		    notice_report_may(e, r, NOTICE_FAILED))
			return false;
	}
	return true;
}

bool notice_needs_content(const struct entry *e)
{
	if (entry_count(e, ENTRY_REPORTED) == 0)
		return false;
	if (e->kind != ENTRY_MAIL)
		return true;
	return !e->is_returned && (!*e->reverse_path || !is_unwanted(e));
}

static int deliver(struct queue_claim *c, struct arena *a,
		   const struct account *account, const char **path,
		   struct error *f)
{
	const struct entry *e = &c->entry;
	const char *folder = account ? account->maildir : NULL;

	if (!folder && !sysenv_home())
		return error_set(f, ERROR_CONFIG,
				 "there is no home directory for a Maildir; "
				 "set one with the setting maildir");
	if (!folder)
		folder = disk_expand_home(a, "~/Maildir");
	return maildir_deliver(a, folder, e->reverse_path,
			       e->count ? e->recipients[0].address : "",
			       &c->message, path, f);
}

/* As in failed/: no more notices. */
static int give_up(struct queue_claim *c, struct error *f)
{
	struct entry *e = &c->entry;

	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state != ENTRY_SENT)
			e->recipients[i].state = ENTRY_REPORTED;
	return queue_give_up(c, f);
}

int notice_keep(struct queue_claim *c, struct arena *a,
		const struct account *account, struct error *f)
{
	struct error trouble = ERROR_INIT;
	const char *path = "";

	if (deliver(c, a, account, &path, &trouble) == 0) {
		log_warning(
			"the notice %s cannot be sent; it was delivered to %s",
			c->entry.id, path);
		return queue_remove(c, f);
	}
	log_error("the notice %s can neither be sent nor put "
		  "into a Maildir (%s); it stays in the queue, "
		  "see mailq",
		  c->entry.id, trouble.text);
	return give_up(c, f);
}
