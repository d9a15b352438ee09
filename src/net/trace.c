/* trace.c - passes events on to the subscribers. */
#include "net/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"

void trace_take(const struct trace *t, const struct event *e)
{
	if (t)
		t->take(t->context, e);
}

static enum event_kind kind_of(char mark)
{
	switch (mark) {
	case 'C':
	case '>':
		return EVENT_SENT;
	case 'S':
	case '<':
		return EVENT_RECEIVED;
	default:
		return EVENT_REMARK;
	}
}

void trace_line(const struct trace *t, char mark, const char *text, size_t n)
{
	struct event e = { .kind = kind_of(mark), .mark = mark, .text = text };

	if (!t)
		return;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	e.n = n;
	e.at = sysenv_ticks();
	trace_take(t, &e);
}

void trace_tell(const struct trace *t, enum event_kind kind, uint64_t at,
		const char *format, ...)
{
	char text[1024];
	struct event e = { .kind = kind, .mark = '*', .text = text, .at = at };
	va_list ap;

	if (!t)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	e.n = strlen(text);
	if (!e.at)
		e.at = sysenv_ticks();
	trace_take(t, &e);
}

void trace_mark(const struct trace *t, enum event_kind kind, int code,
		const char *text)
{
	struct event e = { .kind = kind, .code = code, .text = text };

	e.n = strlen(text);
	e.at = sysenv_ticks();
	trace_take(t, &e);
}
