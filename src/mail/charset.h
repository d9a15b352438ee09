/* charset.h - which characters the bytes mean.
 *
 * Never refused, never mislabelled: ASCII, else valid UTF-8, else the
 * locale's when the bytes are valid in it, else windows-1252, which gives
 * every octet but five a character.  Octets that the locale would make C1
 * controls in ISO-8859-1 are windows-1252 too: they are not typed.  iconv's
 * one place. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "codec/to_utf8.h"
#include "flow/content_scan.h"
#include "flow/source.h"

/* In all that follows, `locale` is a charset; NULL: the user's, which is asked
 * for only where the bytes leave it open. */

/* MIME name for bytes that were scanned; a constant string.  The slice is read
 * again only to check a multi-byte one. */
const char *charset_of(const struct content_scan *s, const struct slice *bytes,
		       const char *locale);

/* What a person typed (an option, an environment variable) as UTF-8. */
const char *charset_to_utf8(struct arena *a, const char *text,
			    const char *locale);

bool charset_is_utf8(const char *bytes, size_t n);
/* UTF-8 but for a few octets, so that it is rather that than anything else: no
 * more broken places than whole characters beyond ASCII; an end that was cut
 * does not count.  A text can be repaired; what has to stay as it is has the
 * charset of charset_of. */
bool charset_is_torn_utf8(const struct content_scan *s,
			  const struct slice *bytes, const char *locale);
/* How a text is to be read so that it becomes UTF-8: UTF-16 and UTF-32 by the
 * given name (or NULL) or else their byte order mark, UTF-8 that is
 * broken.  UTF_NONE: it stays as it is.  `label` is the name of another
 * charset, too. */
enum utf_form charset_form(const char *label, const struct slice *bytes,
			   const struct content_scan *s, const char *locale);
/* By its byte order mark; UTF_NONE where there is none. */
enum utf_form charset_mark(const struct slice *bytes);
#define UTF_8_MARK "\xef\xbb\xbf"
/* Is there a charset of that name?  If not, *nearest is the one that is most
 * like it, or NULL. */
bool charset_is_known(const char *name, const char **nearest);
/* Can it be a mail's text: as it is, or because it becomes UTF-8? */
bool charset_is_text(const char *name);
/* The name that mail has for it. */
const char *charset_mime_name(const char *name);
/* Appends the bytes as UTF-8.  -1, and nothing is appended, when the charset
 * is not known here or the bytes are not valid in it. */
int charset_decode(struct buf *out, const char *charset, const char *bytes,
		   size_t n);
/* The same for torn UTF-8, each broken place as U+FFFD; else -1. */
int charset_repair(struct buf *out, const char *charset, const char *bytes,
		   size_t n);

#endif
