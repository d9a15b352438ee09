/* address_name.h - display names: those of the grammar, and those that people
 * write without the quotes that it asks for ("[Team] X <a@example.org>",
 * "'Last, first' <a@example.org>"). */
#ifndef MAIL_ADDRESS_NAME_H
#define MAIL_ADDRESS_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/address.h"
#include "mail/address_scan.h"

/* The tokens from `from` up to `until` as UTF-8 without quotes and encoded
 * words; NULL when nothing is left. */
const char *name_of_phrase(struct arena *a, struct scan from,
			   const char *until);
/* The comment before this token, for want of a better name; or NULL. */
const char *name_of_comment(struct arena *a, const struct scan *s);

/* Does the entry that begins at `from` have its address in <>, with a name of
 * any signs before it?  *angle becomes the token "<". */
bool name_find_angle(struct scan from, struct scan *angle);
/* Does the name before `angle` hold another address than `one`?  Who put all
 * of it into apostrophes meant a name. */
bool name_has_other(struct scan from, const struct scan *angle,
		    const struct address *one);
/* Without apostrophes around it; NULL when it only repeats the address. */
const char *name_tidy(struct arena *a, const char *name,
		      const struct address *one);
/* May a bare user be a person's name, or a part of it?  Users' own begin with
 * a small letter. */
bool name_may_be(const char *local);
/* ... and does it go on behind the comma that is at hand, as in "Last, First
 * <a@example.org>"? */
bool name_has_comma(const char *local, struct scan comma);

#endif
