/* options_help.c - --help, out of the option table.
 *
 * Two columns; a left side that is too long is a line of its own.  The right
 * side is wrapped at spaces, so a row's help is one string.  --help shows the
 * common options of a persona, so that it fits a screen. */
#include "persona/options.h"

#include <string.h>

#define HELP_WIDTH  79
#define HELP_COLUMN 29

/* "-f ADDRESS", "--tls[=HOW]", "-q[TIME]": after the last form of the option.
 */
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

static void put_usage(const struct persona *p, struct buf *out)
{
	buf_printf(out, "usage: %s %s\n%s\n", p->name, p->synopsis, p->about);
}

static void put_end(const struct persona *p, struct buf *out)
{
	if (p->examples)
		buf_printf(out, "\nExamples:\n%s", p->examples);
	if (p->notes)
		buf_printf(out, "\n%s", p->notes);
}

static size_t count_rows(const struct persona *p)
{
	struct option_walk w;
	size_t n = 0;

	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w))
		n += row->kind != OPTION_HEADING;
	return n;
}

int options_help_common(const struct persona *p, struct buf *out)
{
	const char *word = p->common;

	if (!word)
		return options_help(p, out);
	put_usage(p, out);
	buf_putc(out, '\n');
	while (*word) {
		char name[32];
		size_t n = strcspn(word, " ");
		const struct option_row *row = NULL;

		if (n < sizeof(name)) {
			memcpy(name, word, n);
			name[n] = '\0';
			row = options_find(p, name);
		}
		if (!row)
			return -1;
		put_row(row, out);
		word += n;
		word += strspn(word, " ");
	}
	put_end(p, out);
	buf_printf(out, "All %zu options: %s --help all\n", count_rows(p),
		   p->name);
	return out->overflow ? -1 : 0;
}

int options_help(const struct persona *p, struct buf *out)
{
	struct option_walk w;

	put_usage(p, out);
	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w)) {
		if (row->kind == OPTION_HEADING)
			buf_printf(out, "\n%s\n", row->help);
		else
			put_row(row, out);
	}
	put_end(p, out);
	return out->overflow ? -1 : 0;
}

int options_usage(const struct persona *p, struct buf *out)
{
	return buf_printf(out, "usage: %s %s (try %s --help)\n", p->name,
			  p->synopsis, p->name);
}
