/* parse.h - the structure of a foreign message (RFC 2045,
 * RFC 2046), found by pushing its octets through once.
 *
 * The result is a flat list of entities in the order in which they begin: the
 * message itself, the parts of a multipart, the message in a message/rfc822.
 * What no entity covers (preambles, boundaries, epilogues) is filling.  Only
 * the list grows, up to a cap; content is scanned and not kept.  What a
 * header claims is not believed: a multipart whose boundary never shows is a
 * leaf, and so is what is nested too deep to look into. */
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
	struct sink sink; /* put the message here, then close */
	/* Before it: a BOM and empty lines above the header, where one follows,
	 * are none of the message, as an mbox line never is. */
	bool skips_preamble;
	/* Before it: what is signed or encrypted is not looked into. */
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
	size_t header_line; /* in it: where the line at hand begins */
	size_t header_from; /* in it: past an mbox "From " line */
	bool has_field;
	struct content_scan filling;
	struct entity *open[PARSE_DEPTH_MAX];
	unsigned depth;
	bool may_be_boundary; /* what is known of the line is in `start` */
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
