/* address_scan.h - the tokens of an address list (RFC 5322 3.2), and the
 * display names that they form.
 *
 * Words, literals and single characters; white space and comments between them
 * are skipped and recorded.  The state borrows the text; it is small and can be
 * copied to read the same tokens again.  Malformed text gives BAD at the first
 * invalid octet; after END comes END again. */
#ifndef MAIL_ADDRESS_SCAN_H
#define MAIL_ADDRESS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/address.h"

enum scan_token {
	SCAN_END,
	SCAN_ATOM,    /* an encoded word is one, whatever it contains */
	SCAN_QUOTED,  /* with its quotes */
	SCAN_LITERAL, /* with its brackets; no '<' in it */
	SCAN_BAD,
	SCAN_SIGN, /* one octet: < > @ , ; : . or any other */
};

struct scan {
	const char *next; /* the first octet not read */
	enum scan_token kind;
	const char *start, *end; /* the token as written */
	bool space;		 /* preceded by white space or a comment */
	const char *comment;	 /* the last comment before it, without (), */
	size_t comment_length;	 /* or NULL */
	const char *problem;	 /* BAD: what is wrong */
};

/* To begin, set `next` to the text and call this. */
void scan_next(struct scan *s);
bool scan_is_word(const struct scan *s);
bool scan_is_sign(const struct scan *s, char c);
/* The content of a QUOTED token, unescaped. */
void scan_put_quoted(struct buf *out, const struct scan *s);

/* ---- display names: valid ones, and those that people write without the
 * required quotes ("[Team] X <a@example.org>",
 * "'Last, first' <a@example.org>") ---- */

/* The tokens from `from` up to `until` as UTF-8 without quotes, encoded words
 * decoded; NULL when nothing is left. */
const char *scan_phrase(struct arena *a, struct scan from, const char *until);
/* The comment before this token, as a fallback name; or NULL. */
const char *scan_comment(struct arena *a, const struct scan *s);

/* Does the entry that begins at `from` have its address in <>, with a name of
 * any characters before it?  *angle becomes the token "<". */
bool scan_find_angle(struct scan from, struct scan *angle);
/* Does the name before `angle` contain an address other than `one`?  Text that
 * is entirely in apostrophes is a name. */
bool scan_name_has_other(struct scan from, const struct scan *angle,
			 const struct address *one);
/* Without enclosing apostrophes; NULL when it only repeats the address. */
const char *scan_tidy_name(struct arena *a, const char *name,
			   const struct address *one);
/* Could a bare user be a person's name, or part of one?  User names begin with
 * a lower-case letter. */
bool scan_may_be_name(const char *local);
/* ... and does it continue after the current comma, as in "Last, First
 * <a@example.org>"? */
bool scan_name_has_comma(const char *local, struct scan comma);

#endif
