/* mbox_scan.c - a line's start is kept only while it may be "From " or the
 * end of an empty line; all else is passed over by memchr. */
#include "store/mbox_scan.h"

#include <string.h>

static bool is_blank(const struct mbox_scan *s)
{
	return s->line[0] == '\n' || (s->held == 2 && s->line[0] == '\r');
}

static bool may_matter(const struct mbox_scan *s)
{
	static const char word[] = "From ";
	size_t n = s->held < strlen(word) ? s->held : strlen(word);

	if (s->held == 1 && s->line[0] == '\r')
		return true;
	return s->held < sizeof(s->line) && memcmp(s->line, word, n) == 0;
}

static int end_line(struct mbox_scan *s)
{
	bool begins = s->is_first ||
		      (s->after_blank && mbox_is_separator(s->line, s->held));
	int r = 0;

	if (begins)
		r = s->found(s->context, s->line_at, s->sink.fault);
	s->after_blank = !begins && is_blank(s);
	s->is_first = false;
	s->held = 0;
	s->line_at = s->at;
	return r;
}

/* Octets that were taken, -1 with the fault. */
static ssize_t start_line(struct mbox_scan *s, const char *p, const char *end)
{
	const char *from = p;

	while (p < end) {
		char c = *p++;

		s->line[s->held++] = c;
		s->at++;
		if (c == '\n')
			return end_line(s) < 0 ? -1 : p - from;
		if (may_matter(s))
			continue;
		s->in_rest = true;
		break;
	}
	return p - from;
}

/* The same; the line's end is what is looked for. */
static ssize_t pass_rest(struct mbox_scan *s, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	ssize_t n = (lf ? lf + 1 : end) - p;

	s->at += (uint64_t)n;
	if (!lf)
		return n;
	s->in_rest = false;
	if (s->is_first && s->found(s->context, 0, s->sink.fault) < 0)
		return -1;
	s->is_first = s->after_blank = false;
	s->held = 0;
	s->line_at = s->at;
	return n;
}

static int scan_put(struct sink *sink, const void *data, size_t n)
{
	struct mbox_scan *s = (struct mbox_scan *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		ssize_t taken = s->in_rest ? pass_rest(s, p, end)
					   : start_line(s, p, end);

		if (taken < 0)
			return -1;
		p += taken;
	}
	return 0;
}

/* A "From " line that is the last of all need not have an end. */
static int scan_close(struct sink *sink)
{
	struct mbox_scan *s = (struct mbox_scan *)sink;

	return s->is_first && s->at ? s->found(s->context, 0, sink->fault) : 0;
}

static const struct sink_ops ops = { scan_put, scan_close };

void mbox_scan_init(struct mbox_scan *s,
		    int (*found)(void *context, uint64_t offset,
				 struct fault *f),
		    void *context, struct fault *f)
{
	*s = (struct mbox_scan){
		.sink = { .ops = &ops, .fault = f },
		.found = found,
		.context = context,
		.is_first = true,
	};
}
