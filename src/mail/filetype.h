/* filetype.h - the media type of a file.
 *
 * By its extension first, in the system's mime.types; libmagic, which costs a
 * process milliseconds, is loaded only when the extension says nothing.
 * libmagic's one place.
 *
 * ".asc" says nothing by itself: only the armour inside shows that.
 *
 * An attachment is one leaf, so nothing here ever says multipart/ or message/,
 * but for message/rfc822 where both the extension and the first line say that
 * it is a message. */
#ifndef MAIL_FILETYPE_H
#define MAIL_FILETYPE_H

#include <stdbool.h>

#include "base/arena.h"
#include "flow/source.h"

#define FILETYPE_UNKNOWN "application/octet-stream"
#define FILETYPE_MAX	 255 /* octets of a type with its parameters */

/* "type/subtype", lower case; FILETYPE_UNKNOWN when unknown, or when the
 * content cannot be read: the next reader reports that.  `name` is the
 * name the receiver will see. */
const char *filetype_of(struct arena *a, const char *name,
			const struct slice *content);

/* What one mime.types file says to the longest extension of the name that it
 * knows, without regard to case; NULL when it knows none or is not there. */
const char *filetype_in(struct arena *a, const char *mime_types,
			const char *name);

/* A media type with its parameters, if any, by RFC 2045 5.1. */
bool filetype_is_valid(const char *type);

/* Gives libmagic's database back, 8 MB that are not needed while a mail is
 * sent; it is opened again when it is asked again. */
void filetype_forget(void);

#endif
