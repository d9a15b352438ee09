/* dead_letter.h - the dead letter: a mail that failed is not lost. */
#ifndef SUBMIT_DEAD_LETTER_H
#define SUBMIT_DEAD_LETTER_H

#include "base/error.h"
#include "compose/compose.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "mail/header.h"

/* Appends to the account's dead letter (~/dead.letter), with the recipients
 * that did not get it and the reason in separate fields; `missing` is what the
 * message lacks, or "".  Where that cannot be written: to our state directory,
 * else to a new file in /var/tmp or, as the last resort, in /tmp, with a
 * warning.  Called again within such a call (base/interrupt.h), which may have
 * locked the file, it goes there at once.  *path is where, NULL when it is
 * turned off. */
int dead_letter_write(struct composition *c, const struct slice *message,
		      const char *missing, const struct error *why,
		      const char **path, struct error *f);

/* ---- of a mail that was never composed ---- */

/* An option, the configuration or an address was wrong, an attachment is
 * missing, or a signal came while the text was read.  What the caller wrote is
 * kept as a message all the same: the fields as far as they are known, an empty
 * line and the text, octet for octet (a file that came on standard input is an
 * attachment); a field above them says what is missing.  A message on standard
 * input is kept unchanged. */

/* Of a composition that failed, or was never begun: it has an arena and a
 * request, and may have an account, an envelope and parts of a header. */
struct unsent {
	const struct composition *composition;
	const struct slice *text; /* what standard input was */
	const char *cut;	  /* why that is not all of it; NULL: it is */
};

/* Writes the message into `to`, CRLF throughout but for the text's own. */
int dead_letter_make(const struct unsent *u, struct stage *to, struct error *f);
/* What is missing, "" where nothing is; in the composition's arena. */
const char *dead_letter_missing(const struct unsent *u);

#endif
