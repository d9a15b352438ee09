/* leftover.h - what a text says besides the part of a file that it carries.
 *
 * A sink takes the text with LF line ends.  Lines of uuencode are the file's,
 * what stands between "This is part N of M" and the label is ours, and what
 * stands below a line of dashes or the like at the end is what a gateway or a
 * list writes below every mail.  All else somebody wrote, and it is nowhere
 * but here. */
#ifndef PARTS_LEFTOVER_H
#define PARTS_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

#define LEFTOVER_LINE_MAX   400
#define LEFTOVER_FOOTER_MAX 4096 /* octets; what is longer is no footer */

struct leftover {
	struct sink sink;
	bool has_text;		      /* after close */
	unsigned files;		      /* begin lines of uuencode */
	char name[LEFTOVER_LINE_MAX]; /* of the last of them */
	/* running state */
	enum { LEFTOVER_TEXT, LEFTOVER_OURS, LEFTOVER_LABEL } state;
	size_t footer; /* octets since the line of dashes; 0: there is none */
	bool is_long;
	size_t held;
	char line[LEFTOVER_LINE_MAX];
};

void leftover_init(struct leftover *s, struct error *f);

#endif
