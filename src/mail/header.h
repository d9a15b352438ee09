/* header.h - header fields (RFC 5322 2.2, 3.6; RFC 2047; RFC 6532).
 *
 * A field is stored as its name and its decoded value: UTF-8, unfolded.  It is
 * encoded and folded when it is written; its name determines how: addresses,
 * plain text, or a structured value that is left unchanged.  Lines are folded
 * at 76 where there is white space, and never exceed 998. */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"

struct field {
	const char *name;
	const char *value; /* UTF-8, unfolded, no CR, LF or NUL */
	struct field *next;
};

struct header {
	struct field *first, **last;
};

void header_init(struct header *h);
/* Borrowed strings are copied into the arena; ERROR_USAGE when the name is
 * invalid (RFC 5322 3.6.8) or the value has CR, LF or NUL. */
int header_add(struct arena *a, struct header *h, const char *name,
	       const char *value, struct error *f);
/* Splits "Name: value". */
int header_add_line(struct arena *a, struct header *h, const char *line,
		    struct error *f);
/* Ignores case; NULL when there is none. */
const char *header_get(const struct header *h, const char *name);
/* The same for the fields before `end`. */
const char *header_get_before(const struct header *h, const char *name,
			      const struct field *end);
bool header_has(const struct header *h, const char *name);
/* Returns how many were removed. */
size_t header_remove(struct header *h, const char *name);
size_t header_remove_if(struct header *h,
			bool (*is_it)(const struct field *x,
				      const void *context),
			const void *context);

bool header_is_address(const char *name); /* From, To, Resent-Cc ... */
bool header_is_bcc(const char *name);	  /* Bcc, Resent-Bcc */

/* Name, encoded value, CRLF.  ERROR_USAGE for an invalid address field,
 * ERROR_DATA if folding cannot keep a line within 998. */
int header_write_field(struct sink *to, const char *name, const char *value);
/* All fields except Bcc and Resent-Bcc, which are never sent. */
int header_write(struct sink *to, const struct header *h);
/* A value that is already encoded; only folds it. */
int header_write_encoded(struct sink *to, const char *name, const char *value);

/* The end of the newest Resent block (RFC 5322 3.6.6): blocks are prepended, so
 * the first is the newest.  It ends at a trace field or at a Resent- field that
 * it has already; other fields do not end it.  NULL if it extends to the end of
 * the header, or if there is none. */
const struct field *header_resent_end(const struct header *h);

#endif
