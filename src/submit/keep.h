/* keep.h - the dead letter: a mail that failed is not lost. */
#ifndef SUBMIT_KEEP_H
#define SUBMIT_KEEP_H

#include "flow/source.h"
#include "submit/compose.h"

/* Fields before a dead letter's own: who has not got it, and why.  They are
 * for whoever sends it again, and go no further. */
#define KEEP_RECIPIENTS "X-Undelivered-To"
#define KEEP_REASON	"X-Undelivered-Reason"

/* Appends to the account's dead letter (~/dead.letter) with the recipients
 * that did not get it and the reason in fields of their own.  *path is where,
 * NULL when it is turned off. */
int keep_dead_letter(struct composition *c, const struct slice *message,
		     const struct fault *why, const char **path,
		     struct fault *f);

#endif
