/* dot.h - the framing of DATA (RFC 5321 4.5.2).
 *
 * Input has CRLF line ends alone; a LF without its CR is ERROR_SOFTWARE, since
 * servers disagree about where such a line ends.  A dot is put before each
 * line that begins with one; close ends an unfinished line and writes
 * ".CRLF". */
#ifndef CODEC_DOT_H
#define CODEC_DOT_H

#include "flow/sink.h"

struct dot {
	struct sink sink;
	int state; /* how much of CRLF stands before: 2 at a line's start */
};

void dot_init(struct dot *s, struct sink *next);

#endif
