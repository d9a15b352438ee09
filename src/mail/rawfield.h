/* rawfield.h - header fields as other programs wrote them.
 *
 * header.h has decoded fields; this iterates over their octets: folded lines,
 * any line ends, any content.  Only rawfield_text copies. */
#ifndef MAIL_RAWFIELD_H
#define MAIL_RAWFIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"
#include "flow/source.h"

#define RAWFIELD_NAME_MAX 200
#define RAWFIELD_LINE_MAX 998

struct rawfield {
	const char *start; /* the first octet of its name */
	size_t length;	   /* with all its lines and line ends */
	size_t name;	   /* octets of the name */
	size_t value;	   /* start of the value, after the colon */
	bool fit;	   /* valid in a message as it is */
	bool high;	   /* has octets over 127 */
};

/* Length of the field name at the start of a line, 0 if it is not a field. */
size_t rawfield_name(const char *line, size_t n);
/* The first field of a header of n octets; false when there is none. */
bool rawfield_read(const char *header, size_t n, struct rawfield *out);
/* Length of what precedes the header: a BOM, empty lines and mbox lines, if a
 * field follows; else 0. */
size_t rawfield_preamble(const char *text, size_t n);
/* The name of the first header field of a message that has octets over 127;
 * false when there is none or reading fails. */
bool rawfield_find_high(const struct slice *message,
			char name[RAWFIELD_NAME_MAX + 1], struct error *f);
bool rawfield_is(const struct rawfield *r, const char *name);
/* The value unfolded and in UTF-8, without control characters.  Encoded words
 * are not decoded. */
const char *rawfield_text(struct arena *a, const struct rawfield *r);

/* ---- a header with comments ---- */

/* In a header that a person wrote, drops the lines that begin with '#' and
 * copies everything else.  The header ends as in draft.h: at the first line
 * that is not a field, so that the text loses no line. */

struct template
{
	struct sink sink;
	enum {
		TEMPLATE_START,	  /* at the start of a header line */
		TEMPLATE_COMMENT, /* until its end */
		TEMPLATE_NAME,	  /* in a name, as it seems */
		TEMPLATE_BLANK,	  /* after a name, before the colon */
		TEMPLATE_FIELD,	  /* until its end */
		TEMPLATE_BODY,	  /* permanently */
	} state;
	size_t name;		 /* octets of it so far */
	bool has_field, is_mbox; /* matches "From " of an mbox so far */
};

void template_init(struct template *t, struct sink *next);

#endif
