/* split.h - one message that is too large becomes several that fit.
 *
 * Each file of the composition becomes a set of slices, and each slice is sent
 * in a separate message.  The size of a slice is computed from the complete
 * frame of the part with its widest numbers and from the codec, so that no
 * message exceeds the limit.  Nothing is read into memory, and the parts are
 * made one at a time.
 *
 *	parts	  multipart/mixed, the slice as a file NAME.003 in base64
 *	uuencode  the text of uuencode cut in pieces, "(3/12)" in the subject
 *	partial	  message/partial of the whole message (RFC 2046 5.2.2)
 *	shar	  a shell script each, which appends its slice
 *
 * A part is identified by its label (mail/fragment_label.h) and a set by its
 * id; the Message-ID comes from both, so that a part that is sent twice is one
 * message. */
#ifndef SUBMIT_SPLIT_H
#define SUBMIT_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/compose.h"

#define SPLIT_PARTS_MAX 100000 /* messages of one set */
#define SPLIT_SETS_MAX	250    /* files of one command */
#define SPLIT_ID_SIZE	33     /* 128 bits in hex, and the NUL */

enum split_format { SPLIT_PARTS, SPLIT_UUENCODE, SPLIT_PARTIAL, SPLIT_SHAR };
/* Their names, in that order. */
#define SPLIT_FORMATS "parts uuencode partial shar"

/* The options for splitting. */
struct split_options {
	uint64_t limit;	 /* octets of one mail; 0: it is not split */
	bool asks_limit; /* limit is the server's SIZE */
	enum split_format format;
};

/* By its name, without regard to case; -1 for an unknown one. */
int split_format_parse(const char *name);
/* Is a mail that is too large to be split? */
bool split_is_wanted(const struct split_options *o);

struct split_set;
struct split {
	struct arena *arena;
	struct composition *whole;
	enum split_format format;
	uint64_t limit;		/* octets of a message */
	char id[SPLIT_ID_SIZE]; /* of the first set; the others count up from it
				 */
	struct split_set *sets;
	size_t count;
	unsigned total; /* messages in all */
};

/* A new id; `id` has room for SPLIT_ID_SIZE. */
void split_new_id(char *id);
/* `whole` is built; it is rendered if its size has to be known, and is not
 * changed.  The options have a limit.  Borrows it and the arena until the end.
 * 1 if it has to be split; 0 if it fits; -1, ERROR_USAGE if the limit is too
 * small for any slice, ERROR_DATA if there is no file that could be split. */
int split_plan(struct split *s, struct arena *a, struct composition *whole,
	       const struct split_options *o, const char *id, struct error *f);
/* Renders part `number` of all, from 1: all of it is in `a`, which may be freed
 * after composition_free on `out`. */
int split_part(const struct split *s, unsigned number, struct arena *a,
	       struct composition *out, struct error *f);
/* Its number within its set; *set counts from 0. */
unsigned split_place(const struct split *s, unsigned number, unsigned *set);
/* "3/12 logs.tgz", for people; in the arena. */
const char *split_part_name(const struct split *s, unsigned number,
			    struct arena *a);

#endif
