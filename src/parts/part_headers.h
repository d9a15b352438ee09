/* part_headers.h - header fields that mark a mail as one of several.
 *
 * Digests stand for the things that all parts of a set have in common. */
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
/* The same of "3/12" which does not say what it is: a date may look so.  False
 * where there are two.  Nothing is set where either is false. */
bool part_headers_bare_pair(struct arena *a, const char *text, unsigned *n,
			    unsigned *of, const char **rest);
/* A subject without the "Re:" and "Fwd:" and the [tags] before it.
 */
const char *part_headers_stem(struct arena *a, const char *subject);
/* 32 hex digits out of what is not NULL; `out` has room for them and a NUL. */
int part_headers_set(char *out, const char *kind, const char *one,
		     const char *other, struct error *f);

/* What the header of an entity says, as far as it matters here; in the arena,
 * each capped.  NULL: it is not there. */
struct part_headers {
	const char *label;    /* X-Mailsend-Part */
	const char *subject;  /* UTF-8 */
	const char *from;     /* an address */
	const char *type;     /* Content-Type, all of it */
	const char *encoding; /* Content-Transfer-Encoding */
	const char *name;     /* of the file, clean */
	const char *md5;      /* hex digits */
};
int part_headers_read(struct part_headers *m, struct arena *a,
		      const struct slice *message, const struct entity *e,
		      struct error *f);

/* A Content-Type of S/MIME or OpenPGP. */
bool part_headers_is_signature(const char *type);

#endif
