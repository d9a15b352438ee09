/* ansi.h - what a program wrote for a terminal, for people who read mail.
 *
 * Colours and styles (SGR, ECMA-48 8.3.117; 256 colours and RGB too) are taken
 * out of the text and become inline styles of the HTML.  They hold from line to
 * line.  What changes nothing that could be seen in a log (the end of a line
 * erased, the usual character set chosen) is left out; all other controls, and
 * octets that are no UTF-8, are shown as \xNN: no terminal and no mail program
 * obeys them. */
#ifndef RUN_ANSI_H
#define RUN_ANSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The background of the HTML, for which the colours are chosen: with its own
 * one a text is as readable in a dark mail program as in a light one. */
#define ANSI_BACKGROUND "#1e1e1e"
#define ANSI_FOREGROUND "#e0e0e0"

#define ANSI_DEFAULT (-1)
#define ANSI_RGB     0x1000000 /* and 24 bits; else one of 256 */

struct ansi_style {
	int32_t foreground, background;
	bool bold, faint, italic, underline, inverse, strike;
};

struct ansi {
	struct ansi_style style;
	bool has_style; /* there was any */
};

void ansi_init(struct ansi *s);
/* A line without its end.  `text` or `html` may be NULL. */
void ansi_put(struct ansi *s, const char *line, size_t n, struct buf *text,
	      struct buf *html);
/* Plain text as HTML. */
void ansi_escape(struct buf *html, const char *text, size_t n);

#endif
