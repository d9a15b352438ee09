/* message.h - a message as a tree, before it is bytes (RFC 2045, 2046).
 *
 * A leaf has content: one or more pieces, each a slice of memory or a file,
 * taken as it is or uuencoded.  A multipart has children.  A raw message is
 * a slice that is complete already.  The tree is built by compose, made ready
 * once by message_prepare, and not changed after that; it and what it points
 * to live in the arena of the run. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/content_scan.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "mail/header.h"

#define MESSAGE_DEPTH_MAX 20

enum encoding {
	ENCODING_AUTO,
	ENCODING_7BIT,
	ENCODING_8BIT,
	ENCODING_QUOTED_PRINTABLE,
	ENCODING_BASE64,
	ENCODING_UUENCODE, /* a wish of the user's; never in a leaf */
};
/* The name in Content-Transfer-Encoding; encoding_parse -1 when unknown. */
const char *encoding_name(enum encoding e);
int encoding_parse(const char *name);
/* Quoted-printable or base64 for text that cannot go as it is: the smaller,
 * but what is mostly ASCII with some control bytes stays readable. */
enum encoding encoding_of_text(const struct content_scan *s);

struct piece {
	struct slice content;
	bool uuencode;
	bool has_earlier, has_later; /* a section of a uuencoded file: the
					others are in other messages */
	const char *name;	     /* of the uuencoded file */
	unsigned mode;
	struct piece *next;
};

struct part {
	enum part_kind { PART_LEAF, PART_MULTIPART } kind;
	const char *type;    /* "text/plain", "multipart/mixed"; may have
				parameters; prepare changes it where no legal
				encoding carries the bytes as this type */
	struct header extra; /* further Content-* and other fields */

	/* a leaf */
	struct piece *pieces;
	const char *charset; /* for text; NULL: message_prepare finds it */
	bool is_body;	     /* what was written for reading: line ends become
				CRLF; else the octets come back exactly */
	enum encoding encoding;	 /* AUTO until prepared */
	const char *disposition; /* "attachment", "inline" or NULL */
	const char *filename;	 /* UTF-8 base name, or NULL */
	bool has_size;		 /* put the size into the disposition */
	const char *content_id;	 /* without <>, or NULL */
	/* set by prepare */
	bool is_prepared;
	bool binary_qp;
	enum encoding wish; /* what encoding was before */

	/* a multipart */
	struct part *children;
	char boundary[40]; /* set by prepare */

	struct part *next; /* sibling */
};

#define MESSAGE_TAG_SIZE 27 /* with the NUL */

struct message {
	struct header header; /* all but the Content-* of the root */
	bool keeps_bcc;	      /* of it; else Bcc stays here */
	struct part *root;
	/* what all boundaries have in common: drawn by prepare where it is ""
	 * or is in the content */
	char tag[MESSAGE_TAG_SIZE];
};

/* Chooses what was left open: charsets, transfer encodings (the smallest that
 * is safe; 8bit only where `accept_8bit` and asked for, or needed to keep
 * uuencoded files readable), boundaries, which are checked against every
 * content that is not encoded.  Calling it again with accept_8bit false turns
 * 8bit into something that is not.  ERROR_DATA when an encoding that was
 * asked for cannot carry an attachment; a body falls back to one that can. */
int message_prepare(struct arena *a, struct message *m, bool accept_8bit,
		    struct error *f);
/* All of it but Bcc, CRLF throughout, no line over 998, MIME-Version once.
 * Content that has changed since it was prepared and does not fit its
 * encoding any more is ERROR_IO, temporary. */
int message_write(const struct message *m, struct sink *to);
/* Appends content to a leaf; the piece is in the arena. */
struct piece *message_add_piece(struct arena *a, struct part *leaf,
				const struct slice *content);

/* ---- a boundary that is in no line ---- */

/* Looks for a line that would be read as a boundary: a sink that ends a chain
 * and keeps nothing.  Lines end at LF. */

struct boundary_search {
	struct sink sink;
	const char *boundary; /* without the "--" before it */
	bool found;	      /* a line that begins with both */
	/* running state */
	size_t matched;
	bool in_line; /* past the place where it could be */
};

/* The boundary is borrowed. */
void boundary_search_init(struct boundary_search *s, const char *boundary,
			  struct error *f);

#endif
