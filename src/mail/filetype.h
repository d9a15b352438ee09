/* filetype.h - the media type of a file.
 *
 * By its extension first, in the system's mime.types; libmagic, which takes
 * milliseconds to load, is used only when the extension is unknown.  Only this
 * module calls libmagic.
 *
 * For ".asc" the extension is not enough: the armour header decides.
 *
 * An attachment is one leaf, so the result is never multipart/ or message/,
 * except message/rfc822 if both the extension and the first line tell that it
 * is a message. */
#ifndef MAIL_FILETYPE_H
#define MAIL_FILETYPE_H

#include <stdbool.h>

#include "base/arena.h"
#include "flow/source.h"

#define FILETYPE_UNKNOWN "application/octet-stream"
#define FILETYPE_MAX	 255 /* octets of a type and its parameters */

/* "type/subtype", lower case; FILETYPE_UNKNOWN when unknown, or when the
 * content cannot be read: the next read reports the error.  `name` is the name
 * in the message. */
const char *filetype_of(struct arena *a, const char *name,
			const struct slice *content);

/* The type that a mime.types file has for the longest known extension of the
 * name, ignoring case; NULL if there is none or the file does not exist. */
const char *filetype_in(struct arena *a, const char *mime_types,
			const char *name);

/* Is it a valid media type, with or without parameters (RFC 2045 5.1)? */
bool filetype_is_valid(const char *type);

/* Frees libmagic's database, 8 MB that are not needed while a mail is sent; it
 * is loaded again on the next use. */
void filetype_forget(void);

#endif
