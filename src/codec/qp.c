/* qp.c - quoted-printable, delayed by one octet.
 *
 * How an octet is written may depend on what follows it, so one is held back:
 *
 *   held          followed by            is written
 *   space, TAB    a line's end           =20, =09 (rule 3)
 *   '.'           a line's end, alone    =2E
 *   space         anything, "From" is
 *                 all the line so far    =20, so that no line is "From "
 *   any           a line's end           up to column 76
 *   any           another octet          up to column 75, since the line may
 *                                        have to end in the '=' of a soft
 *                                        break (rule 5)
 *
 * A CR in text mode is also held until its LF.  Octets that do not depend on
 * what follows are processed in runs. */
#include "codec/qp.h"

#include <string.h>

#include "base/block.h"
#include "base/text.h"

#define QP_LINE 76

static void qp_break(struct qp *s, bool soft)
{
	if (soft)
		sink_room_put(&s->room, "=\r\n", 3);
	else
		sink_room_put(&s->room, "\r\n", 2);
	s->column = 0;
	s->from = 0;
}

static bool qp_is_literal(unsigned char c)
{
	return (c > 32 && c < 127 && c != '=') || text_is_blank(c);
}

static bool qp_held_is_literal(const struct qp *s, bool line_ends)
{
	unsigned char c = s->held;

	if (line_ends && (text_is_blank(c) || (c == '.' && !s->column)))
		return false;
	if (c == ' ' && s->from == 4 && s->column == 4)
		return false;
	return qp_is_literal(c);
}

/* Each octet is written once to its final place: reading back what was just
 * written in smaller pieces is slower than everything else. */
static void put_escape(char *out, unsigned char c)
{
	out[0] = '=';
	out[1] = text_hex_upper[c >> 4];
	out[2] = text_hex_upper[c & 15];
}

static void qp_write_encoded(struct qp *s, unsigned char c)
{
	struct sink_room *r = &s->room;

	if (sizeof(r->data) - r->filled < 3)
		sink_room_flush(r);
	put_escape(r->data + r->filled, c);
	r->filled += 3;
	s->column += 3;
}

/* Writes the octet held; `last` is the last column that it may use. */
static void qp_release(struct qp *s, bool line_ends, size_t last)
{
	bool literal;

	if (!s->holds)
		return;
	s->holds = false;
	literal = qp_held_is_literal(s, line_ends);
	if (s->column + (literal ? 1 : 3) > last)
		qp_break(s, true);
	if (!literal) {
		qp_write_encoded(s, s->held);
		return;
	}
	if (s->from == s->column && s->from < 4 &&
	    s->held == (unsigned char)"From"[s->from])
		s->from++;
	sink_room_put(&s->room, &s->held, 1);
	s->column++;
}

static void qp_hold(struct qp *s, unsigned char c)
{
	qp_release(s, false, QP_LINE - 1);
	s->held = c;
	s->holds = true;
	if (s->binary && c == '\n') {
		qp_release(s, false, QP_LINE - 1);
		qp_break(s, true);
	}
}

/* Is the held octet literal, whatever follows in its line?
 */
static bool qp_may_run(const struct qp *s)
{
	return s->holds && !s->cr && qp_is_literal(s->held) &&
	       (s->from != s->column || s->from > 4 ||
		s->held != (unsigned char)"From "[s->from]);
}

/* Copies literal octets, in steps that may write a little more than they use;
 * returns how many. */
static size_t qp_copy_literals(char *out, const unsigned char *p,
			       const unsigned char *end)
{
	const unsigned char *from = p;

	for (; end - p >= BLOCK; p += BLOCK, out += BLOCK) {
		struct block b = block_load(p);
		struct block other =
			block_or(block_below(b, ' '), block_above(b, '~'));
		size_t n = block_first(block_or(other, block_equal(b, '=')));

		block_store(out, b);
		if (n < BLOCK)
			return (size_t)(p - from) + n;
	}
	while (p < end && qp_is_literal(*p))
		*out++ = (char)*p++;
	return (size_t)(p - from);
}

/* The same as holding one after the other, for literal octets; returns how many
 * were used. */
static size_t qp_run(struct qp *s, const unsigned char *p,
		     const unsigned char *end)
{
	struct sink_room *r = &s->room;
	size_t n, room = QP_LINE - 1 - s->column;

	if ((size_t)(end - p) < room)
		room = (size_t)(end - p);
	if (r->filled + 1 + QP_LINE + BLOCK > sizeof(r->data))
		sink_room_flush(r);
	n = qp_copy_literals(r->data + r->filled + 1, p, p + room);
	if (!n)
		return 0;
	r->data[r->filled] = (char)s->held;
	r->filled += n; /* the last one is held */
	s->held = p[n - 1];
	s->column += n;
	return n;
}

static bool is_line_end(unsigned char c)
{
	return c == '\r' || c == '\n';
}

/* ... and for those that are encoded, within a line. */
static size_t qp_run_encoded(struct qp *s, const unsigned char *p,
			     const unsigned char *end)
{
	struct sink_room *r = &s->room;
	const unsigned char *from = p;
	unsigned char c = s->held;
	size_t column, filled;

	if (is_line_end(*p))
		return 0;
	if (s->column + 3 > QP_LINE - 1)
		qp_break(s, true);
	if (r->filled + QP_LINE > sizeof(r->data))
		sink_room_flush(r);
	column = s->column;
	filled = r->filled;
	while (p < end && column + 3 <= QP_LINE - 1 && !qp_is_literal(c) &&
	       !is_line_end(*p)) {
		put_escape(r->data + filled, c);
		filled += 3;
		column += 3;
		c = *p++;
	}
	s->held = c;
	s->column = column;
	r->filled = filled;
	return (size_t)(p - from);
}

/* Octets that need no individual check. */
static size_t qp_take_runs(struct qp *s, const unsigned char *p,
			   const unsigned char *end)
{
	if (qp_may_run(s))
		return qp_run(s, p, end);
	if (s->holds && !s->cr && !qp_is_literal(s->held))
		return qp_run_encoded(s, p, end);
	return 0;
}

static int qp_put(struct sink *sink, const void *data, size_t n)
{
	struct qp *s = (struct qp *)sink;
	const unsigned char *p = data, *end = p + n;

	while (p < end) {
		size_t run = qp_take_runs(s, p, end);

		if (run) {
			p += run;
			continue;
		}
		if (s->cr) {
			s->cr = false;
			if (*p == '\n') {
				qp_release(s, true, QP_LINE);
				qp_break(s, false);
				p++;
				continue;
			}
			qp_hold(s, '\r');
		}
		if (*p == '\r' && !s->binary)
			s->cr = true;
		else
			qp_hold(s, *p);
		p++;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int qp_close(struct sink *sink)
{
	struct qp *s = (struct qp *)sink;

	if (s->cr)
		qp_hold(s, '\r');
	qp_release(s, true, s->binary ? QP_LINE - 1 : QP_LINE);
	if (s->binary && s->column)
		qp_break(s, true);
	sink_room_flush(&s->room);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops qp_ops = { .put = qp_put, .close = qp_close };

void qp_init(struct qp *s, struct sink *next, bool binary)
{
	s->sink = (struct sink){ .ops = &qp_ops,
				 .next = next,
				 .error = next->error };
	s->binary = binary;
	s->cr = false;
	s->holds = false;
	s->from = 0;
	s->column = 0;
	sink_room_init(&s->room, next);
}

/* Decoding.  By octets, with buffered output; text, complete escapes and
 * complete line ends are processed in runs if nothing is held.
 *
 *	TEXT	plain; blanks are held until it is known what follows
 *	EQUALS	after '='
 *	HEX	after '=' and one hex digit
 *	SOFT	after '=' and white space: a soft break, if the line ends
 *
 * A CR is held too: alone it is an octet of the text. */

static void unqp_release(struct unqp *s)
{
	if (!s->blanks)
		return;
	sink_room_put(&s->room, s->held, s->blanks);
	s->blanks = 0;
}

static void end_line(struct unqp *s)
{
	bool is_soft = s->state == UNQP_EQUALS || s->state == UNQP_SOFT;

	if (s->state == UNQP_HEX) {
		sink_room_put(&s->room, "=", 1);
		sink_room_put(&s->room, &s->hex, 1);
	}
	s->state = UNQP_TEXT;
	s->blanks = 0;
	if (!is_soft)
		sink_room_put(&s->room, s->lf ? "\n" : "\r\n", s->lf ? 1 : 2);
}

/* The '=' before it meant nothing. */
static void give_up(struct unqp *s)
{
	sink_room_put(&s->room, "=", 1);
	if (s->state == UNQP_HEX)
		sink_room_put(&s->room, &s->hex, 1);
	if (s->state == UNQP_SOFT)
		unqp_release(s);
	s->state = UNQP_TEXT;
}

static void take_blank(struct unqp *s, char c)
{
	if (s->state == UNQP_HEX)
		give_up(s);
	else if (s->state == UNQP_EQUALS)
		s->state = UNQP_SOFT;
	if (s->blanks == sizeof(s->held)) {
		if (s->state == UNQP_SOFT)
			give_up(s);
		unqp_release(s);
	}
	s->held[s->blanks++] = c;
}

static void take_text(struct unqp *s, char c)
{
	unqp_release(s);
	if (c == '=')
		s->state = UNQP_EQUALS;
	else
		sink_room_put(&s->room, &c, 1);
}

static void take(struct unqp *s, char c)
{
	int value = text_hex_value(c);

	if (s->state == UNQP_EQUALS && value >= 0) {
		s->hex = c;
		s->state = UNQP_HEX;
	} else if (s->state == UNQP_HEX && value >= 0) {
		char octet = (char)(text_hex_value(s->hex) * 16 + value);

		sink_room_put(&s->room, &octet, 1);
		s->state = UNQP_TEXT;
	} else {
		if (s->state != UNQP_TEXT)
			give_up(s);
		take_text(s, c);
	}
}

static void take_octet(struct unqp *s, char c)
{
	if (s->cr && c != '\n') {
		s->cr = false;
		take(s, '\r');
	}
	s->cr = c == '\r';
	if (c == '\n')
		end_line(s);
	else if (text_is_blank(c))
		take_blank(s, c);
	else if (c != '\r')
		take(s, c);
}

#define RUN_MAX 1024 /* octets of text in one go */

/* Copies up to the next '=', CR or LF, in steps that may write a little more
 * than they use; returns the number of octets. */
static size_t copy_text(char *out, const char *p, const char *end)
{
	const char *from = p;

	for (; end - p >= BLOCK; p += BLOCK, out += BLOCK) {
		struct block b = block_load(p);
		struct block ends =
			block_or(block_equal(b, '\r'), block_equal(b, '\n'));
		size_t n = block_first(block_or(ends, block_equal(b, '=')));

		block_store(out, b);
		if (n < BLOCK)
			return (size_t)(p - from) + n;
	}
	while (p < end && *p != '=' && *p != '\r' && *p != '\n')
		*out++ = *p++;
	return (size_t)(p - from);
}

/* Blanks at the end of the text are kept, unless an '=' follows. */
static const char *take_text_run(struct unqp *s, const char *p, const char *end)
{
	struct sink_room *r = &s->room;
	const char *stop = end - p > RUN_MAX ? p + RUN_MAX : end;
	size_t n;

	if (r->filled + UNQP_BLANKS + RUN_MAX + BLOCK > sizeof(r->data))
		sink_room_flush(r);
	n = copy_text(r->data + r->filled + s->blanks, p, stop);
	if (p + n == end || p[n] != '=')
		while (n && text_is_blank(p[n - 1]))
			n--;
	if (!n)
		return p;
	unqp_release(s);
	r->filled += n;
	return p + n;
}

/* Consecutive complete escapes, and soft line breaks. */
static const char *take_escapes(struct unqp *s, const char *p, const char *end)
{
	struct sink_room *r = &s->room;

	unqp_release(s); /* an '=' follows them */
	while (end - p >= 3 && *p == '=' && r->filled < sizeof(r->data)) {
		int octet = text_hex_octet(p + 1);

		if (octet >= 0)
			r->data[r->filled++] = (char)octet;
		else if (p[1] != '\r' || p[2] != '\n')
			break;
		p += 3;
	}
	return p;
}

/* Lines and parts of lines from p on, while nothing but blanks is held; stops
 * at the first octet whose meaning depends on the next one. */
static const char *take_runs(struct unqp *s, const char *p, const char *end)
{
	const char *from;

	do {
		from = p;
		p = take_text_run(s, p, end);
		if (p == end)
			break;
		if (*p == '=') {
			p = take_escapes(s, p, end);
		} else if (*p == '\n' ||
			   (*p == '\r' && end - p > 1 && p[1] == '\n')) {
			p += *p == '\r' ? 2 : 1;
			end_line(s);
		}
	} while (p > from);
	return p;
}

static int unqp_put(struct sink *sink, const void *data, size_t n)
{
	struct unqp *s = (struct unqp *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		if (s->state == UNQP_TEXT && !s->cr)
			p = take_runs(s, p, end);
		if (p < end)
			take_octet(s, *p++);
	}
	sink_room_flush(&s->room);
	return error_is_set(sink->error) ? -1 : 0;
}

/* White space at the end of the input is trailing, too; so is a last '='. */
static int unqp_close(struct sink *sink)
{
	struct unqp *s = (struct unqp *)sink;

	if (s->cr)
		take(s, '\r');
	if (s->state == UNQP_HEX)
		give_up(s);
	sink_room_flush(&s->room);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops unqp_ops = { .put = unqp_put,
					  .close = unqp_close };

void unqp_init(struct unqp *s, struct sink *next, bool lf)
{
	*s = (struct unqp){
		.sink = { .ops = &unqp_ops,
			  .next = next,
			  .error = next->error },
		.lf = lf,
	};
	sink_room_init(&s->room, next);
}
