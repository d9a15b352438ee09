/* marks.h - what tells that a mail is one of several.
 *
 * Digests stand for the things that all parts of a set have in common. */
#ifndef JOIN_MARKS_H
#define JOIN_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "flow/source.h"
#include "mail/parse.h"

/* "logs (3/12)", "[3/12] logs": the last such pair.  *rest is the text without
 * it, with single blanks, in the arena. */
bool marks_pair(struct arena *a, const char *text, unsigned *n, unsigned *of,
		const char **rest);
/* A subject without the "Re:" and "Fwd:" and the [tags] that stand before it.
 */
const char *marks_stem(struct arena *a, const char *subject);
/* 32 hex digits out of what is not NULL; `out` has room for them and a NUL. */
int marks_set(char *out, const char *kind, const char *one, const char *other,
	      struct fault *f);

/* What the header of an entity says, as far as it matters here; in the arena,
 * each capped.  NULL: it is not there. */
struct marks {
	const char *label;    /* X-Mailsend-Part */
	const char *subject;  /* UTF-8 */
	const char *from;     /* an address */
	const char *type;     /* Content-Type, all of it */
	const char *encoding; /* Content-Transfer-Encoding */
	const char *name;     /* of the file, clean */
	const char *md5;      /* hex digits */
};
int marks_read(struct marks *m, struct arena *a, const struct slice *message,
	       const struct entity *e, struct fault *f);

#endif
