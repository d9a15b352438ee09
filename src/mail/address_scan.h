/* address_scan.h - the tokens of an address list (RFC 5322 3.2), and the
 * display names that they form.
 *
 * Words, literals and single signs; white space and comments between them are
 * skipped and remembered.  The state borrows the text, is small and may be
 * copied, to read the same tokens again.  Text that is damaged gives BAD
 * where the damage begins; after END comes END. */
#ifndef MAIL_ADDRESS_SCAN_H
#define MAIL_ADDRESS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/address.h"

enum scan_token {
	SCAN_END,
	SCAN_ATOM,    /* an encoded word is one, whatever is in it */
	SCAN_QUOTED,  /* with its quotes */
	SCAN_LITERAL, /* with its brackets; no '<' in it */
	SCAN_BAD,
	SCAN_SIGN, /* one octet: < > @ , ; : . and what fits nowhere */
};

struct scan {
	const char *next; /* the first octet not read */
	enum scan_token kind;
	const char *start, *end; /* the token as written */
	bool space;		 /* white space or a comment before it */
	const char *comment;	 /* the last one before it, inside its (), */
	size_t comment_length;	 /* or NULL */
	const char *problem;	 /* BAD: what it is */
};

/* To begin, set `next` to the text and call this. */
void scan_next(struct scan *s);
bool scan_is_word(const struct scan *s);
bool scan_is_sign(const struct scan *s, char c);
/* What the inside of a QUOTED token means. */
void scan_put_quoted(struct buf *out, const struct scan *s);

/* ---- display names: those of the grammar, and those that people write without
 * the quotes that it requires ("[Team] X <a@example.org>",
 * "'Last, first' <a@example.org>") ---- */

/* The tokens from `from` up to `until` as UTF-8 without quotes and encoded
 * words; NULL when nothing is left. */
const char *scan_phrase(struct arena *a, struct scan from, const char *until);
/* The comment before this token, as a fallback name; or NULL. */
const char *scan_comment(struct arena *a, const struct scan *s);

/* Does the entry that begins at `from` have its address in <>, with a name of
 * any signs before it?  *angle becomes the token "<". */
bool scan_find_angle(struct scan from, struct scan *angle);
/* Does the name before `angle` hold another address than `one`?  Text that
 * is wholly in apostrophes is a name. */
bool scan_name_has_other(struct scan from, const struct scan *angle,
			 const struct address *one);
/* Without apostrophes around it; NULL when it only repeats the address. */
const char *scan_tidy_name(struct arena *a, const char *name,
			   const struct address *one);
/* May a bare user be a person's name, or a part of it?  Users' own begin with
 * a small letter. */
bool scan_may_be_name(const char *local);
/* ... and does it go on after the comma that is at hand, as in "Last, First
 * <a@example.org>"? */
bool scan_name_has_comma(const char *local, struct scan comma);

#endif
