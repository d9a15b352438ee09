/* attach.h - the syntax of an attachment on the command line.
 *
 *	FILE[=NAME][;type=TYPE][;cid=ID]
 *
 * TYPE may have parameters: text/calendar;method=REQUEST.  FILE "-" or
 * "/dev/stdin" is standard input.  If a file of the whole text exists, it is
 * that file: the text is parsed, from its end, only while no such file exists,
 * so that real names with '=' and ';' work.  NAME has no '/'. */
#ifndef PERSONA_ATTACH_H
#define PERSONA_ATTACH_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"

/* Appends to the request.  Whether FILE can be read is not checked here. */
int attach_parse(struct arena *a, struct request *r, const char *text,
		 bool is_inline, struct error *f);
/* "type/subtype; name=value", the type in lower case; NULL with ERROR_USAGE if
 * it is not valid for a file. */
const char *attach_type(struct arena *a, const char *type, struct error *f);
/* The same for a type that need not be valid, without the parameter of that
 * name; NULL: with all of them. */
const char *attach_spell_type(struct arena *a, const char *type,
			      const char *without);

#endif
