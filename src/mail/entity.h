/* entity.h - a message or MIME part: what its header says (RFC 2045), and its
 * extent as found by parse.h. */
#ifndef MAIL_ENTITY_H
#define MAIL_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "flow/content_scan.h"

#define PARSE_BOUNDARY_MAX 250 /* RFC 2046 allows 70 */

/* The first lines of a text that PGP signed (RFC 9580 7) or encrypted. */
#define ENTITY_SIGNED	 "-----BEGIN PGP SIGNED MESSAGE-----"
#define ENTITY_ENCRYPTED "-----BEGIN PGP MESSAGE-----"

enum entity_kind {
	ENTITY_LEAF,
	ENTITY_MULTIPART,
	ENTITY_MESSAGE, /* message/rfc822: the next entity is its content */
	ENTITY_CLOSE,	/* the closing boundary of its parent is missing here */
};

/* The value of Content-Transfer-Encoding. */
enum entity_label {
	LABEL_NONE,
	LABEL_7BIT,
	LABEL_8BIT,
	LABEL_BINARY,
	LABEL_QUOTED_PRINTABLE,
	LABEL_BASE64,
	LABEL_OTHER,
};

/* The value of Content-Type, as far as needed. */
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

	/* Offsets from the start of the input.  Except for a leaf, the body
	 * ends where the next entity of its parent begins. */
	uint64_t header, body;
	uint64_t end;  /* of a leaf: without the line end before a boundary */
	uint64_t line; /* number of the header's first line, from 1 */

	bool has_charset;   /* other than us-ascii */
	bool claims_utf8;   /* it is UTF-8 */
	bool is_attachment; /* an attached file, not text for display */
	bool is_fit;	    /* the header is valid as it is */
	bool has_high;	  /* the header has octets over 127; if is_fit they are
			     kept */
	bool is_attached; /* within an attached message: kept as it is where
			     servers accept it */
	bool is_digest;	  /* a part without Content-Type is a message */
	const char *boundary; /* of a multipart */
	bool seen;	      /* its boundary */
	bool before_line_end; /* of a CLOSE: a boundary follows in the input */
	uint64_t until;	      /* of a MESSAGE: where its content ends */
	struct content_scan scan; /* of a leaf's body */
	bool is_sealed; /* signed or encrypted: one leaf, kept octet for octet
			 */
	bool has_dkim;	/* fields of its header are signed, too; of an attached
			   message, all of them */

	/* set by draft.c */
	const char *charset; /* the replacement; NULL: unchanged */
	bool repairs_utf8;   /* valid UTF-8 except for a few octets */
	bool has_8bit;	     /* something inside remains 8-bit */
};

/* The text is the header only; the boundary is copied to the arena. */
void entity_read_header(struct arena *a, struct entity *e, const char *text,
			size_t n);
/* Is the line one of these? */
bool entity_is_armour(const char *line, size_t n);

#endif
