/* entity.h - a message or a part of one, as far as it matters here, and what
 * its header says (RFC 2045).  parse.h finds the extent. */
#ifndef MAIL_ENTITY_H
#define MAIL_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "flow/content_scan.h"

#define PARSE_BOUNDARY_MAX 250 /* RFC 2046 has 70 */

/* The lines that begin a text that PGP signed (RFC 9580 7), or encrypted. */
#define ENTITY_SIGNED	 "-----BEGIN PGP SIGNED MESSAGE-----"
#define ENTITY_ENCRYPTED "-----BEGIN PGP MESSAGE-----"

enum entity_kind {
	ENTITY_LEAF,
	ENTITY_MULTIPART,
	ENTITY_MESSAGE, /* message/rfc822: the next entity is what it holds */
	ENTITY_CLOSE,	/* here the end of its parent is missing */
};

/* What Content-Transfer-Encoding says. */
enum entity_label {
	LABEL_NONE,
	LABEL_7BIT,
	LABEL_8BIT,
	LABEL_BINARY,
	LABEL_QUOTED_PRINTABLE,
	LABEL_BASE64,
	LABEL_OTHER,
};

/* What Content-Type says, as far as it matters here. */
enum entity_type {
	TYPE_NONE,
	TYPE_PLAIN,
	TYPE_TEXT,
	TYPE_MULTIPART,
	TYPE_RFC822,
	TYPE_MESSAGE, /* any other message/... */
	TYPE_OTHER,
};

struct entity {
	enum entity_kind kind;
	enum entity_label label;
	enum entity_type type;
	struct entity *parent; /* NULL for the first */
	struct entity *next;
	unsigned depth;

	/* Offsets from the start of the input.  The body of all but a leaf
	 * goes on to where the next entity of its own parent begins. */
	uint64_t header, body;
	uint64_t end;  /* of a leaf: the line end before a boundary is not in */
	uint64_t line; /* number of the header's first line, from 1 */

	bool has_charset;     /* one that is not us-ascii */
	bool claims_utf8;     /* it is UTF-8 */
	bool is_attachment;   /* a file, and no text to be read in place */
	bool is_fit;	      /* the header may stay as it is */
	bool has_high;	      /* the header has octets over 127, and where it
				 is_fit keeps them */
	bool is_attached;     /* of a message within: what of it does no harm
				 on its way stays as it is */
	bool is_digest;	      /* a part without a type is a message */
	const char *boundary; /* of a multipart */
	bool seen;	      /* its boundary */
	bool before_line_end; /* of a CLOSE: one follows in the input */
	uint64_t until;	      /* of a MESSAGE: where what it holds ends */
	struct content_scan scan; /* of a leaf's body */
	bool is_sealed;		  /* signed or encrypted: one leaf, to be kept
				     octet for octet */
	bool has_dkim;		  /* fields of its header are signed, too; of a
				     message that is attached, all of it counts */

	/* what draft.c makes of it */
	const char *charset; /* the one to say instead; NULL: as it is */
	bool repairs_utf8;   /* its octets are, but for a few */
	bool has_8bit;	     /* something inside stays 8-bit */
};

/* The text is the header alone; the boundary lives in the arena. */
void entity_read_header(struct arena *a, struct entity *e, const char *text,
			size_t n);
/* Is the line one of these? */
bool entity_is_armour(const char *line, size_t n);

#endif
