/* muttrc_pattern.h - the patterns of mutt's send-hook, for a new mail.
 *
 * "~t", "~c", "~C" and "~s" are looked up in what the command names, nicknames
 * expanded; "~A", "~P" and "." hold, and so does a word that is found in a
 * recipient.  Of what else there is in a pattern it is MAYBE. */
#ifndef PERSONA_MUTTRC_PATTERN_H
#define PERSONA_MUTTRC_PATTERN_H

#include "base/arena.h"
#include "compose/request.h"
#include "persona/truth.h"

enum truth muttrc_pattern(struct arena *a, const char *pattern,
			  const struct request *r);

#endif
