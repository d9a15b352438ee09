/* fix_header.h - the header of an entity of an existing message, made valid.
 *
 * Valid fields are written unchanged.  Others are encoded; Content-Type and
 * Content-Transfer-Encoding tell how the body was fixed; of these and
 * MIME-Version only the first of each is kept. */
#ifndef MAIL_FIX_HEADER_H
#define MAIL_FIX_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "flow/sink.h"
#include "mail/fix_body.h"
#include "mail/parse.h"
#include "mail/rawfield.h"

struct fix_header {
	struct sink *to;
	const struct entity *entity;
	const struct fix_body *fix;
	bool has_version, has_type, has_label;
};

/* The value of a field: UTF-8, unfolded; encoded words are decoded, except in
 * addresses, which are parsed later. */
const char *fix_header_meaning(struct arena *a, const struct rawfield *r);

/* `raw` is NULL if the original octets are not to be used. */
int fix_header_put(struct fix_header *r, const char *name, const char *value,
		   const char *raw, size_t n);
/* Writes the missing fields, and the empty line. */
int fix_header_finish(struct fix_header *r);

#endif
