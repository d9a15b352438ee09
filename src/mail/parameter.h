/* parameter.h - the parameters of a structured field (RFC 2045 5.1, RFC 2231).
 *
 * "multipart/mixed; boundary=x; charset*=..." is a main value and parameters.
 * Lenient: quotes and comments anywhere, missing quotes (also around a file
 * name with blanks), the backslashes of a Windows path, stray semicolons.
 * Everything borrows the field's value, which is one unfolded line. */
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

/* Octets of the main value, without trailing white space. */
size_t parameter_main(const char *field);
/* To begin, set `next` to the field's value plus its parameter_main(). */
bool parameter_next(struct parameter *p);
/* Is that its name, or its name without the section number? */
bool parameter_is(const struct parameter *p, const char *name);
/* The value, unescaped. */
int parameter_put_value(struct buf *out, const struct parameter *p);

/* Appends the complete value of the parameter of that name: plain, extended or
 * in sections; extended has precedence; as UTF-8 if it has a known charset. */
bool parameter_get(struct buf *out, const char *field, const char *name);
bool parameter_has(const char *field, const char *name);

#endif
