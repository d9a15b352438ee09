/* wanted.h - which mails of the queue are meant by some words.
 *
 * Without regard to case.  No words at all mean any. */
#ifndef TEND_WANTED_H
#define TEND_WANTED_H

#include <stdbool.h>

#include "tend/flush.h"

/* Is one of the words a part of the id? */
bool wanted_id(const struct flush_words *words, const char *id);
/* ... of the address?  "@domain" is the end of one, "<>" the null sender. */
bool wanted_address(const struct flush_words *words, const char *address);

#endif
