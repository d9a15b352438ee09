/* rewrite.h - address fields of a header that somebody wrote as text.
 *
 * The rule of resolve.h, by what a field is: recipients become what their
 * aliases say, From may be masqueraded, and every other address is qualified. A
 * field in which nothing changes keeps its very value, so that it keeps its
 * folding and its comments too, but where no header may hold it as it is; one
 * that is no list of addresses ("To: undisclosed recipients") is left alone. */
#ifndef COMPOSE_REWRITE_H
#define COMPOSE_REWRITE_H

#include "base/error.h"
#include "compose/resolve.h"
#include "mail/header.h"

/* Sets *has_utf8 where an address needs it.  A name whose alias is at error is
 * qualified: whether that stops the mail is for the envelope to say. */
int rewrite_field(struct resolver *r, struct field *field, bool *has_utf8,
		  struct error *f);
/* From this field on.  What `dkim` (mail/sealed.h) covers is left as it was
 * signed, but for a From, which the draft's writer then refuses.  Resent-
 * fields from `history` on (header_resent_end) are some other machine's and
 * stay.
 */
int rewrite_fields(struct resolver *r, struct field *first,
		   const struct field *history, const char *dkim,
		   bool *has_utf8, struct error *f);
/* "undisclosed recipients" and the like: words for people, no addresses. */
bool rewrite_is_notice(const char *value);

#endif
