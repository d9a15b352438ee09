/* summary.c - see summary.h. */
#include "join/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "deliver/jsonify.h"

#define MISSING_MAX (100 * 1024) /* octets of a list: shells accept no more */

bool summary_tells(const struct summary *r, const struct set *set)
{
	return (r->all || set->is_touched) &&
	       assembly_wants(r->assembly, set->id);
}

static bool is_good(const struct summary *r, const struct set *set)
{
	return set->state == SET_JOINED ||
	       (r->is_dry && set->state == SET_READY);
}

int summary_status(const struct summary *r)
{
	int status = JOIN_COMPLETE;
	size_t count = 0;

	for (const struct set *s = r->assembly->sets; s; s = s->next) {
		if (!summary_tells(r, s))
			continue;
		count++;
		if (s->state == SET_CORRUPT)
			return JOIN_CORRUPT;
		if (!is_good(r, s))
			status = JOIN_INCOMPLETE;
	}
	return count ? status : JOIN_INCOMPLETE;
}

/* ---- what is missing ---- */

static void put_range(struct buf *out, unsigned from, unsigned to)
{
	if (out->len)
		buf_putc(out, ',');
	buf_printf(out, "%u", from);
	if (to > from)
		buf_printf(out, "%c%u", to == from + 1 ? ',' : '-', to);
}

/* "4,7-9"; "" when nothing is missing, or it is unknown. */
static const char *missing_of(struct arena *a, const struct set *set,
			      unsigned *count)
{
	struct buf out = BUF_INIT(MISSING_MAX);
	const struct part_store_part **all = set_in_order(set);
	unsigned next = set_first(set), end = set->of ? next + set->of : 0;
	const char *text;

	*count = 0;
	for (size_t i = 0; i <= set->count; i++) {
		unsigned n = i < set->count ? all[i]->n : end;

		if (n > next) {
			put_range(&out, set_shown(set, next),
				  set_shown(set, n - 1));
			*count += n - next;
		}
		next = n + 1;
	}
	text = arena_dup(a, out.overflow ? "" : out.data);
	free(all);
	buf_free(&out);
	return text;
}

/* `mailsend --resend SET --parts 4,7-9`, NULL if that is not possible. */
static const char *resend_of(struct arena *a, const struct set *set)
{
	unsigned count;
	const char *missing = missing_of(a, set, &count);

	if (!set->about.resend || !*missing || set->state == SET_JOINED)
		return NULL;
	return arena_format(a, "mailsend --resend %s --parts %s",
			    set->about.resend, missing);
}

/* ---- text ---- */

static const char *name_of(const struct set *set)
{
	if (set->about.name)
		return set->about.name;
	return set->about.title && *set->about.title ? set->about.title
						     : set->id;
}

static void put_parts(const struct set *set, struct buf *out)
{
	if (set->of)
		buf_printf(out, "%zu of %u part%s", set->count, set->of,
			   set->of == 1 ? "" : "s");
	else
		buf_printf(out, "%zu part%s", set->count,
			   set->count == 1 ? "" : "s");
}

static void put_joined(const struct set *set, struct buf *out)
{
	const struct about *about = &set->about;

	buf_puts(out, set->was_there ? "was there already" : "complete");
	if (about->kind == FRAGMENT_SLICE)
		buf_printf(out, ", %" PRIu64 " octets, verified", about->total);
	else
		buf_printf(out, ", %u part%s, %s", set->of,
			   set->of == 1 ? "" : "s",
			   set->is_verified
				   ? "verified"
				   : "not verified: it carries no digest");
	for (const char *const *p = (const char *const *)set->paths; p && *p;
	     p++)
		buf_printf(out, "%s%s",
			   p == (const char *const *)set->paths ? ": " : ", ",
			   *p);
	buf_putc(out, '\n');
}

static void put_state(const struct summary *r, const struct set *set,
		      struct buf *out)
{
	struct arena a = ARENA_INIT;
	unsigned count;
	const char *missing = missing_of(&a, set, &count);
	const char *resend = resend_of(&a, set);

	if (set->state == SET_CORRUPT)
		buf_puts(out, "corrupt, ");
	put_parts(set, out);
	if (*missing && set->state != SET_READY)
		buf_printf(out, ", missing %s", missing);
	else if (r->is_dry && set->state == SET_READY)
		buf_puts(out, ", ready to be joined");
	buf_putc(out, '\n');
	for (const struct set_note *n = set->notes; n; n = n->next)
		buf_printf(out, "    %s\n", n->text);
	if (resend)
		buf_printf(out, "    the sender has them with: %s\n", resend);
	arena_free(&a);
}

void summary_sets(const struct summary *r, struct buf *out)
{
	for (const struct set *s = r->assembly->sets; s; s = s->next) {
		if (!summary_tells(r, s))
			continue;
		buf_printf(out, "%s: ", name_of(s));
		if (s->state == SET_JOINED)
			put_joined(s, out);
		else
			put_state(r, s, out);
	}
}

void summary_list(const struct summary *r, struct buf *out)
{
	for (const struct set *s = r->assembly->sets; s; s = s->next) {
		if (!summary_tells(r, s))
			continue;
		buf_printf(out, "%s  %-8s  %5zu/", s->id,
			   fragment_kind_name(s->about.kind), s->count);
		if (s->of)
			buf_printf(out, "%-5u", s->of);
		else
			buf_puts(out, "?    ");
		buf_printf(out, "  %12" PRIu64 "  %s\n", s->size, name_of(s));
	}
}

/* ---- JSON ---- */

static const char *state_name(const struct summary *r, const struct set *set)
{
	static const char *const names[] = {
		[SET_INCOMPLETE] = "incomplete",
		[SET_READY] = "incomplete", /* joining failed */
		[SET_JOINED] = "complete",
		[SET_CORRUPT] = "corrupt",
	};

	return is_good(r, set) ? "complete" : names[set->state];
}

static json_t *json_of_notes(const struct set *set)
{
	json_t *notes = json_array();

	for (const struct set_note *n = set->notes; n; n = n->next)
		json_array_append_new(notes, jsonify_text(n->text));
	return notes;
}

static json_t *json_of_paths(const struct set *set)
{
	json_t *paths = json_array();

	for (size_t i = 0; set->paths && set->paths[i]; i++)
		json_array_append_new(paths, jsonify_text(set->paths[i]));
	return paths;
}

static json_t *json_of_set(const struct summary *r, const struct set *set)
{
	struct arena a = ARENA_INIT;
	json_t *o = json_object();
	unsigned count = 0;
	const char *missing =
		set->state == SET_JOINED ? "" : missing_of(&a, set, &count);

	json_object_set_new(o, "set", json_string(set->id));
	json_object_set_new(o, "format",
			    json_string(fragment_kind_name(set->about.kind)));
	json_object_set_new(o, "state", json_string(state_name(r, set)));
	json_object_set_new(o, "name", jsonify_text(set->about.name));
	json_object_set_new(o, "title", jsonify_text(set->about.title));
	json_object_set_new(o, "have", json_integer((json_int_t)set->count));
	json_object_set_new(o, "of",
			    set->of ? json_integer(set->of) : json_null());
	json_object_set_new(o, "size", json_integer((json_int_t)set->size));
	json_object_set_new(o, "total",
			    set->about.kind == FRAGMENT_SLICE
				    ? json_integer((json_int_t)set->about.total)
				    : json_null());
	json_object_set_new(o, "verified",
			    json_boolean(set->state == SET_JOINED &&
					 (set->is_verified ||
					  set->about.kind == FRAGMENT_SLICE)));
	json_object_set_new(o, "was_there", json_boolean(set->was_there));
	json_object_set_new(o, "missing", json_string(missing));
	json_object_set_new(o, "missing_count", json_integer(count));
	json_object_set_new(o, "resend", jsonify_text(resend_of(&a, set)));
	json_object_set_new(o, "paths", json_of_paths(set));
	json_object_set_new(o, "notes", json_of_notes(set));
	arena_free(&a);
	return o;
}

static json_t *json_of_failure(const struct error *failure)
{
	json_t *o;

	if (!error_is_set(failure))
		return json_null();
	o = json_object();
	json_object_set_new(o, "cause",
			    json_string(error_name(failure->cause)));
	json_object_set_new(o, "temporary", json_boolean(failure->temporary));
	json_object_set_new(o, "text", jsonify_text(failure->text));
	return o;
}

int summary_json(const struct summary *r, const struct error *failure,
		 struct buf *out)
{
	static const char *const names[] = { [JOIN_COMPLETE] = "complete",
					     [JOIN_INCOMPLETE] = "incomplete",
					     [JOIN_CORRUPT] = "corrupt" };
	json_t *o = json_object(), *sets = json_array();
	char *text;

	json_object_set_new(o, "status",
			    json_string(error_is_set(failure)
						? "failed"
						: names[summary_status(r)]));
	json_object_set_new(o, "failure", json_of_failure(failure));
	json_object_set_new(o, "messages",
			    json_integer((json_int_t)r->collect->messages));
	json_object_set_new(o, "deleted",
			    json_integer((json_int_t)r->collect->deleted));
	for (const struct set *s = r->assembly->sets; s; s = s->next)
		if (summary_tells(r, s))
			json_array_append_new(sets, json_of_set(r, s));
	json_object_set_new(o, "sets", sets);
	text = json_dumps(o, JSON_COMPACT);
	if (text) {
		buf_puts(out, text);
		buf_putc(out, '\n');
	}
	free(text);
	json_decref(o);
	return text && !out->overflow ? 0 : -1;
}
