/* uu.h - uuencode (POSIX uuencode, historical algorithm).
 *
 * "begin MODE NAME", lines of 45 octets, "`", "end", all ended by CRLF.  Zero
 * is written as a backquote, so that no line ends in a space. */
#ifndef CODEC_UU_H
#define CODEC_UU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/sink.h"

#define UU_LINE 45

struct uu {
	struct sink sink;
	size_t held;
	bool is_last; /* the end stands here */
	unsigned char rest[UU_LINE];
};

/* Writes the begin line at once.  `name` has no control bytes. */
void uu_init(struct uu *s, struct sink *next, const char *name, unsigned mode);
/* A section of a file that is cut over several messages: without its begin line
 * but in the first, without its end but in the last.  All but the last hold a
 * multiple of UU_LINE octets. */
void uu_init_section(struct uu *s, struct sink *next, const char *name,
		     unsigned mode, bool is_first, bool is_last);
uint64_t uu_encoded_size(uint64_t n, const char *name);

#endif
