/* dead_letter.h - the dead letter: a mail that failed is not lost. */
#ifndef SUBMIT_DEAD_LETTER_H
#define SUBMIT_DEAD_LETTER_H

#include "compose/compose.h"
#include "flow/source.h"

/* Appends to the account's dead letter (~/dead.letter) with the recipients
 * that did not get it and the reason in fields of their own; `missing` is what
 * the message lacks, or "".  Where that cannot be written: to the folder of our
 * state, else to a new file in /var/tmp or, as the last resort, in /tmp, and
 * that is told.  Called again amid such a call (base/interrupt.h), whose file
 * it may hold locked, it goes there at once.  *path is where, NULL when it is
 * turned off. */
int dead_letter_write(struct composition *c, const struct slice *message,
		      const char *missing, const struct error *why,
		      const char **path, struct error *f);

#endif
