/* assemble_join.c - when a set is complete, and how it is joined.
 *
 *	SLICE	  as many as in the label, from 0 to total without a gap
 *	NUMBERED  .001 (or .000) to the last; the number of parts is in a
 *		  subject, given by the user, or the last one is shorter than
 *		  the others
 *	UU	  "(n/m)", begin in the first and end in the last
 *	PARTIAL	  total, in any of them
 *	SHAR	  up to the one that is marked as last
 *
 * Each part is verified again when it is read from the part store. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "join/assemble.h"
#include "parts/file_name.h"
#include "parts/unshar.h"

/* ---- the parts in order ---- */

static int by_number(const void *one, const void *other)
{
	const struct part_store_part *const *a = one, *const *b = other;

	return (*a)->n < (*b)->n ? -1 : (*a)->n > (*b)->n;
}

const struct part_store_part **set_in_order(const struct set *set)
{
	const struct part_store_part **all;
	size_t i = 0;

	if (!set->count)
		return NULL;
	all = memory_alloc(set->count * sizeof(struct part_store_part *));
	for (const struct set_part *p = set->parts; p; p = p->next)
		all[i++] = &p->part;
	qsort(all, set->count, sizeof(struct part_store_part *), by_number);
	return all;
}

/* NUMBERED are stored plus one, since some count from 0. */
unsigned set_first(const struct set *set)
{
	return set->about.kind == FRAGMENT_NUMBERED && !set_has(set, 1) ? 2 : 1;
}

unsigned set_shown(const struct set *set, unsigned n)
{
	return set->about.kind == FRAGMENT_NUMBERED ? n - 1 : n;
}

/* ---- the number of parts ---- */

static void count_told(struct assembly *s, struct set *set,
		       const struct part_store_part **all)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct part_store_part *p = all[i];
		unsigned of = p->of;

		if (!of && p->is_last && set->about.kind == FRAGMENT_SHAR)
			of = p->n;
		if (!of)
			continue;
		if (set->of && set->of != of) {
			set->has_conflict = true;
			set_note(s, set,
				 "its parts contradict each other about their "
				 "number");
		}
		set->of = of > set->of ? of : set->of;
	}
}

/* A file that was split into equal pieces and a shorter rest. */
static bool ends_short(const struct set *set,
		       const struct part_store_part **all)
{
	size_t last = set->count - 1;

	if (set->count < 2 || all[last]->size >= all[0]->size)
		return false;
	for (size_t i = 0; i < last; i++)
		if (all[i]->size != all[0]->size)
			return false;
	return true;
}

static void count_numbered(struct assembly *s, struct set *set,
			   const struct part_store_part **all)
{
	unsigned first = set_first(set);
	bool is_row = all[0]->n == first &&
		      all[set->count - 1]->n - first + 1 == set->count;

	if (set->of)
		set->is_sure = true;
	else if (s->of)
		set->of = s->of;
	else if (is_row && ends_short(set, all))
		set->of = (unsigned)set->count;
	else if (is_row)
		set_note(s, set,
			 "no part contains the number of parts, and the last "
			 "one is not shorter than the others: if there are "
			 "%zu, use --parts %zu",
			 set->count, set->count);
	set->is_sure = set->is_sure || s->of;
}

/* ---- the state ---- */

static bool has_all(const struct set *set, const struct part_store_part **all)
{
	unsigned first = set_first(set);

	/* each number occurs once */
	return set->of && set->count == set->of && all[0]->n == first &&
	       all[set->count - 1]->n == first + set->of - 1;
}

static void corrupt(struct assembly *s, struct set *set, const char *why)
{
	set->state = SET_CORRUPT;
	set_note(s, set, "%s", why);
}

static void judge_slices(struct assembly *s, struct set *set,
			 const struct part_store_part **all)
{
	uint64_t at = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (all[i]->offset != at) {
			corrupt(s, set,
				"its parts have gaps or overlap, according to "
				"their labels");
			return;
		}
		at += all[i]->size;
	}
	if (at != set->about.total)
		corrupt(s, set,
			"the sizes of its parts do not match their "
			"labels");
}

static void judge_marks(struct assembly *s, struct set *set,
			const struct part_store_part **all)
{
	if (!all[0]->is_first)
		corrupt(s, set, "its first part has no begin line");
	else if (!all[set->count - 1]->is_last)
		corrupt(s, set, "its last part has no end line");
}

static void judge_parts(struct assembly *s, struct set *set,
			const struct part_store_part **all)
{
	enum fragment_kind kind = set->about.kind;

	set->of = kind == FRAGMENT_SLICE ? set->about.of : 0;
	set->is_sure = kind != FRAGMENT_NUMBERED;
	if (kind != FRAGMENT_SLICE)
		count_told(s, set, all);
	if (kind == FRAGMENT_NUMBERED)
		count_numbered(s, set, all);
	if (!has_all(set, all))
		return;
	set->state = SET_READY;
	if (kind == FRAGMENT_SLICE)
		judge_slices(s, set, all);
	else if (set->has_conflict)
		set->state = SET_CORRUPT;
	else if (kind == FRAGMENT_UU)
		judge_marks(s, set, all);
}

void assembly_judge(struct assembly *s, struct set *set)
{
	const struct part_store_part **all;

	if (set->state == SET_JOINED || set->is_corrupt)
		return;
	set->state = SET_INCOMPLETE;
	if (set->was_there) {
		set->state = SET_JOINED;
		set->is_sure = true;
		set->of = set->about.of;
		return;
	}
	all = set_in_order(set);
	if (all)
		judge_parts(s, set, all);
	else if (set->about.kind == FRAGMENT_SLICE)
		set->of = set->about.of;
	if (set->state == SET_INCOMPLETE && (set->damaged || set->has_conflict))
		set->state = SET_CORRUPT;
	free(all);
}

/* ---- joining ---- */

struct joint {
	struct assembly *assembly;
	struct set *set;
	const struct part_store_part **parts;
	struct join_output output;
	struct error *error;
	struct arena arena; /* for temporary data of this set */
};

static void forget_part(struct assembly *s, struct set *set, unsigned n)
{
	struct set_part **slot = &set->slots[n % set->slot_count];
	struct set_part **at = &set->parts;

	while (*slot && (*slot)->part.n != n)
		slot = &(*slot)->in_slot;
	if (*slot)
		*slot = (*slot)->in_slot;
	while (*at && (*at)->part.n != n)
		at = &(*at)->next;
	if (!*at)
		return;
	set->count--;
	set->size -= (*at)->part.size;
	*at = (*at)->next;
	(void)s;
}

/* Writes all of them; 1 when one fails verification. */
static int pump_parts(struct joint *j, struct sink *to)
{
	struct part_store *store = &j->assembly->store;

	for (size_t i = 0, count = j->set->count; i < count; i++) {
		const struct part_store_part *p = j->parts[i];
		int r = part_store_read(store, j->set->id, p, to, j->error);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		set_note(j->assembly, j->set,
			 "part %u was damaged in the store",
			 set_shown(j->set, p->n));
		j->set->state = SET_INCOMPLETE;
		if (part_store_remove(store, j->set->id, p, j->error) < 0)
			return -1;
		forget_part(j->assembly, j->set, p->n);
		return 1;
	}
	return 0;
}

static const char *file_name(const struct set *set)
{
	return set->about.name ? set->about.name : "file";
}

/* The file is the concatenation of the parts. */
static int join_octets(struct joint *j)
{
	const struct about *about = &j->set->about;
	char sha256[DIGEST_HEX_SIZE];
	struct sink *to;
	uint64_t size;
	int r;

	if (join_output_begin(&j->output, file_name(j->set), &to) < 0)
		return -1;
	r = pump_parts(j, to);
	if (r)
		return r;
	if (join_output_end(&j->output, &size, sha256) < 0)
		return -1;
	if (about->kind == FRAGMENT_SLICE &&
	    (size != about->total || strcmp(sha256, about->file_sha256) != 0)) {
		corrupt(j->assembly, j->set,
			"the complete file does not match the digest in its "
			"parts, though each part matches its own: one of them "
			"is forged, or the file changed while it was sent");
		return 1;
	}
	return 0;
}

/* ---- the message of a message/partial ---- */

/* Does the file match the digest in its mail?  Without one it is not
 * verified. */
static bool is_as_told(struct joint *j, const struct fragment *x,
		       const char *md5, uint64_t size, const char *sha256)
{
	if (x->has_label)
		return size == x->label.total &&
		       !strcmp(sha256, x->label.file_sha256);
	if (x->md5)
		return !strcmp(x->md5, md5);
	j->set->is_verified = false;
	return true;
}

/* 1 when it is damaged. */
static int write_file(struct joint *j, const struct fragments *message,
		      const struct fragment *x)
{
	char sha256[DIGEST_HEX_SIZE];
	struct digest md5;
	struct sink *to;
	uint64_t size;
	int r;

	if (join_output_begin(&j->output, x->name, &to) < 0)
		return -1;
	digest_init_md5(&md5, to, j->error);
	r = error_is_set(j->error) ? -1 : fragment_pass(message, x, &md5.sink);
	if (r >= 0 && sink_close(&md5.sink) < 0)
		r = -1;
	if (r < 0 || join_output_end(&j->output, &size, sha256) < 0) {
		digest_free(&md5);
		return -1;
	}
	if (r == 0 && !is_as_told(j, x, md5.hex, size, sha256))
		r = 1;
	digest_free(&md5);
	if (r)
		corrupt(j->assembly, j->set,
			arena_format(j->assembly->arena, "%s in it is damaged",
				     x->name));
	return r;
}

/* No file in it has a name: the message is the file. */
static int write_message(struct joint *j, const struct fragments *message)
{
	const char *title = file_name_clean(&j->arena, j->set->about.title);
	struct slice whole = fragments_message(message);
	struct sink *to;

	if (join_output_begin(&j->output,
			      arena_format(&j->arena, "%.200s.eml",
					   title ? title : "message"),
			      &to) < 0 ||
	    pump_slice(&whole, to) < 0)
		return -1;
	return join_output_end(&j->output, NULL, NULL);
}

static int join_message(struct joint *j)
{
	struct fragments message;
	int r;

	fragments_init(&message, &j->arena, j->assembly->spool, j->error);
	message.wants_files = true;
	r = pump_parts(j, &message.sink);
	if (r == 0)
		r = sink_close(&message.sink);
	for (const struct fragment *x = message.first; x && r == 0; x = x->next)
		r = write_file(j, &message, x);
	if (r == 0 && !message.first) {
		j->set->is_verified = false;
		r = write_message(j, &message);
	}
	fragments_free(&message);
	return r;
}

/* ---- the files of a shell archive ---- */

static int open_file(void *context, const char *name, struct sink **to,
		     struct error *f)
{
	struct joint *j = context;
	const char *clean = file_name_clean(&j->arena, name);

	(void)f;
	return join_output_begin(&j->output, clean ? clean : "file", to);
}

static int close_file(void *context, struct error *f)
{
	(void)f;
	return join_output_end(&((struct joint *)context)->output, NULL, NULL);
}

static int join_archive(struct joint *j)
{
	struct unshar_target target = { open_file, close_file, j };
	struct unshar s;
	int r;

	unshar_init(&s, &j->arena, &target, j->error);
	r = pump_parts(j, &s.sink);
	if (r == 0)
		r = sink_close(&s.sink);
	if (r == 0 && s.problem) {
		corrupt(j->assembly, j->set,
			arena_dup(j->assembly->arena, s.problem));
		r = 1;
	} else if (r == 0 && !j->output.count) {
		corrupt(j->assembly, j->set, "there is no file in it");
		r = 1;
	}
	unshar_free(&s);
	return r;
}

/* ---- all of it ---- */

static int join_set(struct joint *j)
{
	/* the checks in an archive are not used */
	j->set->is_verified = j->set->about.kind == FRAGMENT_SLICE ||
			      j->set->about.kind == FRAGMENT_PARTIAL;
	switch (j->set->about.kind) {
	case FRAGMENT_PARTIAL:
		return join_message(j);
	case FRAGMENT_SHAR:
		return join_archive(j);
	default:
		return join_octets(j);
	}
}

static void note_paths(struct assembly *s, struct set *set,
		       const struct join_output *y)
{
	const char *path;

	set->paths = arena_array(s->arena, y->count + 1, sizeof(*set->paths));
	for (size_t i = 0; (path = join_output_path(y, i)); i++)
		set->paths[i] = arena_dup(s->arena, path);
	set->was_there = y->was_there;
}

/* Its files are complete.  Until they are synced, their parts and mails are
 * kept; what cannot be removed now is removed by the next run. */
static void end_set(struct assembly *s, struct set *set, bool is_unsafe)
{
	struct error f = ERROR_INIT;

	if (is_unsafe) {
		set->is_sure = false;
		return;
	}
	set->is_described = false;
	if (part_store_forget(&s->store, set->id, &f) < 0)
		log_warning("%s; the parts of a complete set stay there "
			    "until the next run",
			    f.text);
}

/* A run was killed after renaming and before the end. */
static int tidy(struct assembly *s, struct set *set, struct error *f)
{
	int r = part_store_lock(&s->store, f);

	if (r == 0) {
		end_set(s, set,
			!join_output_tidy(s->arena, &s->place, file_name(set)));
		part_store_unlock(&s->store);
	}
	return r;
}

/* For the only set that exists (ending_await). */
static const struct ending is_there = { 0, "all files are there" };

int assembly_join(struct assembly *s, struct set *set, struct error *f)
{
	struct joint j = {
		.assembly = s, .set = set, .error = f, .arena = ARENA_INIT
	};
	int r = -1;

	if (set->state == SET_JOINED && set->is_described)
		return tidy(s, set, f);
	if (set->state != SET_READY)
		return 0;
	j.parts = set_in_order(set);
	join_output_init(&j.output, &j.arena, &s->place, s->is_forced, f);
	if (part_store_lock(&s->store, f) == 0) {
		r = join_set(&j);
		if (r == 0)
			r = join_output_commit(&j.output);
		if (r == 0) {
			if (!j.output.is_unsafe)
				ending_reached(&is_there);
			set->state = SET_JOINED;
			note_paths(s, set, &j.output);
			end_set(s, set, j.output.is_unsafe);
		}
		part_store_unlock(&s->store);
	}
	set->is_corrupt = set->state == SET_CORRUPT;
	join_output_free(&j.output);
	arena_free(&j.arena);
	free(j.parts);
	return r < 0 ? -1 : 0;
}
