/* rewrite.h - resolves the address fields of a header that exists as text.
 *
 * By resolve.h, depending on the field: recipients are replaced by their
 * aliases, From may be masqueraded, and every other address is qualified.  An
 * unchanged field keeps its text, with folding and comments, unless that is
 * invalid; a field that is no list of addresses ("To: undisclosed recipients")
 * is not changed. */
#ifndef COMPOSE_REWRITE_H
#define COMPOSE_REWRITE_H

#include "base/error.h"
#include "compose/resolve.h"
#include "mail/header.h"

/* Sets *has_utf8 if an address needs it.  A name with an error in its alias is
 * qualified: the envelope decides whether that stops the mail. */
int rewrite_field(struct resolver *r, struct field *field, bool *has_utf8,
		  struct error *f);
/* From this field on.  Fields that `dkim` (mail/sealed.h) covers are not
 * changed, except From, which is then refused when the draft is written.
 * Resent- fields from `history` on (header_resent_end) are of other machines
 * and not changed. */
int rewrite_fields(struct resolver *r, struct field *first,
		   const struct field *history, const char *dkim,
		   bool *has_utf8, struct error *f);
/* "undisclosed recipients" and the like: text, not addresses. */
bool rewrite_is_notice(const char *value);

#endif
