/* fragment.c - a message is staged and parsed in one pass, then examined.
 *
 * A label may be in the part's header, in the mail's, or in a text: the first
 * valid one is used, since the digest will verify it.  In a mail with a label
 * nothing else is searched.  A nested message is a separate mail. */
#include "parts/fragment.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "flow/digest.h"
#include "mail/parameter.h"
#include "mail/rawfield.h"
#include "parts/extract.h"
#include "parts/file_name.h"
#include "parts/part_headers.h"

#define CANDIDATES_MAX 32 /* candidates for the part of a label */
#define NESTED_MAX     4  /* nested encoded messages */

struct candidate {
	const struct entity *entity;
	enum fragment_way way;
	bool is_text;
};

/* A mail, by its top entity: the message itself or a nested one. */
struct inside {
	const struct entity *top;
	struct part_headers marks;
	struct candidate candidates[CANDIDATES_MAX]; /* no text, or numbered */
	size_t candidate_count;
	const struct entity *text; /* the first with content */
	struct extract_look look;  /* into it */
	bool has_label;
	struct fragment_label label; /* in the mail's header or a text */
	bool has_slice;		     /* a part had a label */
	unsigned n, of;		     /* of the subject */
	bool is_bare;		     /* could be a date */
	const char *rest;
};

const char *fragment_kind_name(enum fragment_kind kind)
{
	static const char *const names[] = {
		[FRAGMENT_SLICE] = "parts", [FRAGMENT_NUMBERED] = "numbered",
		[FRAGMENT_UU] = "uuencode", [FRAGMENT_PARTIAL] = "partial",
		[FRAGMENT_SHAR] = "shar",   [FRAGMENT_FILE] = "file",
	};

	return names[kind];
}

/* ---- adding ---- */

static struct fragment *add(struct fragments *s, enum fragment_kind kind,
			    const struct entity *e)
{
	struct fragment *x = arena_alloc(s->arena, sizeof(*x));

	x->kind = kind;
	x->entity = e;
	x->title = "";
	x->way = WAY_DECODE;
	*s->last = x;
	s->last = &x->next;
	return x;
}

static void add_slice(struct fragments *s, const struct entity *e,
		      enum fragment_way way, bool is_text,
		      const struct fragment_label *label)
{
	struct fragment *x = add(s, FRAGMENT_SLICE, e);

	memcpy(x->set, label->set, sizeof(x->set));
	x->label = *label;
	x->n = label->n;
	x->of = label->of;
	x->is_first = label->n == 1;
	x->is_last = label->n == label->of;
	x->way = way;
	x->is_text = is_text;
	x->name = file_name_clean(s->arena, label->name);
	x->title = x->name ? x->name : "";
	x->resend = x->set;
}

static int add_numbered(struct fragments *s, const struct inside *in,
			const struct entity *e, const struct part_headers *m,
			bool is_text, int n, size_t stem)
{
	struct fragment *x = add(s, FRAGMENT_NUMBERED, e);

	x->name = arena_dup_n(s->arena, m->name, stem);
	x->title = x->name;
	/* some count from 0 */
	x->n = (unsigned)n + 1;
	x->of = n > 0 && in->n == (unsigned)n ? in->of : 0;
	x->is_text = is_text;
	if (extract_is_uu(m->encoding))
		x->way = WAY_UU;
	return part_headers_set(x->set, "numbered", x->name, s->from,
				s->sink.error);
}

/* "<set>.0@domain" is an id that we create. */
static const char *set_of_id(struct arena *a, const char *id)
{
	size_t n = strspn(id, "0123456789abcdef");

	if (n != FRAGMENT_SET_SIZE - 1 || strncmp(id + n, ".0@", 3) != 0)
		return NULL;
	return arena_dup_n(a, id, n);
}

static unsigned parameter_number(const char *field, const char *name)
{
	struct buf text = BUF_INIT(10);
	uint64_t n = 0;

	if (!parameter_get(&text, field, name) || text.overflow ||
	    !text_number(text.data, FRAGMENT_PARTS_MAX, &n))
		n = 0;
	buf_free(&text);
	return (unsigned)n;
}

static int add_partial(struct fragments *s, const struct inside *in,
		       const struct entity *e, const struct part_headers *m)
{
	struct buf id = BUF_INIT(1000);
	unsigned n = parameter_number(m->type, "number");
	unsigned of = parameter_number(m->type, "total");
	struct fragment *x;
	int r = 0;

	if (n && (!of || n <= of) && parameter_get(&id, m->type, "id") &&
	    id.len && !id.overflow) {
		x = add(s, FRAGMENT_PARTIAL, e);
		x->n = n;
		x->of = of;
		x->is_first = n == 1;
		x->is_last = of && n == of;
		x->way = e->label == LABEL_BASE64 ||
					 e->label == LABEL_QUOTED_PRINTABLE
				 ? WAY_DECODE
				 : WAY_RAW;
		x->title = file_name_show(s->arena, in->rest && *in->rest
							    ? in->rest
							    : id.data);
		x->resend = set_of_id(s->arena, id.data);
		r = part_headers_set(x->set, "partial", id.data, "",
				     s->sink.error);
	}
	buf_free(&id);
	return r;
}

static int add_shar(struct fragments *s, const struct inside *in)
{
	const struct extract_look *l = &in->look;
	struct fragment *x = add(s, FRAGMENT_SHAR, in->text);

	x->n = l->part ? l->part : 1;
	x->is_first = x->n == 1;
	x->of = l->of >= x->n ? l->of : in->n == x->n ? in->of : 0;
	x->is_last = x->of ? x->n == x->of : l->is_over && !l->has_next;
	if (x->is_last)
		x->of = x->n;
	x->title = file_name_show(s->arena, *l->title  ? l->title
					    : in->rest ? in->rest
						       : "a shell archive");
	x->way = WAY_SCRIPT;
	return part_headers_set(x->set, "shar", *l->lock ? l->lock : x->title,
				s->from, s->sink.error);
}

static int add_uu(struct fragments *s, const struct inside *in)
{
	const struct extract_look *l = &in->look;
	struct fragment *x = add(s, FRAGMENT_UU, in->text);

	x->n = in->n;
	x->of = in->of;
	x->is_first = l->has_begin;
	x->is_last = l->has_end;
	x->name = l->uu_name;
	x->title = file_name_show(s->arena, in->rest);
	x->way = l->uu_way;
	return part_headers_set(x->set, "uu",
				part_headers_stem(s->arena, in->rest), s->from,
				s->sink.error);
}

static void add_file(struct fragments *s, const struct entity *e,
		     const struct part_headers *m, bool is_text)
{
	struct fragment *x = add(s, FRAGMENT_FILE, e);

	x->name = m->name;
	x->n = x->of = 1;
	x->is_text = is_text;
	x->md5 = m->md5;
	if (extract_is_uu(m->encoding))
		x->way = WAY_UU;
	x->has_label = m->label && fragment_label_read(&x->label, m->label);
}

/* ---- one mail ---- */

static void begin_inside(struct fragments *s, struct inside *in,
			 const struct entity *e, const struct part_headers *m)
{
	*in = (struct inside){ .top = e, .marks = *m };
	s->from = m->from ? m->from : "";
	if (m->subject && !part_headers_pair(s->arena, m->subject, &in->n,
					     &in->of, &in->rest)) {
		in->rest = m->subject;
		in->is_bare =
			part_headers_bare_pair(s->arena, m->subject, &in->n,
					       &in->of, &in->rest);
	}
	in->has_label = m->label && fragment_label_read(&in->label, m->label);
}

static int look_into(struct fragments *s, struct inside *in,
		     const struct entity *e, const struct slice *message)
{
	struct extract_look look;

	if (extract_look(&look, s->arena, message, e, in->n || in->has_label,
			 s->sink.error) < 0)
		return -1;
	if (look.has_label && !in->has_label) {
		in->has_label = true;
		in->label = look.label;
	}
	if (!in->text && (look.has_uu || look.is_archive)) {
		in->text = e;
		in->look = look;
	}
	return 0;
}

static int look_at_leaf(struct fragments *s, struct inside *in,
			const struct entity *e, const struct part_headers *m,
			const struct slice *message)
{
	bool is_text = extract_is_text(e, m->type);
	enum fragment_way way =
		extract_is_uu(m->encoding) ? WAY_UU : WAY_DECODE;
	struct fragment_label label;
	size_t stem = 0;
	int n = m->name ? file_name_number(m->name, &stem) : -1;

	if (s->wants_files) {
		if (m->name)
			add_file(s, e, m, is_text);
		return 0;
	}
	if (m->type && e->type == TYPE_MESSAGE &&
	    ascii_begins(m->type, "message/partial"))
		return add_partial(s, in, e, m);
	if (e != in->top && m->label && fragment_label_read(&label, m->label) &&
	    (!is_text || m->name)) {
		add_slice(s, e, way, is_text, &label);
		in->has_slice = true;
		return 0;
	}
	if ((!is_text || n >= 0) && in->candidate_count < CANDIDATES_MAX)
		in->candidates[in->candidate_count++] =
			(struct candidate){ e, way, is_text };
	if (n >= 0 && n < FRAGMENT_PARTS_MAX)
		return add_numbered(s, in, e, m, is_text, n, stem);
	return is_text ? look_into(s, in, e, message) : 0;
}

/* 1 when its octets match the label. */
static int is_told(const struct candidate *c, const struct inside *in,
		   const struct slice *message, struct error *f)
{
	struct sink_count count;
	struct digest digest;
	int r;

	digest_init(&digest, NULL, f);
	sink_count_init(&count, &digest.sink, f);
	r = error_is_set(f) ? -1
			    : extract_put(message, c->entity, c->way,
					  c->is_text, &count.sink);
	if (r >= 0)
		r = sink_close(&digest.sink) < 0
			    ? -1
			    : count.count == in->label.size &&
				      !strcmp(digest.hex, in->label.sha256);
	digest_free(&digest);
	return r;
}

/* The attachment for the label of the mail: the one with matching octets, since
 * a gateway may have added others; else the one with its number, else the
 * first, so that the part is reported as damaged.  -1 with the error. */
static int find_payload(const struct inside *in, const struct fragment *from,
			const struct slice *message,
			const struct candidate **out, struct error *f)
{
	*out = in->candidate_count ? &in->candidates[0] : NULL;
	for (size_t i = 0; in->candidate_count > 1 && i < in->candidate_count;
	     i++) {
		int r = is_told(&in->candidates[i], in, message, f);

		if (r)
			*out = &in->candidates[i];
		if (r)
			return r < 0 ? -1 : 0;
	}
	for (; from; from = from->next)
		for (size_t i = 0; i < in->candidate_count; i++)
			if (from->kind == FRAGMENT_NUMBERED &&
			    from->n == in->label.n + 1 &&
			    in->candidates[i].entity == from->entity)
				*out = &in->candidates[i];
	return 0;
}

/* Those that are redundant because of a label of a part or of the mail. */
static void drop_numbered(struct fragments *s, struct fragment **from)
{
	struct fragment **at = from;

	while (*at)
		if ((*at)->kind == FRAGMENT_NUMBERED)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	s->last = at;
}

/* A file must begin in its first part and end in its last: a bare "3/5" may
 * mean something else. */
static bool fits_numbers(const struct inside *in)
{
	return !in->is_bare || (in->look.has_begin == (in->n == 1) &&
				in->look.has_end == (in->n == in->of));
}

static int end_inside(struct fragments *s, struct inside *in,
		      struct fragment **from)
{
	struct slice message = stage_slice(&s->stage);
	const struct candidate *payload = NULL;

	if (!in->top || s->wants_files)
		return 0;
	if (in->has_label && !in->has_slice &&
	    find_payload(in, *from, &message, &payload, s->sink.error) < 0)
		return -1;
	if (in->has_slice || in->has_label)
		drop_numbered(s, from);
	if (in->has_slice || *from)
		return 0;
	if (in->has_label && payload) {
		add_slice(s, payload->entity, payload->way, payload->is_text,
			  &in->label);
		return 0;
	}
	if (in->has_label && in->text) {
		add_slice(s, in->text,
			  in->look.is_archive ? WAY_SHAR : in->look.uu_way,
			  true, &in->label);
		return 0;
	}
	if (in->text && in->look.is_archive)
		return add_shar(s, in);
	if (in->text && in->n && fits_numbers(in))
		return add_uu(s, in);
	return 0;
}

/* ---- messages that came encoded ---- */

/* message/rfc822 in base64 is invalid, but occurs. */
static int look_into_message(struct fragments *s, const struct entity *e,
			     const struct slice *message)
{
	struct fragments *inner = arena_alloc(s->arena, sizeof(*inner));
	int r;

	fragments_init(inner, s->arena, s->spool, s->sink.error);
	inner->wants_files = s->wants_files;
	inner->depth = s->depth + 1;
	inner->next_nested = s->nested;
	s->nested = inner;
	r = extract_put(message, e, WAY_DECODE, true, &inner->sink);
	if (r < 0 || sink_close(&inner->sink) < 0)
		return -1;
	for (struct fragment *x = inner->first; x; x = x->next)
		if (!x->in)
			x->in = inner;
	*s->last = inner->first;
	if (inner->first)
		s->last = inner->last;
	return 0;
}

/* ---- other content ---- */

static const struct fragment *carried_by(const struct fragments *s,
					 const struct entity *e)
{
	for (const struct fragment *x = s->first; x; x = x->next)
		if (!x->in && x->entity == e)
			return x;
	return NULL;
}

static const struct fragments *nested_of(const struct fragments *s,
					 const struct entity *e)
{
	for (const struct fragments *x = s->nested; x; x = x->next_nested)
		if (x->of == e)
			return x;
	return NULL;
}

static int note_leaf(struct fragments *s, const struct entity *e,
		     const struct slice *message)
{
	const struct fragment *carried = carried_by(s, e);
	const struct fragments *inner = nested_of(s, e);
	struct leftover rest;
	struct part_headers m;

	if (carried && (carried->way < WAY_UU || carried->way > WAY_UU_QUOTED))
		return 0;
	if (part_headers_read(&m, s->arena, message, e, s->sink.error) < 0)
		return -1;
	if (inner && inner->first) {
		s->also = inner->also;
		return 0;
	}
	if (!carried && (m.name || !extract_is_text(e, m.type))) {
		if (!part_headers_is_signature(m.type))
			s->also = m.name ? m.name : "an attachment";
		return 0;
	}
	if (extract_leftover(message, e, carried ? carried->way : WAY_DECODE,
			     &rest, s->sink.error) < 0)
		return -1;
	/* the first part of a file has its begin line */
	if (rest.files > (carried && carried->is_first))
		s->also = "another uuencoded file";
	else if (rest.has_text)
		s->also = "a text";
	return 0;
}

/* Only for a message with a fragment: others are never deleted. */
static int note_rest(struct fragments *s)
{
	struct slice message = stage_slice(&s->stage);

	for (const struct entity *e = s->first ? s->parser.first : NULL;
	     e && !s->also; e = e->next)
		if (e->kind == ENTITY_LEAF && note_leaf(s, e, &message) < 0)
			return -1;
	return 0;
}

/* ---- the whole message ---- */

static bool begins_mail(const struct entity *e)
{
	return !e->parent || e->parent->kind == ENTITY_MESSAGE;
}

static int look_around(struct fragments *s)
{
	struct slice message = stage_slice(&s->stage);
	struct inside in = { 0 };
	struct fragment **from = s->last;

	for (const struct entity *e = s->parser.first; e; e = e->next) {
		struct part_headers m;

		if (e->kind == ENTITY_CLOSE)
			continue;
		if (part_headers_read(&m, s->arena, &message, e,
				      s->sink.error) < 0)
			return -1;
		if (begins_mail(e)) {
			if (end_inside(s, &in, from) < 0)
				return -1;
			from = s->last;
			begin_inside(s, &in, e, &m);
		}
		if (e->kind != ENTITY_LEAF)
			continue;
		if (e->type == TYPE_RFC822 && s->depth < NESTED_MAX) {
			if (look_into_message(s, e, &message) < 0)
				return -1;
			s->nested->of = e;
		} else if (look_at_leaf(s, &in, e, &m, &message) < 0) {
			return -1;
		}
	}
	if (end_inside(s, &in, from) < 0)
		return -1;
	return s->wants_files ? 0 : note_rest(s);
}

/* ---- the sink ---- */

static int fragments_put(struct sink *sink, const void *data, size_t n)
{
	struct fragments *s = (struct fragments *)sink;

	sink_put(&s->parser.sink, data, n);
	return sink_put(&s->stage.sink, data, n);
}

static int fragments_close(struct sink *sink)
{
	struct fragments *s = (struct fragments *)sink;

	sink_close(&s->parser.sink);
	if (sink_close(&s->stage.sink) < 0)
		return -1;
	return error_is_set(&s->doubt) ? 0 : look_around(s);
}

static const struct sink_ops ops = { .put = fragments_put,
				     .close = fragments_close };

void fragments_init(struct fragments *s, struct arena *a,
		    const char *const *spool, struct error *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &ops, .error = f };
	s->arena = a;
	s->spool = spool;
	s->from = "";
	s->last = &s->first;
	stage_init(&s->stage, spool, "the message", f);
	parser_init(&s->parser, a, &s->doubt);
	s->parser.skips_preamble = true;
}

void fragments_free(struct fragments *s)
{
	for (struct fragments *x = s->nested; x; x = x->next_nested)
		fragments_free(x);
	parser_free(&s->parser);
	stage_free(&s->stage);
}

int fragment_pass(const struct fragments *s, const struct fragment *x,
		  struct sink *to)
{
	const struct fragments *in = x->in ? x->in : s;
	struct slice message = stage_slice(&in->stage);

	return extract_put(&message, x->entity, x->way, x->is_text, to);
}

struct slice fragments_message(const struct fragments *s)
{
	return stage_slice(&s->stage);
}

bool fragment_label_of_header(const char *header, size_t n,
			      struct fragment_label *out)
{
	size_t above = rawfield_preamble(header, n);
	struct rawfield r;

	header += above;
	n -= above;
	for (; rawfield_read(header, n, &r);
	     header += r.length, n -= r.length) {
		struct arena a = ARENA_INIT;
		bool found;

		if (!rawfield_is(&r, FRAGMENT_LABEL_FIELD) ||
		    r.length > FRAGMENT_VALUE_MAX)
			continue;
		found = fragment_label_read(out, rawfield_text(&a, &r));
		arena_free(&a);
		if (found)
			return true;
	}
	return false;
}
