/* output.h - what the programs print on standard output. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/buf.h"
#include "base/error.h"
#include "persona/personas.h"

#define OUTPUT_MAX                                                             \
	(1024 * 1024) /* octets of a text that is built before it is printed   \
		       */

/* Prints all of it; an overflow is ERROR_SOFTWARE. */
int output_put(const struct buf *text, struct error *f);
int output_puts(const char *text, struct error *f);
/* --help, or --help all. */
int output_help(const struct persona *p, bool all, struct error *f);
/* --version: the name that was called ("sendmail"), and the libraries with what
 * they are needed for. */
int output_version(const char *name, struct error *f);
/* For --json: the object for an error, if there is nothing else to report. */
void output_failure(const struct error *f);
/* The usage line; on standard error. */
void output_usage(const struct persona *p);

#endif
