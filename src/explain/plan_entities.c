/* plan_entities.c - the finished message is read as its receiver will: what it
 * says of its parts is what they are. */
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "explain/plan.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "mail/rawfield.h"
#include "mail/received.h"

#define HEADER_MAX (64 * 1024) /* of a part, that is looked at */
#define VALUE_MAX  1000

/* %1B is how a control byte gets past whoever looks at fields. */
static const char *parameter(struct arena *a, const char *field,
			     const char *name)
{
	struct buf value = BUF_INIT(VALUE_MAX);
	char *copy = parameter_get(&value, field, name)
			     ? arena_dup(a, value.data)
			     : NULL;

	if (copy)
		text_sanitize(copy);
	buf_free(&value);
	return copy;
}

static void read_field(struct arena *a, const struct rawfield *r,
		       struct plan_entity *out)
{
	const char *text;

	if (r->length > VALUE_MAX)
		return;
	text = rawfield_text(a, r);
	if (rawfield_is(r, "Content-Type")) {
		out->type = received_clean(a, text, parameter_main(text));
		out->charset = parameter(a, text, "charset");
		if (!out->name)
			out->name = parameter(a, text, "name");
	} else if (rawfield_is(r, "Content-Transfer-Encoding")) {
		out->encoding = received_clean(a, text, strlen(text));
	} else if (rawfield_is(r, "Content-Disposition")) {
		const char *name = parameter(a, text, "filename");

		if (name)
			out->name = name;
	}
}

/* A part of a slice. */
static struct slice cut(struct slice s, uint64_t from, uint64_t length)
{
	if (from > s.length)
		from = s.length;
	if (length > s.length - from)
		length = s.length - from;
	if (s.memory)
		s.memory += from;
	else
		s.offset += from;
	s.length = length;
	return s;
}

static int read_header(struct arena *a, const struct slice *header,
		       struct plan_entity *out, struct error *f)
{
	struct buf text = BUF_INIT(HEADER_MAX);
	struct rawfield r;
	struct sink_buf to;
	const char *p;
	size_t n;

	sink_buf_init(&to, &text, f);
	if (pump_slice(header, &to.sink) < 0 || sink_close(&to.sink) < 0) {
		buf_free(&text);
		return -1;
	}
	for (p = text.data, n = text.len; rawfield_read(p, n, &r);
	     p += r.length, n -= r.length)
		read_field(a, &r, out);
	buf_free(&text);
	return 0;
}

static int add(struct plan *p, const struct entity *e,
	       struct plan_entity ***last, struct error *f)
{
	struct slice all = stage_slice(&p->composition->stage);
	struct plan_entity *new = arena_alloc(p->arena, sizeof(*new));
	uint64_t length = e->body - e->header;
	struct slice header =
		cut(all, e->header, length < HEADER_MAX ? length : HEADER_MAX);

	new->depth = e->depth;
	new->is_leaf = e->kind == ENTITY_LEAF;
	new->size = new->is_leaf && e->end > e->body ? e->end - e->body : 0;
	if (read_header(p->arena, &header, new, f) < 0)
		return -1;
	if (!new->type)
		new->type = "text/plain";
	**last = new;
	*last = &new->next;
	return 0;
}

int plan_entities(struct plan *p, struct error *f)
{
	struct slice all = stage_slice(&p->composition->stage);
	struct plan_entity **last = &p->entities;
	struct parser parser;
	size_t count = 0;
	int r;

	parser_init(&parser, p->arena, f);
	r = pump_slice(&all, &parser.sink);
	if (r == 0)
		r = sink_close(&parser.sink);
	for (const struct entity *e = parser.first; r == 0 && e; e = e->next) {
		if (e->kind == ENTITY_CLOSE)
			continue;
		if (count++ < PLAN_SHOWN)
			r = add(p, e, &last, f);
		else
			p->entities_left++;
	}
	parser_free(&parser);
	return r;
}
