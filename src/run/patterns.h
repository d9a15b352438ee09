/* patterns.h - extended regular expressions (POSIX): which output does not
 * count as a change, and what is masked in the command. */
#ifndef RUN_PATTERNS_H
#define RUN_PATTERNS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/digest.h"
#include "flow/source.h"

#define PATTERNS_MAX 64

struct patterns {
	const char *items[PATTERNS_MAX];
	size_t count;
};

/* ERROR_USAGE if it is invalid. */
int patterns_check(const char *pattern, struct error *f);
/* The text with "***" instead of each match, or of its groups if there are any;
 * in the arena. */
const char *patterns_mask(const struct patterns *p, struct arena *a,
			  const char *text);
/* SHA-256 of the content without the text in its lines that matches. */
int patterns_digest(const struct patterns *p, const struct slice *content,
		    char hex[DIGEST_HEX_SIZE], struct error *f);

#endif
