/* part_headers.h - header fields that mark a mail as one of several.
 *
 * A set is identified by a digest of what all its parts have in common. */
#ifndef PARTS_PART_HEADERS_H
#define PARTS_PART_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/source.h"
#include "mail/parse.h"

/* "logs (3/12)", "[3/12] logs": the last such pair.  *rest is the text without
 * it, with single blanks, in the arena. */
bool part_headers_pair(struct arena *a, const char *text, unsigned *n,
		       unsigned *of, const char **rest);
/* The same for a bare "3/12", which may be a date.  False if there are two.  If
 * either returns false, nothing is set. */
bool part_headers_bare_pair(struct arena *a, const char *text, unsigned *n,
			    unsigned *of, const char **rest);
/* A subject without leading "Re:", "Fwd:" and [tags]. */
const char *part_headers_stem(struct arena *a, const char *subject);
/* 32 hex digits, a digest of the strings that are not NULL; `out` has room for
 * them and a NUL. */
int part_headers_set(char *out, const char *kind, const char *one,
		     const char *other, struct error *f);

/* The relevant header fields of an entity; in the arena, with limited length.
 * NULL: missing. */
struct part_headers {
	const char *label;    /* X-Mailsend-Part */
	const char *subject;  /* UTF-8 */
	const char *from;     /* an address */
	const char *type;     /* Content-Type with parameters */
	const char *encoding; /* Content-Transfer-Encoding */
	const char *name;     /* of the file, sanitized */
	const char *md5;      /* hex digits */
};
int part_headers_read(struct part_headers *m, struct arena *a,
		      const struct slice *message, const struct entity *e,
		      struct error *f);

/* A Content-Type of S/MIME or OpenPGP. */
bool part_headers_is_signature(const char *type);

#endif
