/* rawfield.h - header fields as other programs wrote them.
 *
 * Where header.h holds what a field means, this walks over its octets: folded
 * lines, any line ends, whatever may be in them.  Nothing is copied but
 * by rawfield_text. */
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
	size_t length;	   /* with all its lines and their ends */
	size_t name;	   /* octets of the name */
	size_t value;	   /* where it begins, after the colon */
	bool fit;	   /* may be in a message as it is */
	bool high;	   /* has octets over 127 */
};

/* Octets of the name that a line begins with, 0 when it is no field. */
size_t rawfield_name(const char *line, size_t n);
/* The first field of a header of n octets; false when there is none. */
bool rawfield_read(const char *header, size_t n, struct rawfield *out);
/* Octets above the header that are none of it: a BOM, empty lines and mbox
 * lines, where a field follows; else 0. */
size_t rawfield_preamble(const char *text, size_t n);
/* The name of the first field of a whole message that has octets over 127;
 * false when none has, or reading fails. */
bool rawfield_find_high(const struct slice *message,
			char name[RAWFIELD_NAME_MAX + 1], struct error *f);
bool rawfield_is(const struct rawfield *r, const char *name);
/* The value unfolded and in UTF-8, without control characters.  Encoded words
 * stay. */
const char *rawfield_text(struct arena *a, const struct rawfield *r);

/* ---- a header with comments ---- */

/* Of a header that a person wrote, lines that begin with '#' are left out, all
 * else is passed on as it is.  The header ends where draft.h has it end: at the
 * first line that is no field, so that no text loses a line. */

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
