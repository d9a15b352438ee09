/* collect.c - see collect.h.
 *
 * For known sets, only the header of a mail on a server is fetched first: a
 * part that is in the store need not be transferred again. */
#include "join/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts/fragment.h"

#define HEAD_MAX 65536 /* octets of a header that is fetched alone */
#define SLOTS	 65536

/* One fragment of one mail. */
struct sighting {
	const struct collect_source *source;
	const char *key;
	const struct set *set; /* NULL: the mail has none, or must be kept */
	bool is_good;
	const char *also; /* other content of the mail; NULL: none */
	struct sighting *in_slot;
};

struct collect_source {
	const char *name;
	struct mailbox mailbox;
	struct arena arena; /* of the mailbox */
	bool is_open;
	bool is_read; /* in an earlier round, and cannot be read again */
	struct collect_source *next;
};

void collect_init(struct collect *c, struct arena *a, struct assembly *assembly)
{
	*c = (struct collect){ .arena = a, .assembly = assembly };
	c->last = &c->sources;
	c->slots = arena_array(a, SLOTS, sizeof(struct sighting *));
}

void collect_add(struct collect *c, const char *name)
{
	struct collect_source *s = arena_alloc(c->arena, sizeof(*s));

	s->name = name;
	*c->last = s;
	c->last = &s->next;
}

bool collect_can_repeat(const struct collect *c)
{
	for (const struct collect_source *s = c->sources; s; s = s->next)
		if (!s->is_read)
			return true;
	return false;
}

bool collect_is_remote(const struct collect *c)
{
	for (const struct collect_source *s = c->sources; s; s = s->next)
		if (mailbox_is_url(s->name))
			return true;
	return false;
}

/* ---- what was seen ---- */

static struct sighting **slot_of(struct collect *c, const char *key)
{
	size_t at = 5381;

	for (; *key; key++)
		at = at * 33 + (unsigned char)*key;
	return &c->slots[at % SLOTS];
}

static struct sighting *next_sighting(struct sighting *x,
				      const struct collect_source *source,
				      const char *key)
{
	while (x && (x->source != source || strcmp(x->key, key) != 0))
		x = x->in_slot;
	return x;
}

static void see(struct collect *c, const struct collect_source *source,
		const char *key, const struct set *set, bool is_good,
		const char *also)
{
	struct sighting **slot = slot_of(c, key);
	struct sighting *x = arena_alloc(c->arena, sizeof(*x));

	*x = (struct sighting){ .source = source,
				.key = arena_dup(c->arena, key),
				.set = set,
				.is_good = is_good,
				.also = also ? arena_dup(c->arena, also) : NULL,
				.in_slot = *slot };
	*slot = x;
}

/* Identifies a mail in the next round; without an id, by its number. */
static const char *key_of(struct collect *c, struct collect_source *s,
			  size_t number, struct error *f)
{
	if (c->is_repeated)
		return mailbox_id(&s->mailbox, number, f);
	return arena_format(&s->arena, "#%zu", number);
}

/* ---- one mail ---- */

static void note(struct collect *c, const struct collect_source *s,
		 size_t number, const char *text)
{
	struct arena a = ARENA_INIT;

	if (c->note)
		c->note(c->context,
			arena_format(&a, "mail %zu of %s: %s", number,
				     s->mailbox.name, text));
	arena_free(&a);
}

static int add_all(struct collect *c, struct collect_source *s, size_t number,
		   const char *key, const struct fragments *found,
		   struct error *f)
{
	if (error_is_set(&found->doubt))
		note(c, s, number, found->doubt.text);
	if (!found->first)
		see(c, s, key, NULL, false, NULL);
	for (const struct fragment *x = found->first; x; x = x->next) {
		enum verdict verdict;
		struct set *set;

		if (assembly_add(c->assembly, found, x, &verdict, &set, f) < 0)
			return -1;
		see(c, s, key, set,
		    verdict == VERDICT_ADDED || verdict == VERDICT_KNOWN,
		    found->also);
	}
	return 0;
}

/* A local one that cannot be read is kept and does not stop the others; any
 * other error (a server, a full disk) ends the round. */
static int note_unread(struct collect *c, struct collect_source *s,
		       size_t number, const char *key, const struct error *why,
		       struct error *f)
{
	const struct mailbox_message *one = &s->mailbox.messages[number - 1];

	if (!one->is_gone && !one->is_unreadable)
		return error_copy(f, why);
	see(c, s, key, NULL, false, NULL);
	if (one->is_gone)
		return 0; /* removed by another program */
	note(c, s, number, why->text);
	if (!c->unread++)
		c->first_unread = *why;
	return 0;
}

static int read_mail(struct collect *c, struct collect_source *s, size_t number,
		     const char *key, struct error *f)
{
	struct error trouble = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct fragments found;
	int r;

	fragments_init(&found, &a, c->assembly->spool, &trouble);
	r = mailbox_read(&s->mailbox, number, &found.sink, &trouble);
	c->messages++;
	if (r < 0)
		r = note_unread(c, s, number, key, &trouble, f);
	else if (sink_close(&found.sink) < 0)
		r = error_copy(f, &trouble);
	else
		r = add_all(c, s, number, key, &found, f);
	fragments_free(&found);
	arena_free(&a);
	return r;
}

/* ---- headers first ---- */

/* 1 when the mail need not be read. */
static int look_at_head(struct collect *c, struct collect_source *s,
			size_t number, const char *key, struct error *f)
{
	struct buf header = BUF_INIT(HEAD_MAX);
	struct sink_start h;
	struct fragment_label label;
	struct set *set;
	int r;

	sink_start_init(&h, &header, f);
	r = mailbox_top(&s->mailbox, number, 0, &h.sink, f);
	if (r == 0 &&
	    fragment_label_of_header(header.data, header.len, &label) &&
	    assembly_knows(c->assembly, &label, &set)) {
		see(c, s, key, set, true, NULL);
		c->messages++;
		r = 1;
	}
	buf_free(&header);
	return r;
}

static bool knows_slices(const struct assembly *a)
{
	for (const struct set *set = a->sets; set; set = set->next)
		if (set->about.kind == FRAGMENT_SLICE && set->count)
			return true;
	return false;
}

/* ---- one source ---- */

static void step(struct collect *c, const struct collect_source *s,
		 size_t number)
{
	if (c->step)
		c->step(c->context, s->mailbox.name, number, s->mailbox.count);
}

/* The numbers of the new ones, in `out`; -1 with the error. */
static int choose_new(struct collect *c, struct collect_source *s, size_t *out,
		      size_t *count, struct error *f)
{
	*count = 0;
	for (size_t n = 1; n <= s->mailbox.count; n++) {
		const char *key = key_of(c, s, n, f);

		if (!key)
			return -1;
		if (!c->is_repeated || !next_sighting(*slot_of(c, key), s, key))
			out[(*count)++] = n;
	}
	return 0;
}

/* Removes known ones from `numbers`. */
static int choose_unknown(struct collect *c, struct collect_source *s,
			  size_t *numbers, size_t *count, struct error *f)
{
	size_t left = 0;

	for (size_t i = 0; i < *count; i++) {
		const char *key = key_of(c, s, numbers[i], f);
		int r = key ? look_at_head(c, s, numbers[i], key, f) : -1;

		if (r < 0)
			return -1;
		if (r == 0)
			numbers[left++] = numbers[i];
	}
	*count = left;
	return 0;
}

static int read_source(struct collect *c, struct collect_source *s,
		       size_t *numbers, struct error *f)
{
	size_t count;

	if (choose_new(c, s, numbers, &count, f) < 0)
		return -1;
	/* a mail that may be deleted is read completely: it may have other
	 * content */
	if (s->mailbox.ops->is_remote && !c->deletes &&
	    knows_slices(c->assembly)) {
		/* the expected numbers are borrowed: they must not move
		 * meanwhile */
		size_t *copy = arena_array(&s->arena, count + 1, sizeof(*copy));

		memcpy(copy, numbers, count * sizeof(*copy));
		mailbox_expect(&s->mailbox, copy, count, 0);
		if (choose_unknown(c, s, numbers, &count, f) < 0)
			return -1;
	}
	mailbox_expect(&s->mailbox, numbers, count, -1);
	for (size_t i = 0; i < count; i++) {
		const char *key = key_of(c, s, numbers[i], f);

		step(c, s, numbers[i]);
		if (!key || read_mail(c, s, numbers[i], key, f) < 0)
			return -1;
	}
	return 0;
}

/* ---- a round ---- */

static int begin_source(struct collect *c, struct collect_source *s,
			struct error *f)
{
	size_t *numbers;

	if (s->is_read)
		return 0;
	s->arena = (struct arena)ARENA_INIT;
	if (c->open(c->context, &s->mailbox, &s->arena, s->name, f) < 0) {
		arena_free(&s->arena);
		return -1;
	}
	s->is_open = true;
	s->is_read = s->mailbox.kind == MAILBOX_INPUT;
	numbers =
		arena_array(&s->arena, s->mailbox.count + 1, sizeof(*numbers));
	return read_source(c, s, numbers, f);
}

int collect_begin(struct collect *c, struct error *f)
{
	for (struct collect_source *s = c->sources; s; s = s->next)
		if (begin_source(c, s, f) < 0)
			return -1;
	return 0;
}

/* *also is set to its other content, if that is the only reason to keep it. */
static bool may_go(struct collect *c, const struct collect_source *s,
		   const char *key, const char **also)
{
	struct sighting *x = next_sighting(*slot_of(c, key), s, key);
	bool may = x != NULL;

	*also = NULL;
	for (; x && may; x = next_sighting(x->in_slot, s, key)) {
		may = x->is_good && x->set && x->set->state == SET_JOINED &&
		      x->set->is_sure;
		*also = x->also ? x->also : *also;
	}
	if (!may)
		*also = NULL;
	return may && !*also;
}

static void note_kept(struct collect *c, const struct collect_source *s,
		      size_t number, const char *also)
{
	struct arena a = ARENA_INIT;

	note(c, s, number,
	     arena_format(&a,
			  "not deleted: it also contains "
			  "%s",
			  also));
	arena_free(&a);
}

static int delete_joined(struct collect *c, struct collect_source *s,
			 struct error *f)
{
	for (size_t n = 1; n <= s->mailbox.count; n++) {
		const char *key = key_of(c, s, n, f), *also;
		bool may;

		if (!key)
			return -1;
		may = may_go(c, s, key, &also);
		if (also)
			note_kept(c, s, n, also);
		if (!may)
			continue;
		if (mailbox_delete(&s->mailbox, n, f) < 0)
			return -1;
		c->deleted++;
	}
	return 0;
}

static int end_source(struct collect *c, struct collect_source *s, bool deletes,
		      struct error *f)
{
	int r = 0;

	if (!s->is_open)
		return 0;
	s->is_open = false;
	if (deletes)
		r = delete_joined(c, s, f);
	if (r == 0)
		r = mailbox_close(&s->mailbox, f);
	else
		mailbox_abandon(&s->mailbox);
	arena_free(&s->arena);
	return r;
}

int collect_end(struct collect *c, bool deletes, struct error *f)
{
	int r = 0;

	for (struct collect_source *s = c->sources; s; s = s->next)
		if (end_source(c, s, deletes, f) < 0)
			r = -1;
	return r;
}
