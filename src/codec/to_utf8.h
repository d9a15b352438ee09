/* to_utf8.h - converts UTF-16, UTF-32 and damaged UTF-8 to UTF-8 (RFC 2781, RFC
 * 3629).
 *
 * Invalid sequences become U+FFFD, one for each.  A byte order mark at the
 * beginning of UTF-16 and UTF-32 is removed. */
#ifndef CODEC_TO_UTF8_H
#define CODEC_TO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "flow/sink.h"

enum utf_form {
	UTF_NONE, /* none of these */
	UTF_8,
	UTF_16LE,
	UTF_16BE,
	UTF_32LE,
	UTF_32BE,
};

/* The form by the byte order mark at the beginning (Unicode 3.10); UTF_NONE
 * without one of UTF-16 or UTF-32. */
enum utf_form utf_form_by_mark(const unsigned char *p, size_t n);
/* Without one: is text in units of `width` octets little-endian? */
bool utf_is_little(const unsigned char *p, size_t n, size_t width);

struct to_utf8 {
	struct sink sink;
	enum utf_form form;
	struct utf8 scan;
	unsigned char held[4]; /* of the current character or unit */
	size_t count;
	uint32_t surrogate; /* a high one whose low one is expected */
	bool is_begun;
};

void to_utf8_init(struct to_utf8 *s, struct sink *next, enum utf_form form);

#endif
