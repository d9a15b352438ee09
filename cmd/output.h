/* output.h - what the programs say on standard output. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base/buf.h"
#include "base/error.h"
#include "persona/personas.h"

#define OUTPUT_MAX (1024 * 1024) /* octets of what is made up before */

/* All of it; one that overflowed is ERROR_SOFTWARE. */
int output_put(const struct buf *text, struct error *f);
int output_puts(const char *text, struct error *f);
/* --help, or --help all. */
int output_help(const struct persona *p, bool all, struct error *f);
/* The usage line; on standard error. */
void output_usage(const struct persona *p);

#endif
