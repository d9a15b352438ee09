/* charset.h - detects and converts character sets.
 *
 * Detection always gives a result: ASCII, else valid UTF-8, else the locale's
 * charset when the bytes are valid in it, else windows-1252, which defines all
 * octets but five.  Octets that would be C1 controls in a locale's ISO-8859-1
 * are read as windows-1252 too, since nobody types such controls.  Only this
 * module calls iconv. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "codec/to_utf8.h"
#include "flow/content_scan.h"
#include "flow/source.h"

/* In these functions `locale` is a charset; NULL is the user's, which is looked
 * up only where the bytes do not decide. */

/* MIME name for bytes that were scanned; a constant string.  The slice is read
 * again only to check a multi-byte charset. */
const char *charset_of(const struct content_scan *s, const struct slice *bytes,
		       const char *locale);

/* Text that the user typed (an option, an environment variable), as UTF-8. */
const char *charset_to_utf8(struct arena *a, const char *text,
			    const char *locale);

bool charset_is_utf8(const char *bytes, size_t n);
/* UTF-8 except for a few octets, so that it is most likely damaged UTF-8: no
 * more invalid sequences than valid non-ASCII characters; a truncated end does
 * not count.  Text can be repaired; for data that must not change use
 * charset_of. */
bool charset_is_torn_utf8(const struct content_scan *s,
			  const struct slice *bytes, const char *locale);
/* How text is converted to UTF-8: UTF-16 and UTF-32 by the given name (or
 * NULL), else by their byte order mark; or UTF-8 with invalid sequences.
 * UTF_NONE: it is not converted.  `label` may name any charset. */
enum utf_form charset_form(const char *label, const struct slice *bytes,
			   const struct content_scan *s, const char *locale);
/* By the byte order mark; UTF_NONE without one. */
enum utf_form charset_mark(const struct slice *bytes);
#define UTF_8_MARK "\xef\xbb\xbf"
/* Is there a charset of that name?  If not, *nearest is the most similar name,
 * or NULL. */
bool charset_is_known(const char *name, const char **nearest);
/* Can it be used for the text of a mail, as it is or converted to UTF-8? */
bool charset_is_text(const char *name);
/* Its MIME name. */
const char *charset_mime_name(const char *name);
/* Appends the bytes as UTF-8.  -1, and nothing is appended, when the charset is
 * unknown or the bytes are not valid in it. */
int charset_decode(struct buf *out, const char *charset, const char *bytes,
		   size_t n);
/* The same for damaged UTF-8, each invalid sequence as U+FFFD; else -1. */
int charset_repair(struct buf *out, const char *charset, const char *bytes,
		   size_t n);

#endif
