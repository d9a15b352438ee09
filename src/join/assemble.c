/* assemble.c - the sets and what is added to them.
 *
 * A label is compared with the known facts of its set before its part is
 * examined, so that a forged part changes nothing. */
#include "join/assemble.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS(s) (sizeof((s)->slots) / sizeof((s)->slots[0]))

/* ---- notes ---- */

void set_note(struct assembly *s, struct set *set, const char *format, ...)
{
	struct set_note *note;
	const char *text;
	va_list ap;

	if (set->note_count >= ASSEMBLY_NOTES_MAX)
		return;
	va_start(ap, format);
	text = arena_vformat(s->arena, format, ap);
	va_end(ap);
	for (note = set->notes; note; note = note->next)
		if (strcmp(note->text, text) == 0)
			return;
	note = arena_alloc(s->arena, sizeof(*note));
	note->text = text;
	*set->last_note = note;
	set->last_note = &note->next;
	set->note_count++;
}

/* ---- sets ---- */

static struct set **slot_of(struct assembly *s, const char *id)
{
	size_t at = 0;

	for (; *id; id++)
		at = at * 31 + (unsigned char)*id;
	return &s->slots[at % SLOTS(s)];
}

struct set *assembly_find(const struct assembly *s, const char *id)
{
	size_t at = 0;
	struct set *set;

	for (const char *p = id; *p; p++)
		at = at * 31 + (unsigned char)*p;
	for (set = s->slots[at % SLOTS(s)]; set; set = set->in_slot)
		if (strcmp(set->id, id) == 0)
			return set;
	return NULL;
}

static struct set *new_set(struct assembly *s, const char *id,
			   const struct about *about)
{
	struct set *set, **slot = slot_of(s, id);

	if (s->set_count >= ASSEMBLY_SETS_MAX)
		return NULL;
	set = arena_alloc(s->arena, sizeof(*set));
	memcpy(set->id, id, FRAGMENT_SET_SIZE);
	set->about = *about;
	set->last_note = &set->notes;
	set->in_slot = *slot;
	*slot = set;
	*s->last = set;
	s->last = &set->next;
	s->set_count++;
	return set;
}

bool assembly_wants(const struct assembly *s, const char *id)
{
	return !s->only || strncmp(id, s->only, strlen(s->only)) == 0;
}

/* ---- parts ---- */

static struct set_part *find_part(const struct set *set, unsigned n)
{
	struct set_part *p =
		set->slot_count ? set->slots[n % set->slot_count] : NULL;

	while (p && p->part.n != n)
		p = p->in_slot;
	return p;
}

bool set_has(const struct set *set, unsigned n)
{
	return find_part(set, n) != NULL;
}

static void grow_slots(struct assembly *s, struct set *set)
{
	set->slot_count = set->slot_count ? set->slot_count * 4 : 16;
	set->slots = arena_array(s->arena, set->slot_count,
				 sizeof(struct set_part *));
	for (struct set_part *p = set->parts; p; p = p->next) {
		struct set_part **slot =
			&set->slots[p->part.n % set->slot_count];

		p->in_slot = *slot;
		*slot = p;
	}
}

static void add_part(struct assembly *s, struct set *set,
		     const struct part_store_part *part)
{
	struct set_part *p = arena_alloc(s->arena, sizeof(*p)), **slot;

	if (set->count >= set->slot_count)
		grow_slots(s, set);
	p->part = *part;
	p->next = set->parts;
	set->parts = p;
	slot = &set->slots[part->n % set->slot_count];
	p->in_slot = *slot;
	*slot = p;
	set->count++;
	set->size += part->size;
}

static bool is_equal(const struct part_store_part *one,
		     const struct part_store_part *other)
{
	return one->size == other->size &&
	       strcmp(one->sha256, other->sha256) == 0;
}

/* ---- parts in the store ---- */

static int load_set(void *context, const char *id, const struct about *about,
		    struct error *f)
{
	struct assembly *s = context;
	struct set *set = assembly_find(s, id);

	(void)f;
	if (!set)
		set = new_set(s, id, about);
	if (set)
		set->is_described = true;
	return 0;
}

static int load_part(void *context, const char *id,
		     const struct part_store_part *part, struct error *f)
{
	struct assembly *s = context;
	struct set *set = assembly_find(s, id);
	const struct set_part *known = set ? find_part(set, part->n) : NULL;

	(void)f;
	if (!set)
		return 0;
	if (!known) {
		add_part(s, set, part);
	} else if (!is_equal(&known->part, part)) {
		set->has_conflict = true;
		set_note(s, set, "there are two different versions of part %u",
			 set_shown(set, part->n));
	}
	return 0;
}

int assembly_open(struct assembly *s, struct arena *a, const char *state,
		  bool is_dry, struct error *f)
{
	struct part_store_visit visit = { load_set, load_part, s };
	int r;

	s->arena = a;
	s->last = &s->sets;
	if (part_store_open(&s->store, a, state, is_dry, f) < 0 ||
	    part_store_lock(&s->store, f) < 0)
		return -1;
	r = part_store_load(&s->store, &visit, f);
	part_store_unlock(&s->store);
	return r;
}

void assembly_close(struct assembly *s)
{
	part_store_close(&s->store);
}

/* ---- adding ---- */

static struct about describe(struct assembly *s, const struct fragment *x)
{
	struct about about = {
		.kind = x->kind,
		.name = x->name ? arena_dup(s->arena, x->name) : NULL,
		.title = x->title ? arena_dup(s->arena, x->title) : NULL,
		.resend = x->resend ? arena_dup(s->arena, x->resend) : NULL,
	};

	if (x->kind == FRAGMENT_SLICE) {
		about.of = x->of;
		about.total = x->label.total;
		about.file_sha256 = arena_dup(s->arena, x->label.file_sha256);
	}
	return about;
}

/* Does it belong to the set that its id names? */
static bool fits(const struct set *set, const struct fragment *x)
{
	const struct about *a = &set->about;

	if (a->kind != x->kind)
		return false;
	return x->kind != FRAGMENT_SLICE ||
	       (a->of == x->of && a->total == x->label.total &&
		strcmp(a->file_sha256, x->label.file_sha256) == 0);
}

/* Only the first part may know the name. */
static int learn(struct assembly *s, struct set *set, const struct fragment *x,
		 struct error *f)
{
	struct about *a = &set->about;
	bool is_news = !a->name && x->name;

	if (is_news)
		a->name = arena_dup(s->arena, x->name);
	if ((set->is_described && !is_news) ||
	    part_store_describe(&s->store, set->id, a, f) < 0)
		return error_is_set(f) ? -1 : 0;
	set->is_described = true;
	return 0;
}

static void claim(const struct fragment *x, struct part_store_part *part)
{
	*part = (struct part_store_part){
		.n = x->n,
		.of = x->of,
		.is_first = x->is_first,
		.is_last = x->is_last,
	};
	if (x->kind != FRAGMENT_SLICE)
		return;
	part->offset = x->label.offset;
	part->size = x->label.size;
	memcpy(part->sha256, x->label.sha256, sizeof(part->sha256));
}

static enum verdict conflict(struct assembly *s, struct set *set,
			     const struct fragment *x)
{
	set->has_conflict = true;
	set_note(s, set,
		 "part %u came again with other content: one of "
		 "the two is damaged or forged",
		 set_shown(set, x->n));
	return VERDICT_CONFLICT;
}

static enum verdict damaged(struct assembly *s, struct set *set,
			    const struct fragment *x)
{
	set->damaged++;
	set_note(s, set, "part %u came damaged: %s", set_shown(set, x->n),
		 x->kind == FRAGMENT_SLICE ? "its digest does not match"
					   : "its encoding is broken");
	return VERDICT_DAMAGED;
}

static int keep(struct assembly *s, struct set *set,
		struct part_store_incoming *in, const struct fragment *x,
		struct part_store_part *part, enum verdict *verdict,
		struct error *f)
{
	const struct set_part *known = find_part(set, x->n);

	if (x->kind != FRAGMENT_SLICE) {
		part->size = in->size;
		memcpy(part->sha256, in->digest.hex, sizeof(part->sha256));
	} else if (in->size != part->size ||
		   strcmp(in->digest.hex, part->sha256) != 0) {
		*verdict = damaged(s, set, x);
		return 0;
	}
	if (known) {
		*verdict = is_equal(&known->part, part) ? VERDICT_KNOWN
							: conflict(s, set, x);
		/* the next run must know of the conflict, too */
		if (*verdict == VERDICT_KNOWN || !set->is_described)
			return 0;
		set->is_unsynced = true;
		return part_store_keep(&s->store, set->id, in, part, f);
	}
	set->is_unsynced = true;
	if (part_store_keep(&s->store, set->id, in, part, f) < 0)
		return -1;
	add_part(s, set, part);
	*verdict = VERDICT_ADDED;
	return 0;
}

static int take(struct assembly *s, struct set *set,
		const struct fragments *from, const struct fragment *x,
		enum verdict *verdict, struct error *f)
{
	struct part_store_incoming in;
	struct part_store_part part;
	int doubt, r = -1;

	claim(x, &part);
	if (learn(s, set, x, f) < 0)
		return -1;
	if (part_store_begin(&s->store, set->id,
			     x->kind == FRAGMENT_SLICE ? part.size : UINT64_MAX,
			     &in, f) == 0) {
		doubt = fragment_pass(from, x, &in.sink);
		r = doubt < 0 ? -1 : part_store_measure(&in, f);
		if (r == 0 && doubt && x->kind != FRAGMENT_SLICE)
			*verdict = damaged(s, set, x);
		else if (r == 0)
			r = keep(s, set, &in, x, &part, verdict, f);
	}
	part_store_drop(&in);
	return r;
}

/* An earlier run may have completed the file. */
static void look_for_file(struct assembly *s, struct set *set)
{
	const struct about *a = &set->about;

	if (a->kind == FRAGMENT_SLICE && !set->is_touched && !s->is_forced)
		set->was_there =
			join_output_is_there(s->arena, &s->place, a->name,
					     a->total, a->file_sha256);
	/* that run may have left the parts and temporary files */
	if (set->was_there && !set->is_touched)
		join_output_tidy(s->arena, &s->place, a->name);
	set->is_touched = true;
}

bool assembly_knows(struct assembly *s, const struct fragment_label *label,
		    struct set **out)
{
	struct set *set = assembly_find(s, label->set);
	const struct set_part *known = set ? find_part(set, label->n) : NULL;

	if (!set || !assembly_wants(s, label->set) ||
	    set->about.kind != FRAGMENT_SLICE)
		return false;
	look_for_file(s, set);
	*out = set;
	return set->was_there ||
	       (known && strcmp(known->part.sha256, label->sha256) == 0);
}

int assembly_add(struct assembly *s, const struct fragments *from,
		 const struct fragment *x, enum verdict *verdict,
		 struct set **out, struct error *f)
{
	struct set *set = assembly_find(s, x->set);
	const struct set_part *known;
	int r = 0;

	*out = NULL;
	*verdict = VERDICT_OTHER;
	if (!assembly_wants(s, x->set))
		return 0;
	if (!set) {
		struct about about = describe(s, x);

		set = new_set(s, x->set, &about);
	}
	if (!set)
		return 0;
	*out = set;
	look_for_file(s, set);
	known = find_part(set, x->n);
	if (!fits(set, x)) {
		set->has_conflict = true;
		set_note(s, set,
			 "a part arrived that contradicts the others about the "
			 "complete file");
		*verdict = VERDICT_CONFLICT;
	} else if (set->was_there || set->state == SET_JOINED) {
		/* others have no digest to compare */
		*verdict = x->kind == FRAGMENT_SLICE ? VERDICT_KNOWN
						     : VERDICT_OTHER;
	} else if (known && x->kind == FRAGMENT_SLICE &&
		   strcmp(known->part.sha256, x->label.sha256) == 0 &&
		   known->part.offset == x->label.offset) {
		*verdict = VERDICT_KNOWN;
	} else if (part_store_lock(&s->store, f) < 0) {
		r = -1;
	} else {
		r = take(s, set, from, x, verdict, f);
		part_store_unlock(&s->store);
	}
	return r;
}

int assembly_sync(struct assembly *s, struct error *f)
{
	for (struct set *set = s->sets; set; set = set->next) {
		int r = 0;

		if (!set->is_unsynced || !set->is_described)
			continue;
		if (part_store_lock(&s->store, f) < 0)
			return -1;
		r = part_store_sync(&s->store, set->id, f);
		part_store_unlock(&s->store);
		if (r < 0)
			return -1;
		set->is_unsynced = false;
	}
	return 0;
}
