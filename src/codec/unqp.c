/* unqp.c - octet by octet, output gathered.
 *
 *	TEXT	plain; blanks are held until it is known what follows
 *	EQUALS	behind '='
 *	HEX	behind '=' and one hex digit
 *	SOFT	behind '=' and white space: a soft break, if the line ends
 *
 * A CR is held too: alone it is an octet of the text. */
#include "codec/unqp.h"

#include <string.h>

#include "base/text.h"

static void flush(struct unqp *s)
{
	/* a failure sticks in the chain's error */
	sink_put(s->sink.next, s->room, s->filled);
	s->filled = 0;
}

static void emit(struct unqp *s, const char *data, size_t n)
{
	if (s->filled + n > sizeof(s->room))
		flush(s);
	memcpy(s->room + s->filled, data, n);
	s->filled += n;
}

static void release(struct unqp *s)
{
	emit(s, s->held, s->blanks);
	s->blanks = 0;
}

static void end_line(struct unqp *s)
{
	bool is_soft = s->state == UNQP_EQUALS || s->state == UNQP_SOFT;

	if (s->state == UNQP_HEX) {
		emit(s, "=", 1);
		emit(s, &s->hex, 1);
	}
	s->state = UNQP_TEXT;
	s->blanks = 0;
	if (!is_soft)
		emit(s, s->lf ? "\n" : "\r\n", s->lf ? 1 : 2);
}

/* The '=' before it meant nothing. */
static void give_up(struct unqp *s)
{
	emit(s, "=", 1);
	if (s->state == UNQP_HEX)
		emit(s, &s->hex, 1);
	if (s->state == UNQP_SOFT)
		release(s);
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
		release(s);
	}
	s->held[s->blanks++] = c;
}

static void take_text(struct unqp *s, char c)
{
	release(s);
	if (c == '=')
		s->state = UNQP_EQUALS;
	else
		emit(s, &c, 1);
}

static void take(struct unqp *s, char c)
{
	int value = text_hex_value(c);

	if (s->state == UNQP_EQUALS && value >= 0) {
		s->hex = c;
		s->state = UNQP_HEX;
	} else if (s->state == UNQP_HEX && value >= 0) {
		char octet = (char)(text_hex_value(s->hex) * 16 + value);

		emit(s, &octet, 1);
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
	else if (c == ' ' || c == '\t')
		take_blank(s, c);
	else if (c != '\r')
		take(s, c);
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct unqp *s = (struct unqp *)sink;
	const char *p = data;

	while (n--)
		take_octet(s, *p++);
	flush(s);
	return error_is_set(sink->error) ? -1 : 0;
}

/* White space at the very end is at a line's end too; so is a last '='. */
static int finish(struct sink *sink)
{
	struct unqp *s = (struct unqp *)sink;

	if (s->cr)
		take(s, '\r');
	if (s->state == UNQP_HEX)
		give_up(s);
	flush(s);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops ops = { put, finish };

void unqp_init(struct unqp *s, struct sink *next, bool lf)
{
	*s = (struct unqp){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.lf = lf,
	};
}
