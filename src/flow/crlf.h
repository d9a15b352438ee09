/* crlf.h - text with any line ends in, CRLF out (RFC 5322 2.1, 2.3).
 *
 * LF and CRLF become CRLF.  A bare CR is passed on or becomes
 * CRLF, as `bare_cr_ends_line` says; NUL passes.  With `final_newline` a last
 * line without an end gets one at close. */
#ifndef FLOW_CRLF_H
#define FLOW_CRLF_H

#include <stdbool.h>

#include "flow/sink.h"

struct crlf {
	struct sink sink;
	bool bare_cr_ends_line;
	bool final_newline;
	bool cr; /* a CR is held back */
	bool in_line;
};

void crlf_init(struct crlf *s, struct sink *next, bool bare_cr_ends_line,
	       bool final_newline);

/* CRLF in, LF out: for mail that is kept in a local file.
 *
 * Takes what crlf or a finished message has made: a CR that is not before an
 * LF passes as it is. */

struct lf {
	struct sink sink;
	bool cr; /* a CR is held back */
};

void lf_init(struct lf *s, struct sink *next);

#endif
