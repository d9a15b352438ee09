/* attach.h - how an attachment is written on the command line.
 *
 *	FILE[=NAME][;type=TYPE][;cid=ID]
 *
 * TYPE may have parameters: text/calendar;method=REQUEST.  FILE "-", or
 * "/dev/stdin", is standard input.  What is a file as it stands is that file:
 *the text is taken apart, from its end, only while no file of that name exists,
 * so that real names with '=' and ';' work.  NAME holds no '/'. */
#ifndef PERSONA_ATTACH_H
#define PERSONA_ATTACH_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"

/* Appends to the request.  Whether FILE can be read is not looked at here. */
int attach_parse(struct arena *a, struct request *r, const char *text,
		 bool is_inline, struct error *f);
/* "type/subtype; name=value", the type in lower case; NULL with ERROR_USAGE
 * when it is not one that a file can have. */
const char *attach_type(struct arena *a, const char *type, struct error *f);
/* The same spelling of one that need not be right, without the parameter that
 * is called so; NULL: with all. */
const char *attach_spell_type(struct arena *a, const char *type,
			      const char *without);

#endif
