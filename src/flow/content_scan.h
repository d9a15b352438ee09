/* content_scan.h - what kind of bytes are these?
 *
 * One pass that answers all that the choice of a charset and of a transfer
 * encoding needs, and the cost of each.  Lines end at LF; a CR before it
 * belongs to the line's end.  It may pass the bytes on, or end a chain.  What
 * depends on the end of the data (longest, utf8, is_cut, bare_cr, equals) is
 * right after close.
 *
 * The size in quoted-printable is, soft line breaks apart (3 in about 73; in
 * binary mode besides 3 for each line),
 *   text mode:    size + bare_lf + 2 * (equals + from_lines)
 *   binary mode:  size + 2 * (equals + from_lines + lines + crlf)
 * where text mode takes what the crlf sink makes of these bytes. */
#ifndef FLOW_CONTENT_SCAN_H
#define FLOW_CONTENT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/sink.h"
#include "flow/source.h"

struct content_scan {
	struct sink sink;
	uint64_t size;
	uint64_t lines;	  /* line ends seen */
	uint64_t longest; /* octets of the longest line, without its end */
	uint64_t high;	  /* octets over 127 */
	uint64_t nuls;
	uint64_t bare_cr; /* CR with no LF after it */
	uint64_t bare_lf; /* LF with no CR before it */
	uint64_t crlf;
	uint64_t controls;   /* below 32 or 127, but for TAB, LF, CR, NUL */
	uint64_t equals;     /* '=' and what else costs 3 in quoted-printable */
	uint64_t from_lines; /* lines that begin "From " */
	bool utf8;	     /* valid UTF-8 throughout (RFC 3629) */
	uint64_t characters; /* of UTF-8 that are whole, but for ASCII */
	uint64_t broken;     /* places that are none */
	bool is_cut;	     /* it ends within a character */
	bool final_newline;  /* the last octet is LF, or there is none */
	/* running state */
	uint64_t line;
	struct utf8 scan;
	bool cr;    /* the last octet is a CR */
	bool blank; /* the last octet of the line is a space or TAB */
	uint8_t from;
};

void content_scan_init(struct content_scan *s, struct sink *next,
		       struct error *f);
int content_scan_slice(struct content_scan *s, const struct slice *slice,
		       struct error *f);

#endif
