/* held.c - which of the held mails are sent now, and how.
 *
 * All of it is done under one lock, which mailq also takes when it changes a
 * held mail: a mail is in a digest, or it is released, or it is deleted.
 *
 *	1 the digest is put into the queue; its entry names its members, and
 *	  while it does, the digest is not sent
 *	2 each member is removed from the queue
 *	3 the digest's entry is changed: it names no members any more
 *	4 the digest is counted as a sent mail of these kinds (queue_limit.h)
 *
 * If we are killed before 1 is done, nothing has changed; after it, the next
 * run finds a digest with members and continues with 2: no mail is lost or sent
 * twice; after 3, the hour counts from the previous digest. */
#include "queuerun/held.h"

#include <string.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "queue/queue_limit.h"
#include "queuerun/held_digest.h"
#include "queuerun/held_scan.h"
#include "queuerun/selection.h"

#define STARVED 86400 /* seconds */

struct job {
	struct queue *queue;
	int64_t now;
	struct held_scan scan;
	bool has_freed;	     /* an old set, whatever the limit says */
	struct arena *arena; /* of the ids that are told */
	struct flush_words *made;
};

static void add_made(struct job *s, const char *id)
{
	struct flush_words *m = s->made;

	m->words = arena_grow(s->arena, m->words, m->count, &m->room,
			      sizeof(*m->words));
	m->words[m->count++] = arena_dup(s->arena, id);
}

/* ---- a digest that was put in ---- */

static int remove_member(struct queue *q, struct arena *a, const char *id,
			 struct error *f)
{
	struct queue_claim c;
	struct entry e;
	int r = queue_claim(q, a, QUEUE_WAITING, id, &c, f);

	if (r > 0) {
		r = queue_remove(&c, f);
		queue_release(&c);
	} else if (r == 0 && queue_peek(q, a, QUEUE_WAITING, id, &e, f) > 0) {
		r = error_set(f, ERROR_TEMPORARY,
			      "another process has locked the mail %s", id);
	}
	return r < 0 ? -1 : 0;
}

static int remove_members(struct queue *q, const char *members, struct error *f)
{
	const char *p = members;

	while (*p) {
		struct arena a = ARENA_INIT;
		size_t n = strcspn(p, " ");
		int r = remove_member(q, &a, arena_dup_n(&a, p, n), f);

		arena_free(&a);
		if (r < 0)
			return -1;
		crash_point("digest-member-removed");
		p += n + strspn(p + n, " ");
	}
	return 0;
}

/* Steps 2 and 3. */
static int finish_digest(struct job *s, const char *id, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue_claim c;
	int r = queue_claim(s->queue, &a, QUEUE_WAITING, id, &c, f);

	if (r > 0) {
		r = c.entry.members
			    ? remove_members(s->queue, c.entry.members, f)
			    : 0;
		c.entry.members = NULL;
		if (r == 0)
			r = queue_update(&c, f);
		crash_point("digest-released");
		if (r == 0)
			add_made(s, id);
		queue_release(&c);
	}
	arena_free(&a);
	return r < 0 ? -1 : 0;
}

/* ---- a digest is made ---- */

struct group {
	struct job *job;
	struct arena arena;
	struct held *items; /* oldest first */
	size_t count, at;
	const struct account *account;
	struct entry like; /* the first that could be read */
	bool has_like;
	char (*keys)[QUEUE_LIMIT_KEY]; /* the kinds in the digest */
	size_t key_count, key_room;
};

static struct queue_limit rule_of(const struct group *g)
{
	return (struct queue_limit){ .account = g->account->name,
				     .owner = g->like.owner,
				     .same = g->account->limit_same,
				     .hour = g->account->limit_hour };
}

static void add_key(struct group *g, const char *key)
{
	for (size_t i = g->key_count; i-- > 0;)
		if (strcmp(g->keys[i], key) == 0)
			return;
	g->keys = arena_grow(&g->arena, g->keys, g->key_count, &g->key_room,
			     sizeof(*g->keys));
	memcpy(g->keys[g->key_count++], key, QUEUE_LIMIT_KEY);
}

/* 1; 0 when it is not held any more. */
static int claim_held(struct job *s, struct arena *a, const char *id,
		      struct queue_claim *c, struct error *f)
{
	int r = queue_claim(s->queue, a, QUEUE_WAITING, id, c, f);

	if (r > 0 && (!c->entry.limit_by || c->entry.is_held)) {
		queue_release(c);
		return 0;
	}
	return r;
}

static void set_like(struct group *g, const char *id)
{
	struct error unread = ERROR_INIT;

	if (g->has_like || queue_peek(g->job->queue, &g->arena, QUEUE_WAITING,
				      id, &g->like, &unread) <= 0)
		return;
	g->has_like = true;
	g->account = selection_account(&g->arena, &g->like);
}

/* As many as fit, from g->at on. */
static int read_mails(struct group *g, struct held_digest *d,
		      struct buf *members, struct error *f)
{
	uint64_t octets = 0;

	for (; g->at < g->count && d->count < HELD_MAILS_MAX; g->at++) {
		const struct held *h = &g->items[g->at];
		struct arena a = ARENA_INIT;
		struct queue_claim c;
		int r;

		if (octets && octets + h->size > HELD_OCTETS_MAX) {
			arena_free(&a);
			break;
		}
		r = claim_held(g->job, &a, h->id, &c, f);
		if (r > 0) {
			r = held_digest_read(d, &c.entry, &c.message, f);
			octets += c.message.length;
			buf_printf(members, "%s%s", members->len ? " " : "",
				   h->id);
			queue_release(&c);
		}
		arena_free(&a);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int put_digest(struct group *g, const struct held_digest *d,
		      struct stage *message, const char *members,
		      const char **id, struct error *f)
{
	const struct entry *like = &g->like;
	struct entry e = {
		.kind = ENTRY_MAIL,
		.arrived = g->job->now,
		.message_id = d->message_id,
		.has_8bit_header = d->has_8bit_header,
		.account = selection_account_name(like, g->account),
		.config_path = like->config_path,
		.settings = like->settings,
		.syslog_tag = like->syslog_tag,
		.owner = like->owner,
		.members = members,
		.reverse_path = like->reverse_path,
		.sender_needs_smtputf8 = like->sender_needs_smtputf8,
		.dsn_notify = like->dsn_notify,
		.dsn_ret = like->dsn_ret,
		.count = like->count,
	};

	e.recipients = arena_array(&g->arena, e.count, sizeof(*e.recipients));
	for (size_t i = 0; i < e.count; i++)
		e.recipients[i] = (struct entry_recipient){
			.address = like->recipients[i].address,
			.needs_smtputf8 = like->recipients[i].needs_smtputf8,
			.dsn_notify = like->recipients[i].dsn_notify,
			.reply = "",
			.host = "",
		};
	if (queue_put(g->job->queue, message, &e, NULL, f) < 0)
		return -1;
	crash_point("digest-put");
	*id = e.id;
	return 0;
}

static int write_digest(struct group *g, struct held_digest *d,
			const char *members, struct error *f)
{
	struct stage message;
	const char *id = NULL;
	int r;

	stage_init(&message, d->folders, "a digest", f);
	r = held_digest_write(d, &message.sink, f);
	if (r == 0)
		r = put_digest(g, d, &message, members, &id, f);
	stage_free(&message);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < d->count; i++)
		add_key(g, d->mails[i].key);
	return finish_digest(g->job, id, f);
}

/* Steps 1 to 3, for as many as fit into one. */
static int make_digest(struct group *g, struct error *f)
{
	const char *folders[SYSENV_SPARE + 2] = {
		queue_stage_folder(&g->arena, g->job->queue->folder)
	};
	struct held_digest d = {
		.arena = &g->arena,
		.folders = folders,
		.account = g->account,
		.like = &g->like,
	};
	struct buf members = BUF_INIT(HELD_MAILS_MAX * QUEUE_ID_SIZE);
	int r;

	for (size_t i = 0; sysenv_spare()[i]; i++)
		folders[i + 1] = sysenv_spare()[i];
	held_digest_init(&d, f);
	r = read_mails(g, &d, &members, f);
	d.more = g->count - g->at;
	d.more_until = g->job->now + QUEUE_LIMIT_HOUR;
	if (r == 0 && d.count)
		r = write_digest(g, &d, members.data, f);
	held_digest_free(&d);
	buf_free(&members);
	return r;
}

/* ---- a mail by itself ---- */

/* Until `until`; 0: it is released. */
static int set_until(struct job *s, struct held *h, int64_t until,
		     struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue_claim c;
	int r = claim_held(s, &a, h->id, &c, f);

	h->is_left = until != 0;
	h->until = until;
	if (r > 0) {
		c.entry.limit_until = until;
		if (!until)
			c.entry.limit_by = c.entry.limit_set = NULL;
		r = queue_update(&c, f);
		queue_release(&c);
		crash_point("digest-released");
		if (r == 0 && !until)
			add_made(s, h->id);
	}
	arena_free(&a);
	return r < 0 ? -1 : 0;
}

static int key_of(struct job *s, struct arena *a, const char *id, char *key,
		  struct error *f)
{
	struct queue_claim c;
	int r = claim_held(s, a, id, &c, f);

	if (r > 0) {
		r = held_digest_key(key, a, &c.entry, &c.message, f);
		queue_release(&c);
		return r < 0 ? -1 : 1;
	}
	return r;
}

static int release_one(struct group *g, struct error *f)
{
	struct arena a = ARENA_INIT;
	char key[QUEUE_LIMIT_KEY];
	int r = key_of(g->job, &a, g->items->id, key, f);

	arena_free(&a);
	if (r <= 0)
		return r;
	add_key(g, key);
	return set_until(g->job, g->items, 0, f);
}

/* ---- groups and sets ---- */

static void count_sent(struct group *g, struct error *f)
{
	struct queue_limit rule = rule_of(g);
	const struct job *s = g->job;
	int64_t next = 0;

	for (size_t i = 0; i < s->scan.count; i++) {
		const struct held *h = &s->scan.items[i];

		if (h->is_left && (!next || h->until < next))
			next = h->until;
	}
	queue_limit_note(s->queue, &rule,
			 (const char(*)[QUEUE_LIMIT_KEY])g->keys, g->key_count,
			 s->now, next, f);
	crash_point("digest-noted");
}

static int hold_rest(struct group *g, struct error *f)
{
	for (; g->at < g->count; g->at++)
		if (set_until(g->job, &g->items[g->at],
			      g->job->now + QUEUE_LIMIT_HOUR, f) < 0)
			return -1;
	return 0;
}

static void run_group(struct job *s, struct held *items, size_t count,
		      struct error *f)
{
	struct group g = {
		.job = s, .arena = ARENA_INIT, .items = items, .count = count
	};
	struct error each = ERROR_INIT;
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		items[i].is_left = false;
		set_like(&g, items[i].id);
	}
	if (g.has_like && count == 1)
		r = release_one(&g, &each);
	else if (g.has_like)
		for (int n = 0; r == 0 && n < HELD_DIGESTS_MAX &&
				g.at < g.count && !interrupt_signal();
		     n++)
			r = make_digest(&g, &each);
	if (r == 0 && g.has_like && count > 1 && !interrupt_signal())
		hold_rest(&g, &each);
	if (g.has_like && g.key_count)
		count_sent(&g, &each);
	error_copy(f, &each);
	arena_free(&g.arena);
}

/* Others have come first for longer than a day. */
static bool is_starved(const struct job *s, const struct held *first)
{
	return s->now - first->arrived >= STARVED;
}

/* The answer of the limit, as for a new mail; without one it is sent. */
static struct queue_limit_answer ask_again(const struct group *g,
					   const char *key, struct error *f)
{
	struct queue_limit_answer answer = { .by = QUEUE_LIMIT_NONE };
	struct queue_limit rule = rule_of(g);

	if ((rule.same || rule.hour) &&
	    queue_limit_ask(g->job->queue, &rule, key, g->job->now, &answer,
			    f) < 0)
		answer.by = QUEUE_LIMIT_NONE;
	return answer;
}

/* Too large for a digest, or parts of one file. */
static void run_set(struct job *s, struct held *items, size_t count,
		    struct error *f)
{
	struct group g = { .job = s, .arena = ARENA_INIT };
	struct queue_limit_answer answer;
	struct error each = ERROR_INIT;
	char key[QUEUE_LIMIT_KEY];
	bool is_late;

	set_like(&g, items->id);
	if (g.has_like && key_of(s, &g.arena, items->id, key, &each) > 0) {
		answer = ask_again(&g, key, &each);
		is_late = answer.by && is_starved(s, items);
		if (is_late && s->has_freed)
			count = 0; /* due still, for the next run */
		s->has_freed = s->has_freed || is_late;
		for (size_t i = 0; i < count; i++)
			set_until(s, &items[i],
				  answer.by && !is_late ? answer.until : 0,
				  &each);
	}
	error_copy(f, &each);
	arena_free(&g.arena);
}

static void run_groups(struct job *s, struct error *f)
{
	struct held_scan *scan = &s->scan;
	bool is_due;

	for (size_t i = 0; i < scan->count; i++)
		scan->items[i].is_left = true;
	for (size_t i = 0, n; i < scan->count && !interrupt_signal(); i += n) {
		struct held *first = &scan->items[i];

		n = held_scan_group(scan, i, &is_due);
		if (is_due && first->set)
			run_set(s, first, n, f);
		else if (is_due)
			run_group(s, first, n, f);
	}
}

/* Step 2 of digests that were interrupted, before anything else is done with
 * their members. */
static int finish_pending(struct job *s, struct error *f)
{
	if (!s->scan.pending_count)
		return 0;
	for (size_t i = 0; i < s->scan.pending_count; i++)
		if (finish_digest(s, s->scan.pending[i], f) < 0)
			return -1;
	held_scan_free(&s->scan);
	return held_scan_look(&s->scan, s->queue, s->now, f);
}

/* Usually there is nothing, which needs no lock. */
static bool has_work(struct queue *q)
{
	struct error unread = ERROR_INIT;
	struct held_scan scan;
	bool has;

	held_scan_look(&scan, q, sysenv_now(), &unread);
	has = held_scan_has_work(&scan);
	held_scan_free(&scan);
	return has;
}

int held_run(struct queue *q, struct arena *a, struct flush_words *made,
	     struct error *f)
{
	struct job job = { .queue = q, .arena = a, .made = made };
	struct error why = ERROR_INIT, busy = ERROR_INIT;
	int lock;

	if (!has_work(q))
		return 0;
	lock = queue_limit_lock(q, "digest", 0, &busy);
	if (lock < 0 && busy.temporary)
		return 0;
	if (lock < 0)
		return error_set(f, busy.cause, "%s", busy.text);
	job.now = sysenv_now();
	if (held_scan_look(&job.scan, q, job.now, &why) == 0 &&
	    finish_pending(&job, &why) == 0)
		run_groups(&job, &why);
	held_scan_free(&job.scan);
	close(lock);
	return error_is_set(&why) ? error_set(f, why.cause, "%s", why.text) : 0;
}
