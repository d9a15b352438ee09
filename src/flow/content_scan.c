/* content_scan.c - one pass over the bytes.
 *
 * Most bytes of a text are printable ASCII in the midst of a line; they are
 * counted a run at a time, and only what can change the state goes octet by
 * octet.  A line's beginning is such a place ("From "), and so is what
 * follows a CR or inside a UTF-8 sequence. */
#include "flow/content_scan.h"

#include <string.h>

static const char from_word[] = "From ";
#define FROM_DONE 5 /* the line's beginning is known */

static void content_scan_utf8(struct content_scan *s, unsigned char c)
{
	bool is_inside = s->scan.want > 0;
	enum utf8_step step = utf8_take(&s->scan, c);

	if (step == UTF8_TORN) {
		s->broken++;
		is_inside = false;
		step = utf8_take(&s->scan, c);
	}
	if (step == UTF8_BAD)
		s->broken++;
	else if (step == UTF8_WHOLE && is_inside)
		s->characters++;
	if (s->broken)
		s->utf8 = false;
}

static void content_scan_bare_cr(struct content_scan *s)
{
	s->cr = false;
	s->bare_cr++;
	s->equals++;
	s->line++;
	s->blank = false;
	s->from = FROM_DONE;
}

static void content_scan_end_line(struct content_scan *s)
{
	if (s->blank)
		s->equals++;
	if (s->line > s->longest)
		s->longest = s->line;
	s->line = 0;
	s->blank = false;
	s->from = 0;
}

static void content_scan_line_feed(struct content_scan *s)
{
	s->lines++;
	if (s->cr)
		s->crlf++;
	else
		s->bare_lf++;
	s->cr = false;
	content_scan_end_line(s);
}

static void content_scan_count(struct content_scan *s, unsigned char c)
{
	if (c > 127)
		s->high++;
	else if (!c)
		s->nuls++;
	else if ((c < 32 && c != '\t') || c == 127)
		s->controls++;
	else if (c != '=')
		return;
	s->equals++;
}

static void content_scan_octet(struct content_scan *s, unsigned char c)
{
	if (s->scan.want || c > 127)
		content_scan_utf8(s, c);
	if (c == '\n') {
		content_scan_line_feed(s);
		return;
	}
	if (s->cr)
		content_scan_bare_cr(s);
	if (c == '\r') {
		s->cr = true;
		return;
	}
	s->line++;
	s->blank = c == ' ' || c == '\t';
	content_scan_count(s, c);
	if (s->from == FROM_DONE)
		return;
	if (c != (unsigned char)from_word[s->from])
		s->from = FROM_DONE;
	else if (++s->from == FROM_DONE)
		s->from_lines++;
}

/* How many octets from p change nothing but the length of the line. */
static size_t content_scan_run(const struct content_scan *s,
			       const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	if (s->from != FROM_DONE || s->cr || s->scan.want)
		return 0;
	while (p < end && *p >= 32 && *p < 127 && *p != '=')
		p++;
	return (size_t)(p - start);
}

static int content_scan_put(struct sink *sink, const void *data, size_t n)
{
	struct content_scan *s = (struct content_scan *)sink;
	const unsigned char *p = data, *end = p + n;

	s->size += n;
	while (p < end) {
		size_t run = content_scan_run(s, p, end);

		if (run) {
			p += run;
			s->line += run;
			s->blank = p[-1] == ' ';
		} else {
			content_scan_octet(s, *p++);
		}
	}
	s->final_newline = end[-1] == '\n';
	return sink->next ? sink_put(sink->next, data, n) : 0;
}

static int content_scan_close(struct sink *sink)
{
	struct content_scan *s = (struct content_scan *)sink;

	if (s->cr)
		content_scan_bare_cr(s);
	content_scan_end_line(s);
	s->is_cut = s->scan.want > 0;
	if (s->is_cut)
		s->utf8 = false;
	return 0;
}

static const struct sink_ops content_scan_ops = { .put = content_scan_put,
						  .close = content_scan_close };

void content_scan_init(struct content_scan *s, struct sink *next,
		       struct error *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &content_scan_ops,
				 .next = next,
				 .error = f };
	s->utf8 = true;
	s->final_newline = true;
}

int content_scan_slice(struct content_scan *s, const struct slice *slice,
		       struct error *f)
{
	content_scan_init(s, NULL, f);
	if (pump_slice(slice, &s->sink) < 0)
		return -1;
	return sink_close(&s->sink);
}
