/* encoded.h - decodes encoded words (RFC 2047).
 *
 * Display names and headers of other mailers, converted to UTF-8.  More lenient
 * than the RFC: words of any length or containing blanks, words without white
 * space between them, characters split between two words.  What cannot be
 * decoded is left unchanged. */
#ifndef MAIL_ENCODED_H
#define MAIL_ENCODED_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Length of the encoded word at the start of the text, 0 if there is none. */
size_t encoded_length(const char *text);
/* Appends the text with the octets over 127 in encoded words as =XX, since they
 * are in the word's charset, not in the text's. */
void encoded_quote_raw(struct buf *out, const char *text);
/* Appends the decoded text as UTF-8.  White space between encoded words is
 * dropped; a control character in one becomes a space, so they cannot inject
 * CR, LF or NUL. */
int encoded_decode(struct buf *out, const char *text);
/* The same, at most `most` octets, in the arena. */
const char *encoded_dup(struct arena *a, const char *text, size_t most);

#endif
