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

/* "0.3 s", "3 min 12 s", "2 h 5 min": for people. */
void report_span(struct buf *out, uint64_t milliseconds);
/* "03:00", with the day where that is not today's. */
void report_time(struct buf *out, int64_t when, int64_t now);
/* "failed (exit 2)": what stands for {status}. */
const char *report_status(const struct run_record *run);
/* The command as it would be typed, masked; or the unit. */
const char *report_command(const struct run_record *run);

#endif
