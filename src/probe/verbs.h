/* verbs.h - what one can say to a server and what it says, in plain words.
 *
 * Tables for people: each command with its form, its meaning and the RFC that
 * has it; each reply code, enhanced code, response code and capability in half
 * a sentence.  Nothing is decided by them. */
#ifndef PROBE_VERBS_H
#define PROBE_VERBS_H

#include <stddef.h>

#include "base/buf.h"

struct verb {
	const char *name; /* upper case */
	const char *form; /* what stands behind it, or "" */
	const char *about;
	const char *source; /* "RFC 5321 4.1.1.2" */
};

/* Each ends with a NULL name. */
extern const struct verb verbs_smtp[], verbs_pop3[], verbs_imap[];

/* By the first n octets of `word`, whatever their case; NULL: none. */
const struct verb *verbs_find(const struct verb *table, const char *word,
			      size_t n);
/* The one that was probably meant; NULL where none is near. */
const struct verb *verbs_nearest(const struct verb *table, const char *word,
				 size_t n);

/* Each appends half a sentence, or nothing where there is nothing to say. */
void verbs_gloss_code(int code, const char *esc, struct buf *out);
void verbs_gloss_capability(const char *line, struct buf *out);
/* Of "-ERR [AUTH] ..." or "NO [OVERQUOTA] ...". */
void verbs_gloss_bracket(const char *line, struct buf *out);

#endif
