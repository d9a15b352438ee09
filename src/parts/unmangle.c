/* unmangle.c - what may be a mark is held until it is one, or is none. */
#include "parts/unmangle.h"

#include <string.h>

static const struct mark {
	enum unmangle_how how;
	const char *text, *meaning;
} marks[] = {
	{ UNMANGLE_QUOTED, "> ", "" },	   { UNMANGLE_HTML, "&amp;", "&" },
	{ UNMANGLE_HTML, "&lt;", "<" },	   { UNMANGLE_HTML, "&gt;", ">" },
	{ UNMANGLE_HTML, "&quot;", "\"" }, { UNMANGLE_HTML, "&#39;", "'" },
	{ UNMANGLE_HTML, "&#96;", "`" },
};

/* The mark that what is held is, or begins. */
static const struct mark *mark_of(const struct unmangle *s)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].how == s->how &&
		    !strncmp(marks[i].text, s->room, s->held))
			return &marks[i];
	return NULL;
}

static int pass(struct unmangle *s, const char *text, size_t n)
{
	s->held = 0;
	return n ? sink_put(s->sink.next, text, n) : 0;
}

static int take(struct unmangle *s, char c)
{
	const struct mark *m;

	s->room[s->held++] = c;
	m = s->how == UNMANGLE_QUOTED && s->is_amid ? NULL : mark_of(s);
	if (m && m->text[s->held])
		return 0;
	if (m) {
		s->is_amid = true;
		return pass(s, m->meaning, strlen(m->meaning));
	}
	s->is_amid = c != '\n';
	/* it may begin another one */
	if (s->held > 1 && s->how == UNMANGLE_HTML)
		return pass(s, s->room, s->held - 1) < 0 ? -1 : take(s, c);
	return pass(s, s->room, s->held);
}

static int unmangle_put(struct sink *sink, const void *data, size_t n)
{
	struct unmangle *s = (struct unmangle *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *from = p;

		while (p < end && !s->held && s->is_amid && *p != '&' &&
		       *p != '\n')
			p++;
		if (p > from &&
		    sink_put(s->sink.next, from, (size_t)(p - from)) < 0)
			return -1;
		if (p < end && take(s, *p++) < 0)
			return -1;
	}
	return 0;
}

static int unmangle_close(struct sink *sink)
{
	struct unmangle *s = (struct unmangle *)sink;

	return pass(s, s->room, s->held);
}

static const struct sink_ops ops = { unmangle_put, unmangle_close };

void unmangle_init(struct unmangle *s, struct sink *next, enum unmangle_how how)
{
	*s = (struct unmangle){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.how = how,
	};
}
