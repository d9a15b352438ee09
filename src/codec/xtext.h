/* xtext.h - values in ESMTP parameters and delivery reports (RFC 3461 4):
 * what is no printable ASCII, and '+' and '=', as "+HH" in upper case. */
#ifndef CODEC_XTEXT_H
#define CODEC_XTEXT_H

#include "base/arena.h"
#include "base/buf.h"

void xtext_put(struct buf *out, const char *text);
/* In the arena; NULL where it is no xtext or stands for a NUL. */
char *xtext_decode(struct arena *a, const char *text);

#endif
