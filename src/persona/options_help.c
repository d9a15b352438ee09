/* options_help.c - what the table says of itself.
 *
 * Two columns; a left side that is too long stands on a line of its own.  The
 * right side is wrapped at spaces, so that a row's help is one string. */
#include "persona/options.h"

#include <string.h>

#define HELP_WIDTH  79
#define HELP_COLUMN 29

/* "-f ADDRESS", "--tls[=HOW]", "-q[TIME]": joined to what stands last. */
static void put_argument(const struct option_row *row, struct buf *out)
{
	if (row->kind != OPTION_OPTIONAL)
		buf_printf(out, " %s", row->argument);
	else
		buf_printf(out, row->name ? "[=%s]" : "[%s]", row->argument);
}

static size_t put_left(const struct option_row *row, struct buf *out)
{
	size_t start = out->len;

	buf_puts(out, row->letter ? "  " : "      ");
	if (row->letter)
		buf_printf(out, "-%c%s", row->letter,
			   row->other_letter || row->name ? ", " : "");
	if (row->other_letter)
		buf_printf(out, "-%c%s", row->other_letter,
			   row->name ? ", " : "");
	if (row->name)
		buf_printf(out, "--%s", row->name);
	if (row->argument)
		put_argument(row, out);
	return out->len - start;
}

/* How much of the text fits, cut at a space where there is one. */
static size_t fitting(const char *text, size_t width)
{
	size_t cut = strlen(text);

	if (cut <= width)
		return cut;
	for (cut = width; cut > 0 && text[cut] != ' '; cut--)
		;
	return cut > 0 ? cut : strcspn(text, " ");
}

static void put_row(const struct option_row *row, struct buf *out)
{
	size_t column = put_left(row, out);
	const char *text = row->help;

	if (column + 2 > HELP_COLUMN) {
		buf_putc(out, '\n');
		column = 0;
	}
	while (*text) {
		size_t n = fitting(text, HELP_WIDTH - HELP_COLUMN);

		buf_printf(out, "%*s%.*s\n", (int)(HELP_COLUMN - column), "",
			   (int)n, text);
		text += n;
		text += strspn(text, " ");
		column = 0;
	}
}

int options_help(const struct persona *p, struct buf *out)
{
	buf_printf(out, "usage: %s %s\n%s\n", p->name, p->synopsis, p->about);
	for (const struct option_row *row = p->rows; !option_is_last(row);
	     row++) {
		if (row->kind == OPTION_HEADING)
			buf_printf(out, "\n%s\n", row->help);
		else
			put_row(row, out);
	}
	if (p->notes)
		buf_printf(out, "\n%s", p->notes);
	return out->overflow ? -1 : 0;
}

int options_usage(const struct persona *p, struct buf *out)
{
	return buf_printf(out, "usage: %s %s (try %s --help)\n", p->name,
			  p->synopsis, p->name);
}
