/* content_scan.c - one pass over the bytes.
 *
 * Most bytes of a text are printable ASCII, characters of UTF-8 that are whole,
 * and line ends; they are counted a run at a time.  What else can change the
 * state goes octet by octet: a line that begins with "F" (of "From "), what
 * follows a lone CR, the rest of a UTF-8 sequence. */
#include "flow/content_scan.h"

#include <string.h>

#include "base/block.h"
#include "base/text.h"

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
	s->blank = text_is_blank(c);
	content_scan_count(s, c);
	if (s->from == FROM_DONE)
		return;
	if (c != (unsigned char)from_word[s->from])
		s->from = FROM_DONE;
	else if (++s->from == FROM_DONE)
		s->from_lines++;
}

/* Printable ASCII but for '='. */
static size_t plain_run(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	for (; end - p >= BLOCK; p += BLOCK) {
		struct block b = block_load(p);
		struct block other =
			block_or(block_below(b, ' '), block_above(b, '~'));
		size_t n = block_first(block_or(other, block_equal(b, '=')));

		if (n < BLOCK)
			return (size_t)(p - start) + n;
	}
	while (p < end && *p >= ' ' && *p <= '~' && *p != '=')
		p++;
	return (size_t)(p - start);
}

/* Can the octet be taken without a look at what was before it?  At a line's
 * start all but the "F" of "From " can, and that line is none of those then. */
static bool content_scan_may_run(struct content_scan *s, unsigned char c)
{
	if (s->cr || s->scan.want)
		return false;
	if (s->from == 0 && c != (unsigned char)from_word[0])
		s->from = FROM_DONE;
	return s->from == FROM_DONE;
}

static void content_scan_pass(struct content_scan *s, size_t n)
{
	s->line += n;
	s->blank = false;
}

/* Octets from p on that leave nothing open; returns how many it took. */
static size_t content_scan_run(struct content_scan *s, const unsigned char *p,
			       const unsigned char *end)
{
	size_t n = plain_run(p, end);

	if (n) {
		content_scan_pass(s, n);
		s->blank = p[n - 1] == ' ';
	} else if (*p > 127) {
		n = text_wide_run((const char *)p, (size_t)(end - p),
				  &s->characters);
		s->high += n;
		s->equals += n;
		content_scan_pass(s, n);
	} else if (*p == '=') {
		n = 1;
		s->equals++;
		content_scan_pass(s, n);
	} else if (*p == '\r' && end - p > 1 && p[1] == '\n') {
		n = 2;
		s->cr = true;
		content_scan_line_feed(s);
	} else if (*p == '\n') {
		n = 1;
		content_scan_line_feed(s);
	}
	return n;
}

static int content_scan_put(struct sink *sink, const void *data, size_t n)
{
	struct content_scan *s = (struct content_scan *)sink;
	const unsigned char *p = data, *end = p + n;

	s->size += n;
	while (p < end) {
		size_t run = content_scan_may_run(s, *p)
				     ? content_scan_run(s, p, end)
				     : 0;

		if (run)
			p += run;
		else
			content_scan_octet(s, *p++);
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
