/* match.h - which mails of the queue are meant by some words.
 *
 * Without regard to case.  No words at all mean any. */
#ifndef QUEUERUN_MATCH_H
#define QUEUERUN_MATCH_H

#include <stdbool.h>

#include "queuerun/flush.h"

/* Is one of the words a part of the id? */
bool match_id(const struct flush_words *words, const char *id);
/* ... of the address?  "@domain" is the end of one, "<>" the null sender. */
bool match_address(const struct flush_words *words, const char *address);

#endif
