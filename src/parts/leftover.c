/* leftover.c - a line is told by its beginning; long ones are text. */
#include "parts/leftover.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/uu.h"
#include "mail/fragment_label.h"

#define RULE_LEAST 8 /* characters that make a line of dashes */

static bool is_rule(const char *line)
{
	size_t n = strspn(line, "-_=*~#+ \t");

	return !line[n] &&
	       (n >= RULE_LEAST || !strcmp(line, "--") || !strcmp(line, "-- "));
}

static bool begins_ours(const char *line)
{
	static const char words[] = "This is part ";
	uint64_t n;
	size_t digits;

	line += !strncmp(line, "# ", 2) ? 2 : 0;
	if (strncmp(line, words, strlen(words)) != 0)
		return false;
	line += strlen(words);
	digits = text_digits(line, FRAGMENT_PARTS_MAX, &n);
	return digits && !strncmp(line + digits, " of ", 4);
}

static bool is_label(const char *line)
{
	line += !strncmp(line, "# ", 2) ? 2 : 0;
	return ascii_begins(line, FRAGMENT_LABEL_FIELD ":");
}

static void take_text(struct leftover *s, const char *line, size_t n)
{
	if (!s->is_long && unuu_is_line(line, n)) {
		if (unuu_begins(line, n)) {
			s->files++;
			memcpy(s->name, line, n + 1);
		}
		s->footer = 0;
	} else if (!s->is_long && is_rule(line)) {
		s->footer = 1;
	} else if (s->footer) {
		s->footer += n + 1;
		s->has_text |= s->footer > LEFTOVER_FOOTER_MAX;
	} else {
		s->has_text = true;
	}
}

static void take_line(struct leftover *s)
{
	const char *line = s->line;
	size_t n = s->held;

	while (n && text_is_space(line[n - 1]))
		n--;
	s->line[n] = '\0';
	if (s->state == LEFTOVER_LABEL && text_is_blank(*line))
		return; /* the label goes on */
	if (s->state == LEFTOVER_LABEL)
		s->state = LEFTOVER_TEXT;
	if (!n && !s->is_long)
		return;
	if (begins_ours(line))
		s->state = LEFTOVER_OURS;
	else if (is_label(line))
		s->state = LEFTOVER_LABEL;
	else if (s->state == LEFTOVER_OURS &&
		 (unuu_is_line(line, n) || is_rule(line)))
		s->state = LEFTOVER_TEXT;
	if (s->state == LEFTOVER_TEXT)
		take_text(s, line, n);
}

static int leftover_put(struct sink *sink, const void *data, size_t n)
{
	struct leftover *s = (struct leftover *)sink;
	const char *p = data;

	for (; n; p++, n--) {
		if (*p == '\n') {
			take_line(s);
			s->held = 0;
			s->is_long = false;
		} else if (s->held < sizeof(s->line) - 1) {
			s->line[s->held++] = *p;
		} else {
			s->is_long = true;
		}
	}
	return 0;
}

static int leftover_close(struct sink *sink)
{
	struct leftover *s = (struct leftover *)sink;

	if (s->held)
		take_line(s);
	s->held = 0;
	return 0;
}

static const struct sink_ops ops = { leftover_put, leftover_close };

void leftover_init(struct leftover *s, struct error *f)
{
	*s = (struct leftover){ .sink = { .ops = &ops, .error = f } };
}
