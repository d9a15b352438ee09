/* fix_body.c - what is wrong with a part, and the smallest fix.
 *
 *	it says		it has			it becomes
 *	7bit, 8bit,	long lines, NUL,	quoted-printable or base64
 *	binary, nothing	CR alone; or 8 bits
 *			that are not accepted
 *	7bit, nothing	8 bits, accepted	8bit
 *	base64		any of these		base64, wrapped anew
 *	quoted-p.	any of these		quoted-printable, broken anew
 *
 * Sealed content keeps its label and its octets, or is refused; S/MIME data is
 * encoded like any other if it cannot be sent as it is.
 *
 * Parts of an attached message keep their charset as long as their octets can
 * be sent, and their label as long as no octet is over 127.
 *
 * A multipart or message takes no encoding: its label only follows what is
 * inside.  An invalid one that is nested too deep to be parsed, or an unknown
 * encoding that would have to be encoded again, is refused. */
#include "mail/fix_body.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/message.h"

#define LINE_MAX_OCTETS 998
#define LINE_ENCODED	76

static bool is_identity(const struct entity *e)
{
	return e->label <= LABEL_BINARY;
}

static bool has_plain_lines(const struct content_scan *s)
{
	return !s->nuls && !s->bare_cr && s->longest <= LINE_MAX_OCTETS;
}

bool fix_body_as_plain(const struct entity *e)
{
	return e->kind == ENTITY_LEAF && e->type == TYPE_MULTIPART &&
	       !e->is_sealed && is_identity(e) &&
	       e->depth + 1 < PARSE_DEPTH_MAX;
}

bool fix_body_is_text(const struct entity *e)
{
	return e->type == TYPE_NONE || e->type == TYPE_PLAIN ||
	       e->type == TYPE_TEXT || fix_body_as_plain(e);
}

bool fix_body_is_fixed(const struct entity *e)
{
	return e->is_sealed && (e->has_dkim || e->type != TYPE_OTHER);
}

bool fix_body_stays_8bit(const struct entity *e)
{
	if (fix_body_is_fixed(e))
		return e->scan.high > 0;
	return e->kind == ENTITY_LEAF && e->scan.high && !e->repairs_utf8 &&
	       (is_identity(e) || e->label == LABEL_OTHER) &&
	       has_plain_lines(&e->scan);
}

/* A leaf whose octets need no other encoding: is its label correct? */
static const char *true_label(const struct entity *e, bool accept_8bit)
{
	bool high = e->scan.high > 0;

	if (e->is_attached && !high)
		return NULL;
	switch (e->label) {
	case LABEL_NONE:
	case LABEL_7BIT:
		return high ? "8bit" : NULL;
	case LABEL_BINARY:
		return high ? "8bit" : "7bit";
	case LABEL_8BIT:
		return accept_8bit ? NULL : "7bit";
	default:
		return NULL;
	}
}

static void choose_encoding(const struct entity *e, struct fix_body *m)
{
	bool qp;

	if (e->type == TYPE_RFC822 || e->type == TYPE_MESSAGE ||
	    (e->type == TYPE_MULTIPART && !fix_body_as_plain(e))) {
		m->kind = FIX_BODY_REFUSE;
		return;
	}
	qp = fix_body_is_text(e) &&
	     encoding_of_text(&e->scan) == ENCODING_QUOTED_PRINTABLE;
	m->kind = qp ? FIX_BODY_AS_QUOTED_PRINTABLE : FIX_BODY_AS_BASE64;
	m->label =
		encoding_name(qp ? ENCODING_QUOTED_PRINTABLE : ENCODING_BASE64);
}

/* A missing field may be added outside of the signed content. */
static void choose_for_sealed(const struct entity *e, struct fix_body *m)
{
	if (e->scan.high && e->label == LABEL_NONE && !e->has_dkim &&
	    !e->is_attached)
		m->label = "8bit";
}

static void choose_for_leaf(const struct entity *e, bool accept_8bit,
			    struct fix_body *m)
{
	bool plain = has_plain_lines(&e->scan);

	if (e->is_sealed && plain && (!e->scan.high || accept_8bit)) {
		choose_for_sealed(e, m);
		return;
	}
	if (fix_body_is_fixed(e)) {
		m->kind = FIX_BODY_REFUSE;
		return;
	}
	if (!is_identity(e) && e->label != LABEL_OTHER) {
		if (plain && !e->scan.high)
			return;
		m->kind = e->label == LABEL_BASE64 ? FIX_BODY_REWRAP
						   : FIX_BODY_REPAIR;
	} else if (plain && !e->repairs_utf8 &&
		   (!e->scan.high || accept_8bit)) {
		m->label = true_label(e, accept_8bit);
	} else if (e->label == LABEL_OTHER) {
		m->kind = FIX_BODY_REFUSE;
	} else {
		choose_encoding(e, m);
	}
}

void fix_body_choose(const struct entity *e, bool accept_8bit,
		     struct fix_body *m)
{
	bool high = accept_8bit && e->has_8bit;

	*m = (struct fix_body){ .kind = FIX_BODY_NOTHING };
	if (e->kind == ENTITY_LEAF)
		choose_for_leaf(e, accept_8bit, m);
	if (!e->is_attached || m->kind != FIX_BODY_NOTHING)
		m->charset = e->charset;
	if (e->kind == ENTITY_LEAF || e->kind == ENTITY_CLOSE)
		return;
	if (high)
		m->label = e->label == LABEL_8BIT ? NULL : "8bit";
	else if (e->is_attached)
		return;
	else if (e->label > LABEL_8BIT ||
		 (e->label == LABEL_8BIT && !accept_8bit))
		m->label = "7bit";
}

/* ---- filling ---------------------------------------------------------------
 *
 * A broken line continues after a space, so that the rest cannot become a
 * boundary. */

static void scrub_octet(struct scrub *s, struct sink_room *r, char c)
{
	if (!c || c == '\r' || (!s->accept_8bit && (unsigned char)c > 127))
		c = '?';
	if (s->column == LINE_MAX_OCTETS) {
		sink_room_put(r, "\r\n ", 3);
		s->column = 1;
	}
	sink_room_put(r, &c, 1);
	s->column++;
}

static void scrub_end_line(struct scrub *s, struct sink_room *r)
{
	sink_room_put(r, "\r\n", 2);
	s->column = 0;
}

static int scrub_put(struct sink *sink, const void *data, size_t n)
{
	struct scrub *s = (struct scrub *)sink;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	for (const char *p = data; n; p++, n--) {
		bool cr = s->cr;

		s->cr = false;
		if (cr && *p == '\n') {
			scrub_end_line(s, &r);
			continue;
		}
		if (cr)
			scrub_octet(s, &r, '\r');
		if (*p == '\r')
			s->cr = true;
		else
			scrub_octet(s, &r, *p);
	}
	sink_room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static int scrub_close(struct sink *sink)
{
	struct scrub *s = (struct scrub *)sink;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	if (s->cr)
		scrub_octet(s, &r, '\r');
	sink_room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops scrub_ops = { .put = scrub_put,
					   .close = scrub_close };

void scrub_init(struct scrub *s, struct sink *next, bool accept_8bit)
{
	*s = (struct scrub){
		.sink = { .ops = &scrub_ops,
			  .next = next,
			  .error = next->error },
		.accept_8bit = accept_8bit,
	};
}

/* ---- base64 ---------------------------------------------------------------
 */

static bool is_base64(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '/' || c == '=';
}

static int rewrap_flush(struct rewrap *s)
{
	size_t n = s->filled;

	if (!n)
		return 0;
	memcpy(s->line + n, "\r\n", 2);
	s->filled = 0;
	return sink_put(s->sink.next, s->line, n + 2);
}

static int rewrap_put(struct sink *sink, const void *data, size_t n)
{
	struct rewrap *s = (struct rewrap *)sink;
	const char *p = data;

	for (; n; p++, n--) {
		/* RFC 2045 6.8: characters outside the alphabet are ignored. */
		if (!is_base64(*p))
			continue;
		s->line[s->filled++] = *p;
		if (s->filled == LINE_ENCODED)
			rewrap_flush(s);
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int rewrap_close(struct sink *sink)
{
	return rewrap_flush((struct rewrap *)sink);
}

static const struct sink_ops rewrap_ops = { .put = rewrap_put,
					    .close = rewrap_close };

void rewrap_init(struct rewrap *s, struct sink *next)
{
	s->sink = (struct sink){ .ops = &rewrap_ops,
				 .next = next,
				 .error = next->error };
	s->filled = 0;
}

/* ---- quoted-printable -----------------------------------------------------
 *
 * An '=' is the beginning of "=XX", the end of a line, or an error; which one
 * is known one or two octets later.  An error becomes "=3D", which is how
 * readers interpret it. */

static void repair_room(struct repair *s, const char *text, size_t n)
{
	if (s->filled + n > sizeof(s->room)) {
		/* A failure stays in the error of the chain. */
		sink_put(s->sink.next, s->room, s->filled);
		s->filled = 0;
	}
	memcpy(s->room + s->filled, text, n);
	s->filled += n;
}

/* Octets that must not be split.  Our line breaks never create a line that
 * begins with '-', which could be a boundary. */
static void repair_unit(struct repair *s, const char *text, size_t n)
{
	if (s->column + n > LINE_ENCODED - 1) {
		repair_room(s, "=\r\n", 3);
		s->column = 0;
		if (*text == '-') {
			text = "=2D";
			n = 3;
		}
	}
	repair_room(s, text, n);
	s->column += n;
}

static void repair_octet(struct repair *s, unsigned char c)
{
	char text[3] = { '=', text_hex_upper[c >> 4], text_hex_upper[c & 15] };

	if ((c >= 32 && c < 127 && c != '=') || c == '\t')
		repair_unit(s, (const char *)&c, 1);
	else
		repair_unit(s, text, 3);
}

/* The held '=' is not an escape. */
static void repair_release(struct repair *s)
{
	bool hex = s->state == REPAIR_HEX;

	if (s->state == REPAIR_TEXT)
		return;
	s->state = REPAIR_TEXT;
	repair_octet(s, '=');
	if (hex)
		repair_octet(s, (unsigned char)s->hex);
	for (; s->blanks; s->blanks--)
		repair_octet(s, ' ');
}

static void repair_end_line(struct repair *s)
{
	if (s->state == REPAIR_HEX)
		repair_release(s);
	if (s->state == REPAIR_EQUALS)
		repair_room(s, "=", 1);
	s->state = REPAIR_TEXT;
	s->blanks = 0;
	repair_room(s, "\r\n", 2);
	s->column = 0;
}

static void repair_next(struct repair *s, char c)
{
	char text[3] = { '=', s->hex, c };

	if (s->state == REPAIR_EQUALS && text_is_blank(c)) {
		s->blanks++;
	} else if (s->state == REPAIR_EQUALS && !s->blanks &&
		   text_hex_value(c) >= 0) {
		s->state = REPAIR_HEX;
		s->hex = c;
	} else if (s->state == REPAIR_HEX && text_hex_value(c) >= 0) {
		s->state = REPAIR_TEXT;
		repair_unit(s, text, 3);
	} else {
		repair_release(s);
		if (c == '=')
			s->state = REPAIR_EQUALS;
		else
			repair_octet(s, (unsigned char)c);
	}
}

static void repair_bare_cr(struct repair *s)
{
	s->cr = false;
	repair_release(s);
	repair_octet(s, '\r');
}

static int repair_put(struct sink *sink, const void *data, size_t n)
{
	struct repair *s = (struct repair *)sink;
	const char *p = data;

	for (; n; p++, n--) {
		if (s->cr && *p == '\n') {
			s->cr = false;
			repair_end_line(s);
			continue;
		}
		if (s->cr)
			repair_bare_cr(s);
		if (*p == '\r')
			s->cr = true;
		else
			repair_next(s, *p);
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int repair_close(struct sink *sink)
{
	struct repair *s = (struct repair *)sink;

	if (s->cr)
		repair_bare_cr(s);
	if (s->state == REPAIR_EQUALS)
		repair_room(s, "=", 1);
	else
		repair_release(s);
	return sink_put(sink->next, s->room, s->filled);
}

static const struct sink_ops repair_ops = { .put = repair_put,
					    .close = repair_close };

void repair_init(struct repair *s, struct sink *next)
{
	s->sink = (struct sink){ .ops = &repair_ops,
				 .next = next,
				 .error = next->error };
	s->column = s->blanks = s->filled = 0;
	s->state = REPAIR_TEXT;
	s->cr = false;
	s->hex = 0;
}
