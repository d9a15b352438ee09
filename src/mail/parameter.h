/* parameter.h - the parameters of a structured field (RFC 2045 5.1, RFC 2231).
 *
 * "multipart/mixed; boundary=x; charset*=..." is a main value and parameters.
 * Lenient: quotes and comments where they may be, values that lack the
 * quotes they need (of a file name, blanks in it too), the backslashes of a
 * path of Windows, stray semicolons.  Everything borrows the field's value,
 * which is one unfolded line. */
#ifndef MAIL_PARAMETER_H
#define MAIL_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct parameter {
	const char *name;
	size_t name_length; /* with RFC 2231's "*", "*0" or "*0*" */
	const char *value;  /* as written, without the quotes around it */
	size_t value_length;
	bool quoted;
	const char *next;
};

/* Octets of the main value, no white space at its end. */
size_t parameter_main(const char *field);
/* To begin, set `next` to the field's value plus its parameter_main(). */
bool parameter_next(struct parameter *p);
/* Is it, or a section of it, called so? */
bool parameter_is(const struct parameter *p, const char *name);
/* The value without its backslashes. */
int parameter_put_value(struct buf *out, const struct parameter *p);

/* Appends the whole value of the one that is called so: plain, extended or
 * in sections, an extended one first; as UTF-8 where it names a charset that is
 * known here. */
bool parameter_get(struct buf *out, const char *field, const char *name);
bool parameter_has(const char *field, const char *name);

#endif
