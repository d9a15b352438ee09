/* template.h - a header that a person wrote, with lines that are comments.
 *
 * Lines of the header that begin with '#' are left out, all else is passed on
 * as it is.  The header ends where draft.h has it end: at the first line that
 * is no field, so that no text loses a line. */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

struct template
{
	struct sink sink;
	enum {
		TEMPLATE_START,	  /* a line of the header begins */
		TEMPLATE_COMMENT, /* until its end */
		TEMPLATE_NAME,	  /* of a field, as it seems */
		TEMPLATE_BLANK,	  /* after a name, before the colon */
		TEMPLATE_FIELD,	  /* until its end */
		TEMPLATE_BODY,	  /* permanently */
	} state;
	size_t name;		 /* octets of it so far */
	bool has_field, is_mbox; /* of an mbox: so far it is "From " */
};

void template_init(struct template *t, struct sink *next);

#endif
