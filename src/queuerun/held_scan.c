/* held_scan.c - reads each entry; a group is identified by a text of all that
 * its mails must have in common. */
#include "queuerun/held_scan.h"

#include <stdlib.h>
#include <string.h>

#define KEY_ROOM (32 * 1024 * 1024)

static void put_part(struct buf *key, const char *text)
{
	buf_printf(key, "%s%s\1", text ? "=" : "-", text ? text : "");
}

static int by_address(const void *one, const void *other)
{
	const struct entry_recipient *const *x = one, *const *y = other;

	return strcmp((*x)->address, (*y)->address);
}

/* The account, the sender, the recipients, and the DSN options. */
static const char *group_of(struct arena *a, const struct entry *e)
{
	struct buf key = BUF_INIT(KEY_ROOM);
	const struct entry_recipient **to =
		arena_array(a, e->count + 1, sizeof(struct entry_recipient *));
	const char *text;

	put_part(&key, e->config_path);
	put_part(&key, e->account);
	put_part(&key, e->owner);
	for (const struct entry_setting *o = e->settings; o; o = o->next) {
		put_part(&key, o->name);
		put_part(&key, o->value);
	}
	put_part(&key, "\2");
	put_part(&key, e->reverse_path);
	put_part(&key, e->dsn_notify);
	put_part(&key, e->dsn_ret);
	for (size_t i = 0; i < e->count; i++)
		to[i] = &e->recipients[i];
	qsort(to, e->count, sizeof(const struct entry_recipient *), by_address);
	for (size_t i = 0; i < e->count; i++) {
		put_part(&key, to[i]->address);
		put_part(&key, to[i]->dsn_notify);
	}
	text = arena_dup(a, key.data);
	buf_free(&key);
	return text;
}

/* A mail from the future means that the clock was set back. */
static bool is_due(const struct entry *e, int64_t now)
{
	return now >= e->limit_until || now < e->arrived;
}

static void remember(struct held_scan *s, const struct entry *e)
{
	bool is_alone = e->limit_set || e->size > HELD_EACH_MAX ||
			entry_count(e, ENTRY_WAITING) != e->count;
	struct held *h;

	s->items = memory_grow(s->items, s->count, &s->room, sizeof(*s->items));
	h = &s->items[s->count];
	*h = (struct held){
		.id = arena_dup(&s->arena, e->id),
		.arrived = e->arrived,
		.until = e->limit_until,
		.size = e->size,
		.is_due = is_due(e, s->now),
		.order = s->count++,
	};
	if (is_alone)
		h->set = arena_dup(&s->arena,
				   e->limit_set ? e->limit_set : e->id);
	else
		h->group = group_of(&s->arena, e);
}

static void look_at(struct held_scan *s, const char *id)
{
	struct arena a = ARENA_INIT;
	struct error unread = ERROR_INIT; /* reported when it is tried */
	struct entry e;

	if (queue_peek(s->queue, &a, QUEUE_WAITING, id, &e, &unread) > 0) {
		if (e.members) {
			s->pending =
				arena_grow(&s->arena, s->pending,
					   s->pending_count, &s->pending_room,
					   sizeof(*s->pending));
			s->pending[s->pending_count++] =
				arena_dup(&s->arena, id);
		} else if (e.limit_by && !e.is_held) {
			remember(s, &e);
		}
	}
	arena_free(&a);
}

static int compare_groups(const struct held *x, const struct held *y)
{
	if (!x->set != !y->set)
		return x->set ? -1 : 1;
	return x->set ? strcmp(x->set, y->set) : strcmp(x->group, y->group);
}

/* Sets before digests, since digests count for the limit that sets ask; in a
 * group the oldest first. */
static int compare(const void *one, const void *other)
{
	const struct held *x = one, *y = other;
	int r = compare_groups(x, y);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

int held_scan_look(struct held_scan *s, struct queue *q, int64_t now,
		   struct error *f)
{
	struct queue_names names;

	*s = (struct held_scan){ .queue = q, .now = now };
	if (queue_list(q, &s->arena, QUEUE_WAITING, &names, f) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		look_at(s, names.ids[i]);
	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), compare);
	return 0;
}

void held_scan_free(struct held_scan *s)
{
	free(s->items);
	arena_free(&s->arena);
}

bool held_scan_has_work(const struct held_scan *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].is_due)
			return true;
	return s->pending_count > 0;
}

size_t held_scan_group(const struct held_scan *s, size_t at, bool *is_due)
{
	size_t n = 0;

	*is_due = false;
	for (; at + n < s->count &&
	       !compare_groups(&s->items[at], &s->items[at + n]);
	     n++)
		*is_due = *is_due || s->items[at + n].is_due;
	return n;
}
