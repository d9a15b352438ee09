/* survey.c - one pass over the bytes.
 *
 * Most bytes of a text are printable ASCII in the midst of a line; they are
 * counted a run at a time, and only what can change the state goes octet by
 * octet.  A line's beginning is such a place ("From "), and so is what stands
 * behind a CR or inside a UTF-8 sequence. */
#include "flow/survey.h"

#include <string.h>

static const char from_word[] = "From ";
#define FROM_DONE 5 /* the line's beginning is known */

static void survey_utf8(struct survey *s, unsigned char c)
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

static void survey_bare_cr(struct survey *s)
{
	s->cr = false;
	s->bare_cr++;
	s->equals++;
	s->line++;
	s->blank = false;
	s->from = FROM_DONE;
}

static void survey_end_line(struct survey *s)
{
	if (s->blank)
		s->equals++;
	if (s->line > s->longest)
		s->longest = s->line;
	s->line = 0;
	s->blank = false;
	s->from = 0;
}

static void survey_line_feed(struct survey *s)
{
	s->lines++;
	if (s->cr)
		s->crlf++;
	else
		s->bare_lf++;
	s->cr = false;
	survey_end_line(s);
}

static void survey_count(struct survey *s, unsigned char c)
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

static void survey_octet(struct survey *s, unsigned char c)
{
	if (s->scan.want || c > 127)
		survey_utf8(s, c);
	if (c == '\n') {
		survey_line_feed(s);
		return;
	}
	if (s->cr)
		survey_bare_cr(s);
	if (c == '\r') {
		s->cr = true;
		return;
	}
	s->line++;
	s->blank = c == ' ' || c == '\t';
	survey_count(s, c);
	if (s->from == FROM_DONE)
		return;
	if (c != (unsigned char)from_word[s->from])
		s->from = FROM_DONE;
	else if (++s->from == FROM_DONE)
		s->from_lines++;
}

/* How many octets from p change nothing but the length of the line. */
static size_t survey_run(const struct survey *s, const unsigned char *p,
			 const unsigned char *end)
{
	const unsigned char *start = p;

	if (s->from != FROM_DONE || s->cr || s->scan.want)
		return 0;
	while (p < end && *p >= 32 && *p < 127 && *p != '=')
		p++;
	return (size_t)(p - start);
}

static int survey_put(struct sink *sink, const void *data, size_t n)
{
	struct survey *s = (struct survey *)sink;
	const unsigned char *p = data, *end = p + n;

	s->size += n;
	while (p < end) {
		size_t run = survey_run(s, p, end);

		if (run) {
			p += run;
			s->line += run;
			s->blank = p[-1] == ' ';
		} else {
			survey_octet(s, *p++);
		}
	}
	s->final_newline = end[-1] == '\n';
	return sink->next ? sink_put(sink->next, data, n) : 0;
}

static int survey_close(struct sink *sink)
{
	struct survey *s = (struct survey *)sink;

	if (s->cr)
		survey_bare_cr(s);
	survey_end_line(s);
	s->is_cut = s->scan.want > 0;
	if (s->is_cut)
		s->utf8 = false;
	return 0;
}

static const struct sink_ops survey_ops = { .put = survey_put,
					    .close = survey_close };

void survey_init(struct survey *s, struct sink *next, struct fault *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &survey_ops, .next = next, .fault = f };
	s->utf8 = true;
	s->final_newline = true;
}

int survey_slice(struct survey *s, const struct slice *slice, struct fault *f)
{
	survey_init(s, NULL, f);
	if (pump_slice(slice, &s->sink) < 0)
		return -1;
	return sink_close(&s->sink);
}
