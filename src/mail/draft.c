/* draft.c - writes the message in one pass over the entities of parse.c.
 *
 * The content consists of entities and the filling between them, in order:
 *
 *	header | filling, header, leaf | filling, header, leaf | filling
 *
 * The header and leaf of a part that need no change are copied; the top header
 * is always written field by field, since the caller changes it. A missing
 * closing boundary of a multipart is added. */
#include "mail/draft.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/to_utf8.h"
#include "flow/crlf.h"
#include "mail/charset.h"
#include "mail/fix_body.h"
#include "mail/fix_header.h"
#include "mail/message.h"
#include "mail/parse.h"
#include "mail/rawfield.h"
#include "mail/sealed.h"

struct draft_origin {
	const char *value; /* a field with this pointer was not changed */
	uint64_t at;	   /* from the start of the header */
	uint64_t length;
	const char *name;
	bool fit;
};

static struct slice range(const struct draft *d, uint64_t from, uint64_t to)
{
	struct slice part = d->content;

	part.offset += from;
	part.length = to - from;
	return part;
}

/* The header of an entity; parse.c has checked its size. */
static int read_header(const struct draft *d, const struct entity *e,
		       struct buf *out, struct error *f)
{
	struct slice header = range(d, e->header, e->body);
	struct sink_buf sink;

	sink_buf_init(&sink, out, f);
	return pump_slice(&header, &sink.sink);
}

/* ---- reading --------------------------------------------------------------
 */

static int add_field(struct arena *a, struct draft *d, const struct rawfield *r,
		     size_t at, struct error *f)
{
	struct field **slot = d->header.last;
	const char *name = arena_dup_n(a, r->start, r->name);

	if (header_add(a, &d->header, name, fix_header_meaning(a, r), f) < 0)
		return -1;
	d->origins[d->origin_count++] = (struct draft_origin){
		.value = (*slot)->value,
		.at = at,
		.length = r->length,
		.name = name,
		.fit = r->fit,
	};
	return 0;
}

static int add_fields(struct arena *a, struct draft *d, const struct buf *text,
		      struct error *f)
{
	struct rawfield r;
	size_t count = 0, at;

	for (at = 0; rawfield_read(text->data + at, text->len - at, &r);
	     at += r.length)
		count++;
	d->origins = arena_array(a, count, sizeof(*d->origins));
	for (at = 0; rawfield_read(text->data + at, text->len - at, &r);
	     at += r.length)
		if (add_field(a, d, &r, at, f) < 0)
			return -1;
	return 0;
}

/* A file is not changed, octet for octet. */
static bool is_torn(const struct draft *d, const struct entity *e)
{
	struct slice leaf = range(d, e->body, e->end);

	return e->kind == ENTITY_LEAF && !e->is_attachment && !e->is_sealed &&
	       charset_is_torn_utf8(&e->scan, &leaf, NULL);
}

/* The charset parameter is corrected only if it is certainly wrong; HTML that
 * is not UTF-8 declares its charset itself. */
static const char *find_charset(const struct draft *d, const struct entity *e)
{
	struct slice leaf = range(d, e->body, e->end);
	bool as_plain = fix_body_as_plain(e);
	/* cron labels the output of a job with its own locale, not the job's */
	bool is_wrong = e->claims_utf8 && !e->scan.utf8;

	if (e->kind != ENTITY_LEAF || !fix_body_is_text(e) ||
	    e->label > LABEL_BINARY)
		return NULL;
	if (!as_plain && !is_wrong && (!e->scan.high || e->has_charset))
		return NULL;
	if (e->is_sealed && (e->type != TYPE_NONE || e->has_dkim))
		return NULL;
	if (is_torn(d, e))
		return "utf-8";
	if (e->type == TYPE_TEXT && !e->scan.utf8)
		return NULL;
	return charset_of(&e->scan, &leaf, NULL);
}

static bool keeps_high_header(const struct entity *e)
{
	return e->is_attached && e->is_fit && e->has_high;
}

static void note_8bit(struct draft *d, struct entity *e)
{
	for (d->has_8bit = true; e; e = e->parent)
		e->has_8bit = true;
}

static void judge(struct draft *d)
{
	for (struct entity *e = d->entities; e; e = e->next) {
		e->charset = find_charset(d, e);
		e->repairs_utf8 =
			e->charset && !e->is_attached && is_torn(d, e);
		if (fix_body_stays_8bit(e) || keeps_high_header(e))
			note_8bit(d, e);
		if (fix_body_is_fixed(e) && e->scan.high && !d->fixed_8bit)
			d->fixed_8bit = e->line;
	}
	if (d->filling_has_high)
		d->has_8bit = true;
}

static int parse(struct arena *a, struct draft *d, struct error *f)
{
	struct parser *p = memory_alloc(sizeof(*p));
	int rc;

	parser_init(p, a, f);
	p->keeps_signed = d->keeps_signed;
	pump_slice(&d->content, &p->sink);
	rc = sink_close(&p->sink);
	d->entities = p->first;
	d->body = p->first->body;
	d->filling_has_high = p->filling_has_high;
	d->filling_is_fit = p->filling_is_fit;
	parser_free(p);
	free(p);
	return rc;
}

static bool ends_in_cr(const struct draft *d, struct error *f)
{
	uint64_t length = d->content.length;
	struct slice end;
	struct source from;
	char last;

	if (!length)
		return false;
	end = range(d, length - 1, length);
	source_of_slice(&from, &end);
	return source_read(&from, &last, 1, f) == 1 && last == '\r';
}

/* Does the message end in a leaf that has no lines? */
static bool ends_in_octets(const struct draft *d)
{
	const struct entity *e = d->entities;

	while (e->next)
		e = e->next;
	return e->kind == ENTITY_LEAF && e->end == d->content.length &&
	       !fix_body_is_text(e);
}

/* A CR as the last octet is half of a truncated line end, of the text or of a
 * boundary. */
static int parse_whole(struct arena *a, struct draft *d, struct error *f)
{
	bool cut = ends_in_cr(d, f);
	int rc;

	d->content.length -= cut;
	rc = error_is_set(f) ? -1 : parse(a, d, f);
	if (rc < 0 || !cut || !ends_in_octets(d))
		return rc;
	d->content.length++;
	return parse(a, d, f);
}

static int read_draft(struct arena *a, struct draft *d, struct error *f)
{
	struct buf header = BUF_INIT(PARSE_HEADER_MAX + 1);
	int rc;

	header_init(&d->header);
	rc = parse_whole(a, d, f);
	if (!rc)
		rc = read_header(d, d->entities, &header, f);
	if (!rc)
		rc = add_fields(a, d, &header, f);
	if (!rc)
		rc = sealed_find(d, f);
	if (!rc && d->keeps_signed && d->entities->has_dkim)
		d->dkim = dkim_fields(a, &d->header);
	if (!rc)
		judge(d);
	buf_free(&header);
	return rc;
}

int draft_read(struct arena *a, const struct slice *content, struct draft *d,
	       struct error *f)
{
	*d = (struct draft){ .content = *content, .keeps_signed = true };
	return read_draft(a, d, f);
}

int draft_read_quoting(struct arena *a, const struct slice *content,
		       struct draft *d, struct error *f)
{
	*d = (struct draft){ .content = *content };
	return read_draft(a, d, f);
}

/* ---- the headers ----------------------------------------------------------
 */

/* Where a header field was found.  They are looked up in order, so the search
 * continues from the last one. */
static const struct draft_origin *
find_origin(const struct draft *d, const struct field *x, size_t *next)
{
	for (size_t i = *next; i < d->origin_count; i++) {
		if (d->origins[i].value == x->value) {
			*next = i + 1;
			return &d->origins[i];
		}
	}
	return NULL;
}

static int refuse_change(const char *name, const char *what, struct error *f)
{
	return error_set(
		f, ERROR_DATA,
		"the header field %s is signed (DKIM-Signature) and %s; leave "
		"out the option or setting that does so, or take the "
		"DKIM-Signature out of the message",
		name, what);
}

/* Skips fields of the original, up to the one at `end`. */
static int check_left_out(const struct draft *d, size_t from, size_t end,
			  struct error *f)
{
	for (; from < end; from++)
		if (dkim_covers(d->dkim, d->origins[from].name))
			return refuse_change(d->origins[from].name,
					     "would be changed", f);
	return 0;
}

/* A signed field is sent unchanged, or the message is refused. */
static int check_signed(const struct field *x, const struct draft_origin *o,
			const char *raw, struct error *f)
{
	const struct slice text =
		slice_of_memory(o ? raw : "", o ? (size_t)o->length : 0);
	struct content_scan s;

	if (!o)
		return refuse_change(x->name, "would be changed", f);
	if (content_scan_slice(&s, &text, f) < 0)
		return -1;
	if (s.nuls || s.bare_cr || s.longest > RAWFIELD_LINE_MAX)
		return refuse_change(
			x->name, "has octets or a line that mail cannot carry",
			f);
	if (!s.utf8) /* RFC 6532 3.2: otherwise no octets over 127 in a header
		      */
		return refuse_change(x->name,
				     "has octets over 127 that are not UTF-8",
				     f);
	return 0;
}

/* `x` at the origin `o`, or a new field. */
static int write_field(const struct draft *d, struct fix_header *r,
		       const struct field *x, const struct draft_origin *o,
		       const struct buf *text)
{
	bool is_signed = dkim_covers(d->dkim, x->name);
	const char *raw = o ? text->data + o->at : NULL;

	if (is_signed && check_signed(x, o, raw, r->to->error) < 0)
		return -1;
	if (o && (o->fit || is_signed))
		return fix_header_put(r, x->name, x->value, raw,
				      (size_t)o->length);
	return fix_header_put(r, x->name, x->value, NULL, 0);
}

static int write_top(const struct draft *d, const struct fix_body *m,
		     struct sink *to)
{
	struct fix_header r = { .to = to, .entity = d->entities, .fix = m };
	struct buf text = BUF_INIT(PARSE_HEADER_MAX + 1);
	size_t next = 0;
	int rc = read_header(d, d->entities, &text, to->error);

	for (struct field *x = d->header.first; !rc && x; x = x->next) {
		size_t from = next;
		const struct draft_origin *o = find_origin(d, x, &next);
		bool is_hidden = header_is_bcc(x->name) && !d->keeps_bcc;

		if (o)
			rc = check_left_out(d, from,
					    is_hidden ? next : next - 1,
					    to->error);
		if (!rc && !is_hidden)
			rc = write_field(d, &r, x, o, &text);
	}
	if (!rc)
		rc = check_left_out(d, next, d->origin_count, to->error);
	buf_free(&text);
	return rc ? rc : fix_header_finish(&r);
}

static int refit_fields(struct fix_header *r, const struct buf *text)
{
	struct arena values = ARENA_INIT;
	const char *at = text->data, *end = at + text->len;
	struct rawfield x;
	int rc = 0;

	for (; !rc && rawfield_read(at, (size_t)(end - at), &x);
	     at += x.length) {
		const char *name = arena_dup_n(&values, x.start, x.name);

		rc = fix_header_put(r, name, fix_header_meaning(&values, &x),
				    x.fit ? x.start : NULL, x.length);
	}
	arena_free(&values);
	return rc;
}

/* ---- the body -------------------------------------------------------------
 */

/* By lines; `last` completes the line end of the last one. */
static int write_lines(const struct draft *d, uint64_t from, uint64_t end,
		       bool last, struct sink *to)
{
	struct slice part = range(d, from, end);
	struct crlf lines;

	crlf_init(&lines, to, false, last);
	pump_slice(&part, &lines.sink);
	sink_close(&lines.sink);
	return error_is_set(to->error) ? -1 : 0;
}

static int write_header(const struct draft *d, const struct entity *e,
			const struct fix_body *m, bool accept_8bit,
			struct sink *to)
{
	struct fix_header r = { .to = to, .entity = e, .fix = m };
	struct buf text = BUF_INIT(PARSE_HEADER_MAX + 1);
	int rc;

	if (!e->parent)
		return write_top(d, m, to);
	if (sealed_has_header(e) || (e->is_fit && !m->label && !m->charset &&
				     (accept_8bit || !e->has_high)))
		return write_lines(d, e->header, e->body, true, to);
	rc = read_header(d, e, &text, to->error);
	if (!rc)
		rc = refit_fields(&r, &text);
	buf_free(&text);
	return rc ? rc : fix_header_finish(&r);
}

static int write_filling(const struct draft *d, uint64_t from, uint64_t end,
			 bool accept_8bit, struct sink *to)
{
	struct slice part = range(d, from, end);
	bool last = end == d->content.length;
	struct scrub scrub;
	struct crlf lines;

	if (d->filling_is_fit && (accept_8bit || !d->filling_has_high))
		return write_lines(d, from, end, last, to);
	scrub_init(&scrub, to, accept_8bit);
	crlf_init(&lines, &scrub.sink, false, last);
	pump_slice(&part, &lines.sink);
	sink_close(&lines.sink);
	sink_close(&scrub.sink);
	return error_is_set(to->error) ? -1 : 0;
}

static int write_octets(const struct draft *d, const struct entity *e,
			struct sink *to)
{
	struct slice part = range(d, e->body, e->end);

	pump_slice(&part, to);
	return sink_close(to);
}

/* Text is encoded by lines, with CRLF as their ends (RFC 2046 4.1.1); what is
 * not text, octet for octet. */
static int write_encoded(const struct draft *d, const struct entity *e,
			 bool last, struct sink *to)
{
	struct to_utf8 repair;

	if (!fix_body_is_text(e))
		return write_octets(d, e, to);
	if (e->repairs_utf8) {
		to_utf8_init(&repair, to, UTF_8);
		write_lines(d, e->body, e->end, last, &repair.sink);
		sink_close(&repair.sink);
	} else {
		write_lines(d, e->body, e->end, last, to);
	}
	return sink_close(to);
}

/* The missing end of an attached message is not added. */
static bool is_written(const struct entity *e)
{
	return e->kind != ENTITY_CLOSE || !e->parent || !e->parent->is_attached;
}

static bool is_last(const struct entity *e)
{
	for (e = e->next; e; e = e->next)
		if (is_written(e))
			return false;
	return true;
}

static int write_leaf(const struct draft *d, const struct entity *e,
		      const struct fix_body *m, struct sink *to)
{
	bool last = e->end == d->content.length && is_last(e);
	struct base64 base64;
	struct rewrap rewrap;
	struct repair repair;
	struct qp qp;

	switch (m->kind) {
	case FIX_BODY_NOTHING:
		return write_lines(d, e->body, e->end, last, to);
	case FIX_BODY_AS_QUOTED_PRINTABLE:
		qp_init(&qp, to, false);
		return write_encoded(d, e, last, &qp.sink);
	case FIX_BODY_AS_BASE64:
		base64_init(&base64, to);
		return write_encoded(d, e, last, &base64.sink);
	case FIX_BODY_REWRAP:
		rewrap_init(&rewrap, to);
		return write_octets(d, e, &rewrap.sink);
	case FIX_BODY_REPAIR:
		repair_init(&repair, to);
		write_lines(d, e->body, e->end, last, &repair.sink);
		return sink_close(&repair.sink);
	case FIX_BODY_REFUSE:
		if (fix_body_is_fixed(e))
			return sealed_refuse(d, e, to->error);
		break;
	}
	return error_set(
		to->error, ERROR_DATA,
		"the part at line %" PRIu64 " of the message has "
		"octets or lines that mail cannot carry, in a form "
		"that cannot be encoded again; send it as an attachment",
		e->line);
}

/* A soft line break can move "--boundary" to the start of a line.  Our own
 * boundaries cannot occur in quoted-printable; those of others can, and base64
 * has no '-'. */
static int avoid_boundaries(const struct draft *d, const struct entity *e,
			    struct fix_body *m, struct error *f)
{
	struct boundary_search search;
	struct qp qp;

	if (m->kind != FIX_BODY_AS_QUOTED_PRINTABLE)
		return 0;
	for (const struct entity *x = e->parent; x; x = x->parent) {
		if (x->kind != ENTITY_MULTIPART)
			continue;
		boundary_search_init(&search, x->boundary, f);
		qp_init(&qp, &search.sink, false);
		if (write_encoded(d, e, false, &qp.sink) < 0)
			return -1;
		if (search.found) {
			m->kind = FIX_BODY_AS_BASE64;
			m->label = encoding_name(ENCODING_BASE64);
		}
	}
	return 0;
}

/* Of several that end at the same offset, the last one ends the line. */
static int write_close(const struct entity *e, struct sink *to)
{
	const struct entity *next = e->next;
	bool more =
		next && next->kind == ENTITY_CLOSE && next->header == e->header;

	return sink_printf(to, "\r\n--%s--%s", e->parent->boundary,
			   more || e->before_line_end ? "" : "\r\n");
}

/* The filling up to the entity, then its octets before the next one. */
static int write_entity(const struct draft *d, const struct entity *e,
			uint64_t *done, bool accept_8bit, struct sink *to)
{
	struct fix_body m;

	if (e->parent &&
	    write_filling(d, *done, e->header, accept_8bit, to) < 0)
		return -1;
	*done = e->body;
	if (e->kind == ENTITY_CLOSE && e->parent)
		return is_written(e) ? write_close(e, to) : 0;
	fix_body_choose(e, accept_8bit, &m);
	if (avoid_boundaries(d, e, &m, to->error) < 0 ||
	    write_header(d, e, &m, accept_8bit, to) < 0)
		return -1;
	if (e->kind != ENTITY_LEAF)
		return 0;
	*done = e->end;
	return write_leaf(d, e, &m, to);
}

int draft_write(const struct draft *d, bool accept_8bit, struct sink *to)
{
	uint64_t done = 0;

	for (const struct entity *e = d->entities; e; e = e->next)
		if (write_entity(d, e, &done, accept_8bit, to) < 0)
			return -1;
	return write_filling(d, done, d->content.length, accept_8bit, to);
}
