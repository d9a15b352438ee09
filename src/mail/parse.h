/* parse.h - a push parser for the structure of a message (RFC 2045, RFC 2046).
 *
 * The result is a flat list of entities in order of their start: the message
 * itself, the parts of a multipart, the message in a message/rfc822.  Text
 * outside of entities (preambles, boundaries, epilogues) is called filling.
 * Only the list grows, up to a limit; content is scanned and not kept.  Headers
 * are not trusted: a multipart whose boundary never occurs is a leaf, and so is
 * one that is nested too deep. */
#ifndef MAIL_PARSE_H
#define MAIL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "flow/content_scan.h"
#include "flow/sink.h"
#include "mail/entity.h"

#define PARSE_HEADER_MAX   (1024 * 1024) /* octets of one header */
#define PARSE_DEPTH_MAX	   20
#define PARSE_ENTITIES_MAX 10000

struct parser {
	struct sink sink; /* write the message here, then close */
	/* Set before: skip a BOM and empty lines above the header, if there is
	 * a header (an mbox line is always skipped). */
	bool skips_preamble;
	/* Set before: do not parse signed or encrypted content. */
	bool keeps_signed;
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
	size_t header_line; /* in it: start of the current line */
	size_t header_from; /* in it: past an mbox "From " line */
	bool has_field;
	struct content_scan filling;
	struct entity *open[PARSE_DEPTH_MAX];
	unsigned depth;
	bool may_be_boundary; /* the start of the line is in `start` */
	size_t start_length;
	char start[PARSE_BOUNDARY_MAX + 64];
	size_t held; /* octets of a line end that may belong to a boundary */
	char hold[2];
};

/* The entities live in the arena. */
void parser_init(struct parser *p, struct arena *a, struct error *f);
/* After close, or instead of it. */
void parser_free(struct parser *p);

#endif
