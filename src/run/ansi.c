/* ansi.c - splits a line into text, styles, and control characters to be
 * shown. */
#include "run/ansi.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define ESC	       '\033'
#define PARAMETERS_MAX 32

void ansi_init(struct ansi *s)
{
	*s = (struct ansi){ .style = { .foreground = ANSI_DEFAULT,
				       .background = ANSI_DEFAULT } };
}

/* ---- styles ---- */

/* Parses what follows 38, 48 or 58; returns the number of parameters. */
static size_t read_colour(const unsigned *p, size_t n, int32_t *colour)
{
	if (n >= 3 && p[1] == 5) {
		if (p[2] < 256)
			*colour = (int32_t)p[2];
		return 3;
	}
	if (n >= 5 && p[1] == 2) {
		if (p[2] < 256 && p[3] < 256 && p[4] < 256)
			*colour = (int32_t)(ANSI_RGB | p[2] << 16 | p[3] << 8 |
					    p[4]);
		return 5;
	}
	return n;
}

static void set_switch(struct ansi_style *y, unsigned p)
{
	bool on = p < 20;

	switch (on ? p : p - 20) {
	case 1:
		y->bold = on;
		break;
	case 2: /* 22 resets both */
		y->faint = on;
		y->bold &= on;
		break;
	case 3:
		y->italic = on;
		break;
	case 4:
		y->underline = on;
		break;
	case 7:
		y->inverse = on;
		break;
	case 9:
		y->strike = on;
		break;
	default: /* blinking and others are ignored */
		break;
	}
}

static void apply(struct ansi *s, const unsigned *p, size_t n)
{
	struct ansi_style *y = &s->style;
	int32_t unused; /* the colour of the underline */

	for (size_t i = 0; i < n;) {
		size_t step = 1;

		if (p[i] == 0)
			*y = (struct ansi_style){
				.foreground = ANSI_DEFAULT,
				.background = ANSI_DEFAULT,
			};
		else if (p[i] < 30)
			set_switch(y, p[i]);
		else if (p[i] < 38)
			y->foreground = (int32_t)p[i] - 30;
		else if (p[i] == 38)
			step = read_colour(p + i, n - i, &y->foreground);
		else if (p[i] == 39)
			y->foreground = ANSI_DEFAULT;
		else if (p[i] < 48)
			y->background = (int32_t)p[i] - 40;
		else if (p[i] == 48)
			step = read_colour(p + i, n - i, &y->background);
		else if (p[i] == 49)
			y->background = ANSI_DEFAULT;
		else if (p[i] == 58)
			step = read_colour(p + i, n - i, &unused);
		else if (p[i] >= 90 && p[i] < 98)
			y->foreground = (int32_t)p[i] - 90 + 8;
		else if (p[i] >= 100 && p[i] < 108)
			y->background = (int32_t)p[i] - 100 + 8;
		s->has_style |= p[i] != 0;
		i += step;
	}
}

/* "ESC [ 1 ; 31 m": its length in octets, 0 if it is something else. */
static size_t read_style(struct ansi *s, const char *text, size_t n)
{
	unsigned parameters[PARAMETERS_MAX] = { 0 };
	size_t count = 1, i;

	if (n < 3 || text[0] != ESC || text[1] != '[')
		return 0;
	for (i = 2; i < n && text[i] != 'm'; i++) {
		unsigned *last = &parameters[count - 1];

		if (ascii_is_digit(text[i])) {
			if (*last < 1000)
				*last = *last * 10 + (unsigned)(text[i] - '0');
		} else if (text[i] != ';' && text[i] != ':') {
			return 0;
		} else if (count == PARAMETERS_MAX) {
			return 0;
		} else {
			count++;
		}
	}
	if (i == n)
		return 0;
	apply(s, parameters, count);
	return i + 1;
}

/* Sequences without an effect on a static line. */
static size_t read_nothing(const char *text, size_t n)
{
	static const char *const all[] = { "\033[K", "\033[0K", "\033(B",
					   "\017" };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		size_t length = strlen(all[i]);

		if (length <= n && memcmp(text, all[i], length) == 0)
			return length;
	}
	return 0;
}

/* ---- colours ---- */

/* Readable on ANSI_BACKGROUND: black is grey there. */
static const uint32_t foregrounds[16] = {
	0x8c8c8c, 0xf26d6d, 0x5fd068, 0xe5c453, 0x7aa8f5, 0xd98ee6,
	0x5cc8d6, 0xe0e0e0, 0xa0a0a0, 0xff8f8f, 0x8be896, 0xffe083,
	0xa3c4ff, 0xedb0f5, 0x8fe3ee, 0xffffff,
};
static const uint32_t backgrounds[16] = {
	0x000000, 0xb3261e, 0x2e7d32, 0xb28900, 0x1f5fbf, 0x8e3a9d,
	0x00707e, 0xc8c8c8, 0x666666, 0xff8f8f, 0x8be896, 0xffe083,
	0xa3c4ff, 0xedb0f5, 0x8fe3ee, 0xffffff,
};

static uint32_t rgb(const uint32_t first[16], int32_t colour)
{
	uint32_t n = (uint32_t)colour, level[3];

	if (n & ANSI_RGB)
		return n & 0xffffff;
	if (n < 16)
		return first[n];
	if (n >= 232)
		return (8 + (n - 232) * 10) * 0x10101;
	n -= 16;
	level[0] = n / 36;
	level[1] = n / 6 % 6;
	level[2] = n % 6;
	for (int i = 0; i < 3; i++)
		level[i] = level[i] ? 55 + 40 * level[i] : 0;
	return level[0] << 16 | level[1] << 8 | level[2];
}

/* 0 to 255, approximately as perceived. */
static unsigned brightness(uint32_t c)
{
	return ((c >> 16 & 255) * 54 + (c >> 8 & 255) * 183 + (c & 255) * 18) >>
	       8;
}

/* Moves half way to white until it is readable on a dark background. */
static uint32_t lighten(uint32_t c)
{
	while (brightness(c) < 110)
		c = (c >> 1 & 0x7f7f7f) + 0x808080;
	return c;
}

static uint32_t darken(uint32_t c)
{
	while (brightness(c) > 60)
		c = c >> 1 & 0x7f7f7f;
	return c;
}

static bool is_plain(const struct ansi_style *y)
{
	return y->foreground == ANSI_DEFAULT && y->background == ANSI_DEFAULT &&
	       !y->bold && !y->faint && !y->italic && !y->underline &&
	       !y->inverse && !y->strike;
}

static void put_colours(const struct ansi_style *y, struct buf *html)
{
	bool has_ground = y->background != ANSI_DEFAULT || y->inverse;
	uint32_t ground = y->background == ANSI_DEFAULT
				  ? 0x1e1e1e
				  : rgb(backgrounds, y->background);
	uint32_t ink = y->foreground == ANSI_DEFAULT
			       ? 0xe0e0e0
			       : rgb(foregrounds, y->foreground);

	if (y->inverse) {
		uint32_t other = ink;

		ink = ground;
		ground = other;
	}
	if (!has_ground || brightness(ground) < 110)
		ink = lighten(ink);
	else
		ink = darken(ink);
	if (has_ground || y->foreground != ANSI_DEFAULT)
		buf_printf(html, "color:#%06x;", ink);
	if (has_ground)
		buf_printf(html, "background-color:#%06x;", ground);
}

static void put_style(const struct ansi_style *y, struct buf *html)
{
	buf_puts(html, "<span style=\"");
	put_colours(y, html);
	if (y->bold)
		buf_puts(html, "font-weight:bold;");
	if (y->faint)
		buf_puts(html, "opacity:0.7;");
	if (y->italic)
		buf_puts(html, "font-style:italic;");
	if (y->underline || y->strike)
		buf_printf(html, "text-decoration:%s%s;",
			   y->underline ? "underline " : "",
			   y->strike ? "line-through" : "");
	buf_puts(html, "\">");
}

/* ---- a line ---- */

void ansi_escape(struct buf *html, const char *text, size_t n)
{
	for (; n; text++, n--)
		switch (*text) {
		case '&':
			buf_puts(html, "&amp;");
			break;
		case '<':
			buf_puts(html, "&lt;");
			break;
		case '>':
			buf_puts(html, "&gt;");
			break;
		case '"':
			buf_puts(html, "&quot;");
			break;
		default:
			buf_putc(html, *text);
		}
}

/* Printable characters, up to the next that is not. */
static size_t plain_length(const char *text, size_t n)
{
	size_t length = 0;

	while (length < n) {
		size_t step =
			text[length] == '\t'
				? 1
				: text_safe_step(text + length, n - length);

		if (!step)
			break;
		length += step;
	}
	return length;
}

static void put_piece(const struct ansi *s, const char *piece, size_t n,
		      struct buf *text, struct buf *html)
{
	if (text)
		buf_put(text, piece, n);
	if (!html)
		return;
	if (!is_plain(&s->style))
		put_style(&s->style, html);
	ansi_escape(html, piece, n);
	if (!is_plain(&s->style))
		buf_puts(html, "</span>");
}

void ansi_put(struct ansi *s, const char *line, size_t n, struct buf *text,
	      struct buf *html)
{
	while (n) {
		size_t step = plain_length(line, n);

		if (step) {
			put_piece(s, line, step, text, html);
		} else {
			step = read_style(s, line, n);
			if (!step)
				step = read_nothing(line, n);
		}
		if (!step) {
			char shown[8];

			snprintf(shown, sizeof(shown), "\\x%02X",
				 (unsigned char)*line);
			put_piece(s, shown, strlen(shown), text, html);
			step = 1;
		}
		line += step;
		n -= step;
	}
}
