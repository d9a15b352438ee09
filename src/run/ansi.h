/* ansi.h - terminal output for people who read it as mail.
 *
 * Colours and styles (SGR, ECMA-48 8.3.117; also 256 colours and RGB) are
 * removed from the text and become inline styles in the HTML.  They persist
 * from line to line.  Sequences without a visible effect in a log (erasing the
 * rest of a line, selecting the usual character set) are removed; all other
 * control characters, and invalid UTF-8, are shown as \xNN, so that no terminal
 * or mail program interprets them. */
#ifndef RUN_ANSI_H
#define RUN_ANSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The background of the HTML, for which the colours are chosen: with its own
 * background, text is readable in a dark mail program and in a light one. */
#define ANSI_BACKGROUND "#1e1e1e"
#define ANSI_FOREGROUND "#e0e0e0"

#define ANSI_DEFAULT (-1)
#define ANSI_RGB     0x1000000 /* plus 24 bits; otherwise one of 256 */

struct ansi_style {
	int32_t foreground, background;
	bool bold, faint, italic, underline, inverse, strike;
};

struct ansi {
	struct ansi_style style;
	bool has_style; /* a style was used */
};

void ansi_init(struct ansi *s);
/* A line without its end.  `text` or `html` may be NULL. */
void ansi_put(struct ansi *s, const char *line, size_t n, struct buf *text,
	      struct buf *html);
/* Plain text as HTML. */
void ansi_escape(struct buf *html, const char *text, size_t n);

#endif
