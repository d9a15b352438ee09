/* report.h - what the mail of a run says, as text and, where the job wrote in
 * colours, as HTML.
 *
 * It is read on a telephone at night: the subject says what happened, the first
 * lines what it means, then comes the end of the output, which tells most, then
 * the facts, then the output.  Of a long one the first and the last lines stand
 * there, REPORT_END octets of each end at most, and all of it is to be
 * attached. Output that is no text is described and not shown. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/run.h"

#define REPORT_WHOLE 65536 /* octets of output that stand there completely */
#define REPORT_END   32768

struct report {
	const char *subject;
	struct buf text, html; /* UTF-8, lines end in LF */
	bool has_html;
	bool is_complete; /* all of the output stands in it */
	bool is_binary;	  /* some of the output is no text */
};

/* What is shown of the output is read again; what cannot be read is told in
 * it. */
void report_make(struct report *r, const struct run_record *run);
void report_free(struct report *r);

#endif
