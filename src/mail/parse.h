/* parse.h - the structure of a message that somebody else wrote (RFC 2045,
 * RFC 2046), found by pushing its octets through once.
 *
 * The result is a flat list of entities in the order in which they begin: the
 * message itself, the parts of a multipart, the message in a message/rfc822.
 * What no entity covers (preambles, boundaries, epilogues) is filling.  Only
 * the list grows, up to a cap; content is surveyed and not kept.  What a
 * header claims is not believed: a multipart whose boundary never shows is a
 * leaf, and so is what is nested too deep to look into. */
#ifndef MAIL_PARSE_H
#define MAIL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "flow/sink.h"
#include "flow/survey.h"

#define PARSE_HEADER_MAX   (1024 * 1024) /* octets of one header */
#define PARSE_DEPTH_MAX	   20
#define PARSE_ENTITIES_MAX 10000
#define PARSE_BOUNDARY_MAX 250 /* RFC 2046 has 70 */

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
	bool has_high;	      /* the header has octets over 127 */
	bool is_digest;	      /* a part without a type is a message */
	const char *boundary; /* of a multipart */
	bool seen;	      /* its boundary */
	bool before_line_end; /* of a CLOSE: one follows in the input */
	uint64_t until;	      /* of a MESSAGE: where what it holds ends */
	struct survey survey; /* of a leaf's body */

	/* what draft.c makes of it */
	const char *charset; /* the one to say instead; NULL: as it is */
	bool repairs_utf8;   /* its octets are, but for a few */
	bool has_8bit;	     /* something inside stays 8-bit */
};

struct parser {
	struct sink sink; /* put the message here, then close */
	/* Before it: a BOM and empty lines above the header, where one follows,
	 * are none of the message, as an mbox line never is. */
	bool skips_preamble;
	struct entity *first;
	/* of all the filling */
	bool filling_has_high;
	bool filling_is_fit;

	/* running state */
	struct arena *arena;
	struct entity **last, *newest;
	struct entity *current; /* NULL in filling */
	size_t count;
	uint64_t at, line_at, lines;
	bool in_header;
	struct buf header;  /* so far */
	size_t header_line; /* in it: where the line at hand begins */
	size_t header_from; /* in it: past an mbox "From " line */
	bool has_field;
	struct survey filling;
	struct entity *open[PARSE_DEPTH_MAX];
	unsigned depth;
	bool may_be_boundary; /* what is known of the line is in `start` */
	size_t start_length;
	char start[PARSE_BOUNDARY_MAX + 64];
	size_t held; /* octets of a line end that may belong to a boundary */
	char hold[2];
};

/* The entities live in the arena. */
void parser_init(struct parser *p, struct arena *a, struct fault *f);
/* After close, or instead of it. */
void parser_free(struct parser *p);

#endif
