/* draft.h - a foreign message, made fit to send.
 *
 * One reading pass over the staged bytes finds its header and the extent and
 * scan of each MIME leaf; the headers are kept in their order, a leading
 * mbox "From " line is dropped, Bcc and Resent-Bcc are held back.  When all
 * of it is fit, the bytes are passed on as they are but for line ends; a leaf
 * that is not (a line over 998, NUL, bare CR, 8-bit where the server wants
 * none) is encoded anew, as are raw 8-bit header values.  What is signed stays
 * as it was signed, octet for octet, or is refused.  The limits are those
 * of parse.h; what a header claims is never believed. */
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
struct draft_origin; /* where in the content a field was read */
struct draft {
	struct header header; /* top fields, decoded, unfolded, Bcc included;
				 addresses keep their encoded words */
	struct slice content; /* all of it, as read */
	uint64_t body;	      /* offset of the body */
	bool has_8bit;	      /* somewhere in the body, and left so where the
				 server takes it */
	bool needs_mending;   /* even for a server that takes 8 bits */
	uint64_t fixed_8bit;  /* line where a part begins that is signed and has
				 8 bits, so that it takes no other form; or 0 */
	const char *dkim;     /* of dkim.h: the fields that are signed */
	bool keeps_signed;    /* what is signed; of draft_read */
	bool keeps_bcc;	      /* set by the caller: Bcc is written, too */

	struct entity *entities; /* of parse.h, the message itself first */
	struct draft_origin *origins;
	size_t origin_count;
	bool filling_has_high, filling_is_fit;
};

/* The slice must stay readable.  The body begins at the first line that is no
 * field, so a message with no header at all is a body. */
int draft_read(struct arena *a, const struct slice *content, struct draft *d,
	       struct error *f);
/* The same for a mail of ours that quotes another, as a bounce does: there no
 * signature has to hold. */
int draft_read_quoting(struct arena *a, const struct slice *content,
		       struct draft *d, struct error *f);
/* 0, or ERROR_DATA where it has to stay 8-bit since it is signed. */
int draft_check_7bit(const struct draft *d, struct error *f);
/* Writes the header fields of d->header but for Bcc and Resent-Bcc, unless they
 * are to be kept (so change it first: add, remove, replace), then the body.
 * Fields that were not changed and are fit keep their own folding. Content-Type
 * and Content-Transfer-Encoding of the draft are not to be changed.  ERROR_DATA
 * where something unfit has no legal repair. */
int draft_write(const struct draft *d, bool accept_8bit, struct sink *to);

#endif
