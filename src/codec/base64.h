/* base64.h - encodes and decodes base64 in lines of 76 (RFC 2045 6.8).
 *
 * A sink: octets in, lines that end in CRLF out; close writes the last group
 * and its line end.  It works on whole blocks and calls next with large
 * pieces. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/sink.h"

#define BASE64_LINE 57 /* octets that make a line of 76 */

struct base64_loops;

struct base64 {
	struct sink sink;
	const struct base64_loops *loops; /* the fastest for this processor */
	size_t held;			  /* octets of an incomplete line */
	unsigned char rest[BASE64_LINE];
};

void base64_init(struct base64 *s, struct sink *next);
/* Output length for n octets of input, including line ends. */
uint64_t base64_encoded_size(uint64_t n);

/* For headers: one run without line ends.  `out` has room for
 * 4 * ((n + 2) / 3) octets; returns how many were written. */
size_t base64_text(char *out, const void *data, size_t n);
/* The same, appended; no copy of it remains in memory.  -1 when the limit would
 * be exceeded. */
int base64_append(struct buf *out, const void *data, size_t n);

/* A base64 decoder (RFC 2045 6.8).
 *
 * A sink: text in, octets out.  Lenient: characters outside the alphabet are
 * skipped; '=' ends the data, the rest is ignored.  Close checks whether the
 * last group was complete. */

struct unbase64 {
	struct sink sink;
	const struct base64_loops *loops;
	bool is_damaged; /* after close: invalid characters or an incomplete
			    group */
	bool is_over;	 /* after '=' */
	bool is_odd;	 /* '=' in the wrong place: does not end the data */
	uint32_t bits;
	unsigned count; /* characters of the current group */
};

void unbase64_init(struct unbase64 *s, struct sink *next);

/* Strict decoding of complete groups (RFC 4648 3), as in SASL: -1 when invalid,
 * or if `out` is full.  The result may be secret: use buf_wipe. */
int unbase64_text(const char *text, struct buf *out);

#endif
