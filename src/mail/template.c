/* template.c - nothing is held back: what a line was is known at its end, and
 * matters to the next one only. */
#include "mail/template.h"

#include <string.h>

#include "mail/rawfield.h"

static const char mbox[] = "From ";

/* What follows is the text, unless this line is of the header. */
static void begin(struct template *t, char c)
{
	t->name = 0;
	t->is_mbox = !t->has_field;
	if (c == '#')
		t->state = TEMPLATE_COMMENT;
	else if ((c == ' ' || c == '\t') && t->has_field)
		t->state = TEMPLATE_FIELD;
	else
		t->state = TEMPLATE_NAME;
}

static void in_name(struct template *t, char c)
{
	t->is_mbox = t->is_mbox && c == mbox[t->name];
	if (t->is_mbox && !mbox[t->name + 1])
		t->state = TEMPLATE_FIELD;
	else if (c == ':' && t->name)
		t->has_field = true, t->state = TEMPLATE_FIELD;
	else if ((c == ' ' || c == '\t') && t->name)
		t->state = TEMPLATE_BLANK;
	else if (c <= 32 || c >= 127 || c == ':' ||
		 ++t->name > RAWFIELD_NAME_MAX)
		t->state = TEMPLATE_BODY;
}

static void behind_name(struct template *t, char c)
{
	if (c == ':')
		t->has_field = true, t->state = TEMPLATE_FIELD;
	else if (c != ' ' && c != '\t')
		t->state = TEMPLATE_BODY;
}

/* Past the end of the line that is at hand, or of all there is. */
static const char *to_line_end(struct template *t, const char *p,
			       const char *end)
{
	const char *stop = memchr(p, '\n', (size_t)(end - p));

	if (!stop)
		return end;
	t->state = TEMPLATE_START;
	return stop + 1;
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct template *t = (struct template *)sink;
	const char *p = data, *end = p + n, *from = p;

	while (p < end && t->state != TEMPLATE_BODY) {
		if (t->state == TEMPLATE_START)
			begin(t, *p);
		if (t->state == TEMPLATE_COMMENT) {
			if (sink_put(t->sink.next, from, (size_t)(p - from)) <
			    0)
				return -1;
			p = from = to_line_end(t, p, end);
		} else if (t->state == TEMPLATE_FIELD) {
			p = to_line_end(t, p, end);
		} else if (t->state == TEMPLATE_NAME) {
			in_name(t, *p++);
		} else {
			behind_name(t, *p++);
		}
	}
	return sink_put(t->sink.next, from, (size_t)(end - from));
}

static const struct sink_ops ops = { .put = put };

void template_init(struct template *t, struct sink *next)
{
	*t = (struct template){
		.sink = { .ops = &ops, .next = next, .error = next->error },
	};
}
