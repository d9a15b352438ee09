/* base64.h - base64 in lines of 76 (RFC 2045 6.8).
 *
 * A sink: octets in, lines that end in CRLF out; close writes the last group
 * and its line end.  It moves whole blocks and calls next in large pieces. */
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
	const struct base64_loops *loops; /* what this processor does best */
	size_t held; /* octets that wait for their line to fill */
	unsigned char rest[BASE64_LINE];
};

void base64_init(struct base64 *s, struct sink *next);
/* Octets out for n octets in, line ends counted. */
uint64_t base64_encoded_size(uint64_t n);

/* For headers: one run without line ends.  `out` has room for
 * 4 * ((n + 2) / 3) octets; returns how many were written. */
size_t base64_text(char *out, const void *data, size_t n);
/* The same, appended; nothing of it stays in memory elsewhere.  -1 when the cap
 * would be passed. */
int base64_append(struct buf *out, const void *data, size_t n);

/* Base64 read back (RFC 2045 6.8).
 *
 * A sink: text in, octets out.  Lenient: white space is skipped and so
 * is what belongs to no alphabet; '=' ends the data, and what follows it
 * is none.  Close looks whether the last group was whole. */

struct unbase64 {
	struct sink sink;
	const struct base64_loops *loops;
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
