/* words.h - text in headers that is not plain ASCII (RFC 2047, RFC 2231).
 *
 * In: UTF-8 without CR, LF or NUL.  Out: ASCII to be folded at the spaces
 * before tokens: single ones, but for up to 8 between plain words of a text
 * and any number in a quoted string.  An encoded word is at most 75 octets,
 * holds whole characters, and is Q or B, the shorter. */
#ifndef CODEC_WORDS_H
#define CODEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Must the text be encoded: it has octets over 127 or controls, looks like an
 * encoded word already would ("=?"), or has a token longer than `longest`. */
bool words_needed(const char *text, size_t longest);

/* Unstructured text: runs of plain words stay readable, the others become
 * encoded words that decode to the same text, spaces included. */
int words_put_text(struct buf *out, const char *text);
/* A display name: atoms as they are, a quoted string where that is enough,
 * else encoded words of the phrase's smaller alphabet. */
int words_put_phrase(struct buf *out, const char *text);

/* "; name=value" for Content-Type and Content-Disposition: a token, a quoted
 * string, or RFC 2231 ("; name*=UTF-8''..." in sections name*0*= ... where
 * long), each section its own token so that it can be folded. */
int words_put_parameter(struct buf *out, const char *name, const char *value);
/* ASCII that stands for the text where RFC 2231 is not read: accents are
 * dropped where simple, anything else becomes '_'. */
int words_put_fallback(struct buf *out, const char *text);

#endif
