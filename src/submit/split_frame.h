/* split_frame.h - the message around one slice, in each of the formats. */
#ifndef SUBMIT_SPLIT_FRAME_H
#define SUBMIT_SPLIT_FRAME_H

#include "submit/split.h"

struct split_set {
	char id[SPLIT_ID_SIZE];
	const char *name; /* base name, UTF-8 */
	unsigned mode;
	struct slice content; /* all of the file; of the message (partial) */
	char digest[65];      /* SHA-256 of the content, hex */
	unsigned of;
	uint64_t first, step; /* octets in part 1, in each later one */
	uint64_t *cuts;	      /* partial: where each part begins; else NULL */
	bool has_text;	      /* the user's text is in part 1 */
};

/* One part, or its upper bounds: all that a frame depends on. */
struct split_piece {
	const struct split_set *set;
	unsigned n, of;
	uint64_t offset, total;
	struct slice content;
	char digest[65];
};

/* Fills out->message, which shares only constant data with the whole.  All in
 * `a`. */
int split_frame(const struct split *s, const struct split_piece *p,
		struct arena *a, struct composition *out, struct error *f);
/* How many digits a part's number has in a file's name. */
int split_digits(unsigned of);

#endif
