/* report.h - the text of a run's mail and, if the output has colours, the HTML.
 *
 * It may be read on a phone at night: the subject says what happened, the first
 * lines what it means, then come the end of the output, which is most useful,
 * the facts, and the output.  Long output is shown by its first and last lines,
 * at most REPORT_END octets each, and is to be attached as a whole.  Binary
 * output is described and not shown. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/run.h"

#define REPORT_WHOLE 65536 /* output up to this size is shown completely */
#define REPORT_END   32768

struct report {
	const char *subject;
	struct buf text, html; /* UTF-8, lines end in LF */
	bool has_html;
	bool is_complete; /* it contains all of the output */
	bool is_binary;	  /* some of the output is binary */
};

/* Reads the shown parts of the output; what cannot be read is reported in the
 * text. */
void report_make(struct report *r, const struct run_record *run);
void report_free(struct report *r);
/* The type of binary output.  Text in an unknown or 16-bit charset is
 * FILETYPE_UNKNOWN: shown as text it would be unreadable. */
const char *report_binary_type(struct arena *a, const struct slice *output);

#endif
