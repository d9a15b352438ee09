/* meaning.h - what a server's capabilities mean for whoever sends. */
#ifndef CHECK_MEANING_H
#define CHECK_MEANING_H

#include "check/check.h"
#include "smtp/caps.h"

/* "SIZE 52428800: mails up to 52.4 MB".  An EHLO line, without its code. */
const char *meaning_of(struct arena *a, const char *line,
		       const struct caps *caps, const struct account *account);
/* Adds a line for each of those that count and are not there. */
void meaning_of_missing(struct check *c, struct check_step *step);

#endif
