/* words.h - encodes header text that is not plain ASCII (RFC 2047, RFC 2231).
 *
 * Input: UTF-8 without CR, LF or NUL.  Output: ASCII that can be folded at the
 * spaces before tokens: single spaces, except up to 8 between plain words of a
 * text and any number in a quoted string.  An encoded word has at most 75
 * octets and only complete characters, in Q or B, whichever is shorter. */
#ifndef CODEC_WORDS_H
#define CODEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Must the text be encoded: it has octets over 127 or controls, looks like an
 * encoded word already would ("=?"), or has a token longer than `longest`. */
bool words_needed(const char *text, size_t longest);

/* Unstructured text: runs of plain words stay readable, others become encoded
 * words that decode to the same text, including spaces. */
int words_put_text(struct buf *out, const char *text);
/* A display name: atoms unchanged, a quoted string where possible, else encoded
 * words in the smaller alphabet for phrases. */
int words_put_phrase(struct buf *out, const char *text);

/* "; name=value" for Content-Type and Content-Disposition: a token, a quoted
 * string, or RFC 2231 ("; name*=UTF-8''..." in sections name*0*= ... if long),
 * each section a token of its own so that it can be folded. */
int words_put_parameter(struct buf *out, const char *name, const char *value);
/* An ASCII replacement for programs without RFC 2231: letters lose their
 * accents, everything else becomes '_'. */
int words_put_fallback(struct buf *out, const char *text);

#endif
