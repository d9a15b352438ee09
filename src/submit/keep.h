/* keep.h - the dead letter: a mail that failed is not lost. */
#ifndef SUBMIT_KEEP_H
#define SUBMIT_KEEP_H

#include "flow/source.h"
#include "submit/compose.h"

/* Fields before a dead letter's own: who has not got it, why, and what it
 * lacks.  They are for whoever sends it again, and go no further. */
#define KEEP_RECIPIENTS "X-Undelivered-To"
#define KEEP_REASON	"X-Undelivered-Reason"
#define KEEP_MISSING	"X-Undelivered-Missing"

/* Appends to the account's dead letter (~/dead.letter) with the recipients
 * that did not get it and the reason in fields of their own; `missing` is what
 * the message lacks, or "".  Where that cannot be written: to the folder of our
 * state, else to a new file in /var/tmp or, as the last resort, in /tmp, and
 * that is told.  *path is where, NULL when it is turned off. */
int keep_dead_letter(struct composition *c, const struct slice *message,
		     const char *missing, const struct fault *why,
		     const char **path, struct fault *f);

#endif
