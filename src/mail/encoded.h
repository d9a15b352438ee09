/* encoded.h - encoded words read back (RFC 2047).
 *
 * Other people's display names and headers, turned into UTF-8.  Read more
 * leniently than the RFC requires: words of any length or with blanks in them,
 * words that touch their neighbours, characters cut in two between
 * words. What cannot be decoded stays as it was written. */
#ifndef MAIL_ENCODED_H
#define MAIL_ENCODED_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Octets of the encoded word that the text begins with, 0 when it does not. */
size_t encoded_length(const char *text);
/* Appends the text with the octets over 127 in encoded words as =XX,
 * since they are of the word's charset, not of the text's. */
void encoded_quote_raw(struct buf *out, const char *text);
/* Appends the meaning of the text as UTF-8.  White space between encoded
 * words is no part of it; a control character in one becomes a space, so no
 * CR, LF or NUL comes in this way. */
int encoded_decode(struct buf *out, const char *text);
/* The same, of at most `most` octets, in the arena. */
const char *encoded_dup(struct arena *a, const char *text, size_t most);

#endif
