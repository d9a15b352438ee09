/* fix_header.h - the header of an entity of a foreign message, written
 * anew.
 *
 * Fields that are fit go out octet for octet.  What no header may hold is
 * encoded; Content-Type and Content-Transfer-Encoding say what mending made
 * of the body; of these and MIME-Version only the first of each stays. */
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

/* What a field means: UTF-8, unfolded; encoded words are decoded but in
 * addresses, where they are read later. */
const char *fix_header_meaning(struct arena *a, const struct rawfield *r);

/* `raw` is NULL where the octets are not to be used. */
int fix_header_put(struct fix_header *r, const char *name, const char *value,
		   const char *raw, size_t n);
/* What is missing, and the empty line. */
int fix_header_finish(struct fix_header *r);

#endif
