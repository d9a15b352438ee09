/* unbase64.h - base64 read back (RFC 2045 6.8).
 *
 * A sink: text in, octets out.  Read kindly: white space is passed over and so
 * is what belongs to no alphabet; '=' ends the data, and what stands behind it
 * is none.  Close looks whether the last group was whole. */
#ifndef CODEC_UNBASE64_H
#define CODEC_UNBASE64_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/sink.h"

struct unbase64 {
	struct sink sink;
	bool is_damaged; /* after close: strange characters, a cut group */
	bool is_over;	 /* '=' was there */
	bool is_odd;	 /* ... where none belongs: it ends nothing */
	uint32_t bits;
	unsigned count; /* characters of the group at hand */
};

void unbase64_init(struct unbase64 *s, struct sink *next);

/* A text that is whole groups of base64 and nothing else (RFC 4648 3), as SASL
 * has it: -1 when it is not, or `out` is full.  What it holds may be secret:
 * buf_wipe. */
int unbase64_text(const char *text, struct buf *out);

#endif
