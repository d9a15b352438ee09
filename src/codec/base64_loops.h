/* base64_loops.h - the inner loops of base64, one set for each kind of
 * processor; the interface is codec/base64.h.
 *
 * All sets give the same text and octets.  decode may stop early, so the caller
 * continues one character at a time, which handles all invalid input, and
 * returns to the loop at the start of the next group. */
#ifndef CODEC_BASE64_LOOPS_H
#define CODEC_BASE64_LOOPS_H

#include <stddef.h>

#define BASE64_OUT_LINE                                                        \
	(57 / 3 * 4) /* characters of a line, without its end                  \
		      */

#if defined(__x86_64__) && defined(__GNUC__)
#define BASE64_X86
#endif

struct base64_loops {
	const char *name;
	/* Lines of 57 octets into lines of 76 characters and CRLF. */
	void (*encode)(char *out, const unsigned char *in, size_t lines);
	/* Whole groups from *in on, and line ends between them; stops before
	 * anything else, before the end, and when `out`, of `room` octets,
	 * might overflow.  Advances *in past the input used and returns the
	 * number of octets written.  The rest of `out`, up to `room`, is
	 * undefined. */
	size_t (*decode)(unsigned char *out, size_t room,
			 const unsigned char **in, const unsigned char *end);
};

extern const struct base64_loops base64_portable;
#ifdef BASE64_X86
extern const struct base64_loops base64_ssse3, base64_avx2;
#endif

/* Those that this processor can run, the fastest first; NULL after the last. */
const struct base64_loops *base64_loops(size_t i);

#endif
