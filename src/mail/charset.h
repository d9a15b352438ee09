/* charset.h - which characters the bytes mean.
 *
 * Never refused, never mislabelled: ASCII, else valid UTF-8, else the
 * locale's when the bytes are valid in it, else windows-1252, which gives
 * every octet but five a character.  Octets that the locale would make C1
 * controls in ISO-8859-1 are windows-1252 too: nobody types those.  iconv's
 * one place. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "flow/source.h"
#include "flow/survey.h"

/* MIME name for bytes that were surveyed; a constant string.  `locale` is
 * world_charset(); the slice is read again only to check a multi-byte one. */
const char *charset_of(const struct survey *s, const struct slice *bytes,
		       const char *locale);

/* What a person typed (an option, an environment variable) as UTF-8. */
const char *charset_to_utf8(struct arena *a, const char *text,
			    const char *locale);

bool charset_is_utf8(const char *bytes, size_t n);
/* Appends the bytes as UTF-8.  -1, and nothing is appended, when the charset
 * is not known here or the bytes are not valid in it. */
int charset_decode(struct buf *out, const char *charset, const char *bytes,
		   size_t n);

#endif
