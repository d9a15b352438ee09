/* screen.h - text from elsewhere on its way to a terminal.
 *
 * Control bytes but LF and TAB become '?', those of C1 as UTF-8 too, so that a
 * mail can neither move the cursor nor set colours nor type for us.  Valid
 * UTF-8 passes where the terminal has it; other octets over 127 become '?'. */
#ifndef FETCH_SCREEN_H
#define FETCH_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/sink.h"

struct screen {
	struct sink sink;
	bool is_utf8; /* the terminal's */
	unsigned char held[4];
	unsigned count, want;
};

void screen_init(struct screen *s, struct sink *next, bool is_utf8);

#endif
