/* unsent.h - a message out of what is known of one that could not be made.
 *
 * An option was wrong, the configuration, an address; an attachment is missing,
 * or a signal came while the text was read.  What the caller wrote is kept as a
 * message all the same: the fields as far as they are known, an empty line, the
 * text to the octet (a file that came on standard input as an attachment), and
 * above them a word of what is missing.  Where standard input was a message
 * itself it stays as it came. */
#ifndef SUBMIT_UNSENT_H
#define SUBMIT_UNSENT_H

#include "base/error.h"
#include "compose/compose.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "mail/header.h"

/* Of a composition that failed, or was never begun: it has an arena and a
 * request, and may have an account, an envelope and parts of a header. */
struct unsent {
	const struct composition *composition;
	const struct slice *text; /* what standard input was */
	const char *cut;	  /* why that is not all of it; NULL: it is */
};

/* Writes the message into `to`, CRLF throughout but for the text's own. */
int unsent_write(const struct unsent *u, struct stage *to, struct error *f);
/* What it has not got, "" where that is nothing; in the composition's arena. */
const char *unsent_missing(const struct unsent *u);

#endif
