/* address_scan.h - the tokens of an address list (RFC 5322 3.2).
 *
 * Words, literals and single signs; white space and comments between them are
 * skipped and remembered.  The state borrows the text, is small and may be
 * copied, to read the same tokens again.  Text that is damaged gives BAD
 * where the damage begins; after END comes END. */
#ifndef MAIL_ADDRESS_SCAN_H
#define MAIL_ADDRESS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum scan_token {
	SCAN_END,
	SCAN_ATOM,    /* an encoded word is one, whatever stands in it */
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
	const char *trouble;	 /* BAD: what it is */
};

/* To begin, set `next` to the text and call this. */
void scan_next(struct scan *s);
bool scan_is_word(const struct scan *s);
bool scan_is_sign(const struct scan *s, char c);
/* What the inside of a quoted string or comment means. */
void scan_unescape(struct buf *out, const char *p, size_t n);
/* The same of a QUOTED token. */
void scan_put_quoted(struct buf *out, const struct scan *s);

#endif
