/* draft.h - an existing message, made valid for sending.
 *
 * One pass over the staged bytes finds the header and, for each MIME leaf, its
 * extent and scan result.  Header fields keep their order, a leading mbox "From
 * " line is dropped, Bcc and Resent-Bcc are left out.  If everything is valid,
 * only line ends are changed; an invalid leaf (a line over 998, NUL, bare CR,
 * 8-bit where the server does not accept it) is encoded again, as are raw 8-bit
 * header values.  Signed content is sent unchanged, octet for octet, or
 * refused.  The limits are those of parse.h; what a header claims is never
 * trusted. */
#ifndef MAIL_DRAFT_H
#define MAIL_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "mail/header.h"

struct entity;
struct draft_origin; /* where in the content a field was found */
struct draft {
	struct header header; /* top fields, decoded, unfolded, Bcc included;
				 addresses keep their encoded words */
	struct slice content; /* the whole message, as read */
	uint64_t body;	      /* offset of the body */
	bool has_8bit; /* somewhere in the body; kept if the server accepts it
			*/
	uint64_t fixed_8bit; /* line where a signed 8-bit part begins, which
				cannot be encoded; or 0 */
	const char *dkim;    /* of dkim_fields: the fields that are signed */
	bool keeps_signed; /* signed content must not change; set by draft_read
			    */
	bool keeps_bcc;	   /* set by the caller: write Bcc, too */

	struct entity *entities; /* of parse.h, the message itself first */
	struct draft_origin *origins;
	size_t origin_count;
	bool filling_has_high, filling_is_fit;
};

/* The slice must stay readable.  The body begins at the first line that is not
 * a header field, so a message without a header is all body. */
int draft_read(struct arena *a, const struct slice *content, struct draft *d,
	       struct error *f);
/* The same for a mail of ours that quotes another, such as a bounce: signatures
 * need not stay valid. */
int draft_read_quoting(struct arena *a, const struct slice *content,
		       struct draft *d, struct error *f);
/* 0, or ERROR_DATA if it must stay 8-bit because it is signed. */
int draft_check_7bit(const struct draft *d, struct error *f);
/* Writes the header fields of d->header, without Bcc and Resent-Bcc unless they
 * are to be kept, then the body.  Change d->header before (add, remove,
 * replace). Fields that are valid and unchanged keep their folding.
 * Content-Type and Content-Transfer-Encoding of the draft must not be changed.
 * ERROR_DATA if something invalid cannot be fixed. */
int draft_write(const struct draft *d, bool accept_8bit, struct sink *to);

#endif
