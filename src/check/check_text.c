/* check_text.c - a step is a line with a tick, a time and what came of it; what
 * belongs to it stands below. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "check/check_report.h"

#define WIDTH	    79
#define TITLE_WIDTH 14
#define TIME_WIDTH  9

struct check_look check_look(void)
{
	bool is_terminal = sysenv_is_terminal(STDOUT_FILENO);
	const char *terminal = sysenv_env("TERM");

	return (struct check_look){
		.has_ticks = is_terminal && !strcmp(sysenv_charset(), "utf-8"),
		.has_colour = is_terminal && !sysenv_env("NO_COLOR") &&
			      terminal && strcmp(terminal, "dumb") != 0,
	};
}

static const struct {
	const char *tick, *word, *colour;
} marks[] = {
	[CHECK_NOTE] = { "\302\267", "-", "" },
	[CHECK_GOOD] = { "\342\234\223", "ok", "\033[32m" },
	[CHECK_WARNING] = { "!", "WARN", "\033[33m" },
	[CHECK_BAD] = { "\342\234\227", "FAILED", "\033[31m" },
};

static size_t mark_width(const struct check_look *look)
{
	return look->has_ticks ? 1 : 6;
}

static void put_mark(const struct check_look *look, enum check_mark mark,
		     struct buf *out)
{
	const char *text =
		look->has_ticks ? marks[mark].tick : marks[mark].word;
	bool is_coloured = look->has_colour && *marks[mark].colour;

	buf_printf(out, "%s%s%s%*s", is_coloured ? marks[mark].colour : "",
		   text, is_coloured ? "\033[0m" : "",
		   (int)(mark_width(look) - text_width(text, strlen(text))),
		   "");
}

/* Words up to the right margin, further lines below the first. */
static void put_wrapped(struct buf *out, const char *text, size_t indent,
			size_t hang)
{
	size_t column = indent;

	while (*text) {
		size_t n = strcspn(text, " ");
		size_t width = text_width(text, n);

		if (column > indent && column + 1 + width > WIDTH) {
			buf_printf(out, "\n%*s", (int)(indent + hang), "");
			column = indent + hang;
		} else if (column > indent) {
			buf_putc(out, ' ');
			column++;
		}
		buf_put(out, text, n);
		column += width;
		text += n;
		text += strspn(text, " ");
	}
	buf_putc(out, '\n');
}

static void put_time(const struct check_step *step, struct buf *out)
{
	char text[32] = "";

	if (step->is_timed && step->milliseconds < 10000)
		snprintf(text, sizeof(text), "%u ms", step->milliseconds);
	else if (step->is_timed)
		snprintf(text, sizeof(text), "%.1f s",
			 (double)step->milliseconds / 1000);
	buf_printf(out, "%*s", TIME_WIDTH, text);
}

void check_text_step(const struct check_look *look,
		     const struct check_step *step, struct buf *out)
{
	size_t indent = mark_width(look) + 1 + TITLE_WIDTH + TIME_WIDTH + 2;

	put_mark(look, step->mark, out);
	buf_printf(out, " %-*s", TITLE_WIDTH, step->title);
	put_time(step, out);
	buf_puts(out, "  ");
	put_wrapped(out, step->text, indent, 0);
	for (const struct check_line *line = step->lines; line;
	     line = line->next) {
		bool is_marked = look->has_ticks && line->mark != CHECK_NOTE;

		buf_printf(out, "%*s", (int)indent, "");
		if (is_marked) {
			put_mark(look, line->mark, out);
			buf_putc(out, ' ');
		}
		put_wrapped(out, line->text, indent + (is_marked ? 2 : 0), 2);
	}
}

static void put_clause(struct buf *out, const char *head, const char *clause)
{
	buf_printf(out, "%-8s", head);
	put_wrapped(out, clause, 8, 0);
}

static void put_settings(const struct check *c, struct buf *out)
{
	for (size_t i = 0; i < c->settings_count; i++) {
		const struct check_setting *s = &c->settings[i];
		bool is_default = !strcmp(s->origin, "default");

		buf_printf(out, "%-8s%s%s%s  (%s)\n", i ? "" : "Now:", s->name,
			   s->value && *s->value ? " " : "",
			   s->value ? s->value : "",
			   is_default ? "not set" : s->origin);
	}
	if (c->settings_count && c->account &&
	    strcmp(c->account->origin, "default") != 0)
		buf_printf(out, "%-8saccount %s begins at %s\n", "",
			   c->account->name, c->account->origin);
}

static const char *good_news(const struct check *c)
{
	const struct envelope *e = &c->composition.envelope;

	return arena_format(c->arena, "All is well: %s takes mail from <%s>%s.",
			    smarthost_name(c->arena, c->account),
			    e->reverse_path,
			    e->count ? " for those who were named" : "");
}

void check_text_end(const struct check_look *look, const struct check *c,
		    struct buf *out)
{
	(void)look;
	if (!c->failed) {
		buf_putc(out, '\n');
		put_wrapped(out, good_news(c), 0, 0);
		return;
	}
	buf_putc(out, '\n');
	put_clause(out, "Error:", c->error.text);
	if (c->why)
		put_clause(out, "Why:", c->why);
	if (c->way_out)
		put_clause(out, "Do:", c->way_out);
	put_settings(c, out);
}
