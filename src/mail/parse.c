/* parse.c - a push parser with two states.
 *
 *	header	lines are gathered until an empty one, or one that is no field
 *	body	lines go to the scan of what they belong to; one that begins
 *		"--" waits until it is known not to be a boundary, and so does
 *		the line end before it, which would belong to the boundary
 *
 * A boundary of any multipart that is open counts, the innermost first: one of
 * an outer multipart ends everything inside it. */
#include "mail/parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/rawfield.h"

static struct entity *parser_add(struct parser *p, enum entity_kind kind,
				 struct entity *parent, uint64_t at)
{
	struct entity *e;

	if (p->count >= PARSE_ENTITIES_MAX) {
		error_set(p->sink.error, ERROR_DATA,
			  "the message has over %d parts", PARSE_ENTITIES_MAX);
		return NULL;
	}
	p->count++;
	e = arena_alloc(p->arena, sizeof(*e));
	e->kind = kind;
	e->parent = parent;
	e->depth = parent ? parent->depth + 1 : 0;
	e->is_attached = parent && (parent->kind == ENTITY_MESSAGE ||
				    parent->is_attached);
	e->header = e->body = e->end = at;
	e->line = p->lines + 1;
	e->is_fit = true;
	*p->last = e;
	p->last = &e->next;
	p->newest = e;
	return e;
}

static void parser_begin_header(struct parser *p, struct entity *e)
{
	p->current = e;
	p->in_header = true;
	p->has_field = false;
	p->header_line = p->header_from = 0;
	buf_reset(&p->header);
}

/* ---- headers and what they begin ------------------------------------------
 */

/* Does the start of a line matter? */
static bool watches_lines(const struct parser *p)
{
	return p->depth > 0 || p->keeps_signed;
}

static bool is_encoded(const struct entity *e)
{
	return e->label == LABEL_QUOTED_PRINTABLE || e->label == LABEL_BASE64 ||
	       e->label == LABEL_OTHER;
}

/* The header is complete; `blank`: an empty line follows.  The content may
 * begin with a header again. */
static void end_header(struct parser *p, uint64_t body, bool blank)
{
	struct entity *e = p->current;

	e->body = e->end = body;
	entity_read_header(p->arena, e, p->header.data + p->header_from,
			   p->header_line - p->header_from);
	e->is_sealed = e->is_sealed && p->keeps_signed;
	if (!blank && !e->parent)
		e->is_fit = false; /* it gets more fields */
	p->in_header = false;
	p->held = p->start_length = 0;
	p->line_at = body;
	if (e->is_sealed)
		e->boundary = NULL; /* it is opaque */
	if (e->type == TYPE_RFC822 && !is_encoded(e) && !e->is_sealed &&
	    e->depth + 1 < PARSE_DEPTH_MAX) {
		e->kind = ENTITY_MESSAGE;
		e = parser_add(p, ENTITY_LEAF, e, body);
		if (e)
			parser_begin_header(p, e);
		return;
	}
	if (e->boundary && e->depth + 1 < PARSE_DEPTH_MAX) {
		e->kind = ENTITY_MULTIPART;
		p->open[p->depth++] = e;
	}
	p->may_be_boundary = watches_lines(p);
	content_scan_init(&e->scan, NULL, p->sink.error);
}

/* ---- the body -------------------------------------------------------------
 */

static struct content_scan *parser_scan(struct parser *p)
{
	return p->current ? &p->current->scan : &p->filling;
}

static void parser_note_filling(struct parser *p, struct content_scan *s)
{
	sink_close(&s->sink);
	if (s->high)
		p->filling_has_high = true;
	if (s->nuls || s->bare_cr || s->longest > RAWFIELD_LINE_MAX)
		p->filling_is_fit = false;
}

/* The current leaf ends before the octet at `end`. */
static void parser_end_current(struct parser *p, uint64_t end)
{
	struct entity *e = p->current;

	if (!e) {
		parser_note_filling(p, &p->filling);
		return;
	}
	if (end < e->body)
		end = e->body;
	if (e->kind == ENTITY_MULTIPART && e->seen) {
		parser_note_filling(p, &e->scan);
		return;
	}
	/* Its boundary never occurred. */
	e->kind = ENTITY_LEAF;
	e->end = end;
	sink_close(&e->scan.sink);
}

/* Ends the multiparts that are open above `depth` and never ended, before the
 * line end that was held back, if any. */
static void parser_close_down_to(struct parser *p, unsigned depth, uint64_t at,
				 bool before_line_end)
{
	while (p->depth > depth) {
		struct entity *e = p->open[--p->depth];

		if (e->seen)
			e = parser_add(p, ENTITY_CLOSE, e, at);
		if (e && e->kind == ENTITY_CLOSE)
			e->before_line_end = before_line_end;
	}
}

/* So do the messages that are attached within `owner`. */
static void parser_end_messages(struct parser *p, const struct entity *owner,
				uint64_t end)
{
	for (struct entity *e = p->newest; e && e != owner; e = e->parent)
		if (e->kind == ENTITY_MESSAGE)
			e->until = end > e->body ? end : e->body;
}

static void parser_boundary(struct parser *p, unsigned level, bool last)
{
	struct entity *owner = p->open[level];
	uint64_t end = p->line_at - p->held;

	owner->seen = true;
	parser_end_messages(p, owner, end);
	parser_end_current(p, end);
	parser_close_down_to(p, level + 1, end, p->held > 0);
	p->held = p->start_length = 0;
	if (last) {
		p->depth--;
		p->current = NULL;
		content_scan_init(&p->filling, NULL, p->sink.error);
	} else {
		struct entity *e = parser_add(p, ENTITY_LEAF, owner, p->at);

		if (e)
			parser_begin_header(p, e);
	}
	p->may_be_boundary = watches_lines(p);
	p->line_at = p->at;
}

/* Which open multipart the line is a boundary of; -1 for none. */
static int match_boundary(const struct parser *p, const char *line, size_t n,
			  bool *last)
{
	while (n && strchr(" \t\r\n", line[n - 1]) && line[n - 1])
		n--;
	if (n < 2 || line[0] != '-' || line[1] != '-')
		return -1;
	line += 2;
	n -= 2;
	for (unsigned i = p->depth; i-- > 0;) {
		const char *boundary = p->open[i]->boundary;
		size_t length = strlen(boundary);

		if (n < length || memcmp(line, boundary, length) != 0)
			continue;
		*last = n == length + 2 && !memcmp(line + length, "--", 2);
		if (*last || n == length)
			return (int)i;
	}
	return -1;
}

/* Octets of a line, all but the line end that it may finish with. */
static void parser_scan_octets(struct parser *p, const char *data, size_t n)
{
	struct sink *to = &parser_scan(p)->sink;
	size_t keep = 0;

	if (!n)
		return;
	if (p->held == 1 && p->hold[0] == '\r' && *data == '\n') {
		p->hold[p->held++] = '\n';
		data++;
		if (!--n)
			return;
	}
	sink_put(to, p->hold, p->held);
	if (data[n - 1] == '\r')
		keep = 1;
	else if (data[n - 1] == '\n')
		keep = n > 1 && data[n - 2] == '\r' ? 2 : 1;
	memcpy(p->hold, data + n - keep, keep);
	p->held = keep;
	sink_put(to, data, n - keep);
}

/* A text with a signature of its own in it. */
static void parser_note_armour(struct parser *p)
{
	struct entity *e = p->current;

	if (p->keeps_signed && e && e->kind == ENTITY_LEAF && !is_encoded(e) &&
	    e->type <= TYPE_TEXT && entity_is_armour(p->start, p->start_length))
		e->is_sealed = true;
}

/* Is the current line, which may be one, a boundary? */
static bool parser_wait(struct parser *p, const char *data, size_t n, bool ends)
{
	size_t room = sizeof(p->start) - p->start_length;
	bool last = false;
	int level;

	if (n <= room) {
		memcpy(p->start + p->start_length, data, n);
		p->start_length += n;
		if (memcmp(p->start, "--",
			   p->start_length < 2 ? p->start_length : 2) == 0) {
			if (!ends)
				return true;
			level = match_boundary(p, p->start, p->start_length,
					       &last);
			if (level >= 0) {
				parser_boundary(p, (unsigned)level, last);
				return true;
			}
			parser_note_armour(p);
		}
		n = 0;
	}
	p->may_be_boundary = false;
	parser_scan_octets(p, p->start, p->start_length);
	parser_scan_octets(p, data, n);
	return false;
}

/* A line of the body or a piece of one; `ends`: with its line end. */
static void parser_body_line(struct parser *p, const char *data, size_t n,
			     bool ends)
{
	p->at += n;
	p->lines += ends;
	if (p->may_be_boundary) {
		if (parser_wait(p, data, n, ends))
			return;
	} else {
		parser_scan_octets(p, data, n);
	}
	if (ends) {
		p->may_be_boundary = watches_lines(p);
		p->start_length = 0;
		p->line_at = p->at;
	}
}

/* ---- the header -----------------------------------------------------------
 */

static int parser_put(struct sink *sink, const void *data, size_t n);

/* The octets from `from` on, read as header, belong to the body. */
static void parser_rewind(struct parser *p, size_t from, bool blank)
{
	size_t n = p->header.len - from;
	char *rest = memory_alloc(n + 1);

	memcpy(rest, p->header.data + from, n);
	p->at -= n;
	for (size_t i = 0; i < n; i++)
		p->lines -= rest[i] == '\n';
	end_header(p, p->at, blank);
	parser_put(&p->sink, rest, n);
	free(rest);
}

static size_t blank_length(const char *line, size_t n)
{
	if (n && line[0] == '\n')
		return 1;
	return n > 1 && line[0] == '\r' && line[1] == '\n' ? 2 : 0;
}

/* The lines before the header do not precede one, since no header follows: an
 * empty line ends the header, anything else is text. */
static void parser_leave_preamble(struct parser *p)
{
	size_t first = blank_length(p->header.data, p->header.len);

	p->header_line = p->header_from = 0;
	p->current->header = p->at - p->header.len;
	parser_rewind(p, first, first > 0);
}

/* A line that ends the header. */
static void parser_leave_header(struct parser *p, bool blank)
{
	if (p->header_from && !p->has_field) {
		parser_leave_preamble(p);
	} else if (blank) {
		end_header(p, p->at, true);
	} else {
		parser_rewind(p, p->header_line, false);
	}
}

/* Other programs write ">From " for an mbox line in their input. */
static bool is_mbox_line(const char *line, size_t n)
{
	for (; n && *line == '>'; n--)
		line++;
	return n > 5 && !memcmp(line, "From ", 5);
}

/* Some gateways attach a message with its mbox line. */
static bool is_attached(const struct entity *e)
{
	return e->parent && e->parent->kind == ENTITY_MESSAGE;
}

static bool is_plain_line(const char *line, size_t n)
{
	if (n > RAWFIELD_LINE_MAX)
		return false;
	while (n && (unsigned char)*line < 127 && *line)
		line++, n--;
	return !n;
}

static bool is_above_header(const struct parser *p, const char *line, size_t n)
{
	if (is_attached(p->current) && !p->header_line)
		return is_mbox_line(line, n) && is_plain_line(line, n);
	if (p->current != p->first || p->has_field ||
	    p->header_line != p->header_from)
		return false;
	return (!p->header_from && is_mbox_line(line, n)) ||
	       (p->skips_preamble && blank_length(line, n)) ||
	       (p->skips_preamble && is_mbox_line(line, n));
}

static void pass_bom(struct parser *p)
{
	if (!p->skips_preamble || p->current != p->first || p->header_line ||
	    p->header.len < 3 || memcmp(p->header.data, "\xEF\xBB\xBF", 3) != 0)
		return;
	p->header_from = p->header_line = 3;
	p->current->header = 3;
}

/* One line, or one truncated at the header limit. */
static void parser_header_line(struct parser *p)
{
	const char *line;
	size_t n;
	bool last;

	pass_bom(p);
	line = p->header.data + p->header_line;
	n = p->header.len - p->header_line;
	if (is_above_header(p, line, n)) {
		p->header_from = p->header_line = p->header.len;
		p->current->header = p->at;
	} else if (blank_length(line, n)) {
		parser_leave_header(p, true);
	} else if (match_boundary(p, line, n, &last) >= 0) {
		parser_leave_header(p, false);
	} else if (text_is_blank(*line) && p->has_field) {
		p->header_line = p->header.len;
	} else if (rawfield_name(line, n)) {
		p->has_field = true;
		p->header_line = p->header.len;
	} else {
		parser_leave_header(p, false);
	}
}

/* The header limit is reached.  A single long line that is not a field is body;
 * anything else is refused. */
static void parser_header_full(struct parser *p, const char *data, size_t n)
{
	size_t room = PARSE_HEADER_MAX - p->header.len, length;
	const char *line;

	p->header.overflow = false;
	buf_put(&p->header, data, room);
	p->at += room;
	line = p->header.data + p->header_line;
	length = p->header.len - p->header_line;
	if (length > RAWFIELD_LINE_MAX && !rawfield_name(line, length) &&
	    !(p->has_field && text_is_blank(*line))) {
		parser_leave_header(p, false);
		parser_put(&p->sink, data + room, n - room);
		return;
	}
	error_set(p->sink.error, ERROR_DATA,
		  "the header at line %" PRIu64
		  " of the message is over %d octets",
		  p->current->line, PARSE_HEADER_MAX);
}

static void parser_header_octets(struct parser *p, const char *data, size_t n,
				 bool ends)
{
	if (buf_put(&p->header, data, n) < 0) {
		parser_header_full(p, data, n);
		return;
	}
	p->at += n;
	p->lines += ends;
	if (ends)
		parser_header_line(p);
}

/* ---- the sink -------------------------------------------------------------
 */

static int parser_put(struct sink *sink, const void *data, size_t n)
{
	struct parser *p = (struct parser *)sink;
	const char *at = data, *end = at + n;

	while (at < end && !error_is_set(sink->error)) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((lf ? lf + 1 : end) - at);

		if (p->in_header)
			parser_header_octets(p, at, length, lf != NULL);
		else
			parser_body_line(p, at, length, lf != NULL);
		at += length;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static void parser_last_header(struct parser *p)
{
	/* a line that is not a field of one may be one of the next */
	while (p->in_header && p->header.len > p->header_line)
		parser_header_line(p);
	if (p->in_header && p->header_from && !p->has_field)
		parser_leave_header(p, false);
	while (p->in_header)
		end_header(p, p->at, false);
}

/* An unterminated last line can be a boundary, or a field. */
static void parser_last_line(struct parser *p)
{
	bool last;
	int level;

	if (p->in_header)
		parser_last_header(p);
	if (!p->may_be_boundary || !p->start_length)
		return;
	level = match_boundary(p, p->start, p->start_length, &last);
	if (level >= 0)
		parser_boundary(p, (unsigned)level, last);
	else
		parser_scan_octets(p, p->start, p->start_length);
	while (p->in_header)
		end_header(p, p->at, false);
}

static int parser_close(struct sink *sink)
{
	struct parser *p = (struct parser *)sink;
	bool unended = false;
	uint64_t end;

	parser_last_line(p);
	for (unsigned i = 0; i < p->depth; i++)
		unended = unended || p->open[i]->seen;
	end = p->at;
	if (unended && p->held && p->hold[p->held - 1] == '\n')
		end -= p->held;
	else
		sink_put(&parser_scan(p)->sink, p->hold, p->held);
	parser_end_messages(p, NULL, end);
	parser_end_current(p, end);
	parser_close_down_to(p, 0, end, end < p->at);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops parser_ops = { .put = parser_put,
					    .close = parser_close };

void parser_init(struct parser *p, struct arena *a, struct error *f)
{
	memset(p, 0, sizeof(*p));
	p->sink = (struct sink){ .ops = &parser_ops, .error = f };
	p->arena = a;
	p->last = &p->first;
	p->filling_is_fit = true;
	buf_init(&p->header, PARSE_HEADER_MAX);
	parser_begin_header(p, parser_add(p, ENTITY_LEAF, NULL, 0));
}

void parser_free(struct parser *p)
{
	buf_free(&p->header);
}
